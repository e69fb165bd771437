//! What goes wrong, and what is said about it.

use adjutant_core::assistant::{AssistantEvent, FailureClass, Notice, Outcome};
use chrono::DateTime;

use crate::support::{Lab, lives, wait_for};

fn class(outcome: &Outcome) -> FailureClass {
    match outcome {
        Outcome::Failed { class, .. } => *class,
        other => panic!("it did not fail: {other:?}"),
    }
}

#[tokio::test]
async fn a_process_that_ends_without_a_result_ends_its_turn_as_crashed() {
    for (step, description) in [("exit:1", "exit code 1"), ("abort", "signal 6"), ("noresult", "exit code 0")] {
        let lab = Lab::scripted();
        let mut session = lab.start().await;
        let outcome = session.turn(&format!("[[text:so far]] [[{step}]]")).await;
        assert_eq!(class(&outcome), FailureClass::Crashed, "{step}");
        assert_eq!(session.exited().await, description, "{step}");
        assert_eq!(session.blocks(), ["so far"], "{step}");
        let gone = session.run.control.prompt(adjutant_core::id::TurnId::generate(), "x").await;
        assert!(gone.is_err(), "{step}");
    }
}

#[tokio::test]
async fn errors_of_the_provider_have_their_class_and_leave_the_process() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    for (step, expected) in [
        ("auth", FailureClass::Authentication),
        ("error:404", FailureClass::ModelUnknown),
        ("error:413", FailureClass::ContextFull),
        ("error:429", FailureClass::RateLimit),
        ("error:500", FailureClass::Network),
        ("error:529", FailureClass::Network),
    ] {
        assert_eq!(class(&session.turn(&format!("[[{step}]]")).await), expected, "{step}");
    }
    assert!(session.blocks().is_empty(), "errors are no answers: {:?}", session.blocks());
    assert_eq!(session.turn("[[text:fine]]").await, Outcome::Completed);
    session.end().await;
}

#[tokio::test]
async fn a_reached_limit_tells_until_when() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    let outcome = session.turn("[[limit:1900000000]]").await;
    assert_eq!(class(&outcome), FailureClass::Quota);
    let Outcome::Failed { message, .. } = outcome else { panic!("it failed") };
    assert_eq!(message, "Claude's limit is reached until 17 Mar, 17:46 UTC. Try again then.");
    let limit = AssistantEvent::Limit { reached: true, resets_at: DateTime::from_timestamp(1_900_000_000, 0) };
    assert!(session.has(|event| *event == limit));
    session.end().await;
}

#[tokio::test]
async fn garbage_is_counted_and_survived() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    let prompt = "[[garbage:1000]] [[bad-utf8]] [[longline:17m]] [[stderr:12m]] [[text:after]]";
    assert_eq!(session.turn(prompt).await, Outcome::Completed);
    let unreadable = AssistantEvent::Notice(Notice::Unreadable { lines: 1000 });
    assert!(session.has(|event| *event == unreadable));
    assert!(session.has(|event| *event == AssistantEvent::Notice(Notice::LineCut)));
    assert!(session.streamed().starts_with("bad \u{fffd}"), "{}", session.streamed());
    assert_eq!(session.blocks(), ["after"]);
    session.end().await;
}

#[tokio::test]
async fn a_million_deltas_arrive_whole() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    assert_eq!(session.turn("[[words:100000]]").await, Outcome::Completed);
    assert_eq!(session.streamed(), session.blocks()[0]);
    assert!(session.said.len() < 50_000, "deltas that come together are one event: {}", session.said.len());
    session.end().await;
}

#[tokio::test]
async fn the_end_takes_everything_with_it_however_stubborn() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    session.prompt("[[ignore-interrupt]] [[ignore-term]] [[grandchild]] [[hang-after:begun]]").await;
    session.until(|event| matches!(event, AssistantEvent::TextDelta(_))).await;
    let pid = lab.received()[0].pid;
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let grandchild: u32 = children.split_whitespace().next().expect("it has a child").parse().unwrap();
    assert!(lives(pid) && lives(grandchild));
    session.run.control.end().await;
    assert!(!lives(pid) && !lives(grandchild), "nothing of it lives when the end is confirmed");
    assert_eq!(class(&session.outcome().await), FailureClass::Crashed);
    assert_eq!(session.exited().await, "signal 9");
}

#[tokio::test]
async fn a_process_killed_from_outside_ends_its_turn() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    session.prompt("[[hang-after:half]]").await;
    session.until(|event| matches!(event, AssistantEvent::TextDelta(_))).await;
    let pid = rustix::process::Pid::from_raw(i32::try_from(lab.received()[0].pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    assert_eq!(class(&session.outcome().await), FailureClass::Crashed);
    assert_eq!(session.exited().await, "signal 9");
}

#[tokio::test]
async fn a_missing_program_and_a_missing_directory_say_so() {
    use adjutant_core::assistant::{Assistant as _, OpenError, Opening};
    let mut lab = Lab::scripted();
    let mut spec = lab.spec();
    spec.cwd = lab.cwd.join("nowhere");
    let refused = lab.assistant().open(&spec, Opening::Start).await.unwrap_err();
    assert!(refused.to_string().contains("working directory"), "{refused}");
    lab.config.program = "no-such-program".into();
    let refused = lab.assistant().open(&lab.spec(), Opening::Start).await.unwrap_err();
    assert!(matches!(refused, OpenError::Failed { class: FailureClass::NotInstalled, .. }), "{refused}");
}

#[tokio::test]
async fn a_run_nobody_is_attached_to_can_be_ended() {
    use adjutant_core::assistant::Assistant as _;
    let lab = Lab::scripted();
    let spec = lab.spec();
    let session = lab.start_with(&spec).await;
    session.prompt("[[hang]]").await;
    wait_for("the prompt arrives", || !lab.received().is_empty()).await;
    drop(session);
    let pid = lab.received()[0].pid;
    assert!(lives(pid));
    lab.assistant().end(spec.run).await.expect("it ends");
    assert!(!lives(pid));
    lab.assistant().end(spec.run).await.expect("ending twice is fine");
}
