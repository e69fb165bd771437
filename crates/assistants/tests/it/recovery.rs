//! A gateway that went away and came back.

use adjutant_core::assistant::{
    Answer, Assistant as _, AssistantEvent, FailureClass, OpenError, Opening, Outcome, RunEvent, SpoolOffset,
};
use adjutant_core::id::{ApprovalId, TurnId};

use crate::support::{Lab, Session, wait_for};

/// What a replay must give again. How deltas are dealt is chance.
fn solid(said: &[RunEvent]) -> Vec<RunEvent> {
    said.iter().filter(|said| !matches!(said.event, AssistantEvent::TextDelta(_))).cloned().collect()
}

#[tokio::test]
async fn a_turn_goes_on_without_a_gateway_and_is_read_again_from_its_start() {
    let lab = Lab::scripted();
    let spec = lab.spec();
    let mut before = lab.start_with(&spec).await;
    before.turn("[[text:earlier]]").await;
    let from = before.said.last().unwrap().after;
    let turn = before.prompt("[[text:one]] [[permission:Bash:make]] [[text:two]]").await;
    let asked = before.question().await;
    let seen: Vec<_> = solid(&before.said).into_iter().filter(|event| event.after > from).collect();
    drop(before);

    let opening = Opening::Attach { from, turn: Some(turn) };
    let mut after = Session::new(lab.assistant().open(&spec, opening).await.expect("the runner is there"));
    after.run.control.prompt(turn, "not written twice").await.unwrap();
    let again = after.question().await;
    assert_eq!(again, asked);
    assert_eq!(solid(&after.said), seen);
    after.run.control.answer(ApprovalId(7), &again, &Answer::AllowOnce).await.unwrap();
    after.run.control.answer(ApprovalId(7), &again, &Answer::AllowOnce).await.unwrap();
    assert_eq!(after.outcome().await, Outcome::Completed);
    assert_eq!(after.blocks(), ["one", "allowed", "two"]);
    assert_eq!(lab.received().len(), 2);
    after.end().await;
}

#[tokio::test]
async fn a_start_that_was_interrupted_attaches_to_what_it_started() {
    let lab = Lab::scripted();
    let spec = lab.spec();
    let first = lab.start_with(&spec).await;
    drop(first);
    let mut second = lab.start_with(&spec).await;
    assert_eq!(second.turn("[[text:once]]").await, Outcome::Completed);
    assert_eq!(lab.received().len(), 1);
    second.end().await;
}

#[tokio::test]
async fn a_run_that_died_with_its_runner_is_replayed_and_ends_as_restarted() {
    let lab = Lab::scripted();
    let spec = lab.spec();
    let mut before = lab.start_with(&spec).await;
    let turn = before.prompt("[[text:saved]] [[permission:Bash:make]]").await;
    let asked = before.question().await;
    let pid = lab.received()[0].pid;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let runner = status.lines().find_map(|line| line.strip_prefix("PPid:")).expect("it has a parent").trim();
    let runner = rustix::process::Pid::from_raw(runner.parse().unwrap()).unwrap();
    drop(before);
    rustix::process::kill_process(runner, rustix::process::Signal::KILL).unwrap();
    let dir = lab.config.data_dir.join("runs").join(spec.run.to_string());
    wait_for("the runner is gone", || !matches!(adjutant_runner::probe(&dir), Ok(adjutant_runner::Found::Alive))).await;

    let opening = Opening::Attach { from: SpoolOffset(0), turn: Some(turn) };
    let mut after = Session::new(lab.assistant().open(&spec, opening).await.expect("what is left opens"));
    let outcome = after.outcome().await;
    assert!(matches!(&outcome, Outcome::Failed { class: FailureClass::MachineRestarted, .. }), "{outcome:?}");
    assert_eq!(after.blocks(), ["saved"]);
    let withdrawn = AssistantEvent::PermissionWithdrawn { request: asked.request.clone() };
    assert!(after.has(|event| *event == withdrawn));
    after.exited().await;
    assert!(after.run.control.answer(ApprovalId(1), &asked, &Answer::AllowOnce).await.is_err());

    let unknown = Opening::Attach { from: SpoolOffset(0), turn: Some(TurnId::generate()) };
    assert_eq!(lab.assistant().open(&spec, unknown).await.unwrap_err(), OpenError::Gone);
    let idle = Opening::Attach { from: SpoolOffset(0), turn: None };
    assert_eq!(lab.assistant().open(&spec, idle).await.unwrap_err(), OpenError::Gone);
}

#[tokio::test]
async fn a_runner_that_is_killed_while_we_listen_ends_the_turn() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    session.prompt("[[text:saved]] [[hang]]").await;
    session.until(|event| matches!(event, AssistantEvent::TextBlock(_))).await;
    let pid = lab.received()[0].pid;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let runner = status.lines().find_map(|line| line.strip_prefix("PPid:")).expect("it has a parent").trim();
    let runner = rustix::process::Pid::from_raw(runner.parse().unwrap()).unwrap();
    rustix::process::kill_process(runner, rustix::process::Signal::KILL).unwrap();
    let outcome = session.outcome().await;
    // The machine has not restarted, or nobody would have seen it.
    assert!(matches!(&outcome, Outcome::Failed { class: FailureClass::Crashed, .. }), "{outcome:?}");
    session.exited().await;
}

#[tokio::test]
async fn a_run_that_was_never_started_is_gone() {
    let lab = Lab::scripted();
    let opening = Opening::Attach { from: SpoolOffset(0), turn: Some(TurnId::generate()) };
    assert_eq!(lab.assistant().open(&lab.spec(), opening).await.unwrap_err(), OpenError::Gone);
}
