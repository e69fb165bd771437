//! The demo, as somebody without an account meets it.

use std::path::PathBuf;
use std::process::Command;

use adjutant_assistants::demo::{DemoAssistant, DemoConfig, make_sample_codebase};
use adjutant_core::assistant::{
    Answer, Assistant as _, AssistantEvent, FailureClass, Opening, Outcome, PermissionDetail, Readiness, SessionSpec,
};
use adjutant_core::clock::Clock;
use adjutant_core::id::{ApprovalId, TurnId};
use uuid::Uuid;

use crate::support::{Lab, Session, built, launcher};

fn demo(lab: &Lab) -> DemoAssistant {
    let arguments = ["--package", "adjutant-assistants", "--example", "demo-assistant"];
    let config = DemoConfig {
        program: built("examples/demo-assistant", &["assistants"], &arguments),
        args: vec!["demo-assistant".to_owned()],
        data_dir: lab.config.data_dir.clone(),
    };
    DemoAssistant::new(config, launcher(), Clock::System)
}

fn sample() -> (Lab, PathBuf) {
    let lab = Lab::new();
    let codebase = lab.cwd.join("sample");
    std::fs::create_dir(&codebase).unwrap();
    make_sample_codebase(&codebase).expect("git makes it");
    make_sample_codebase(&codebase).expect("twice is fine");
    (lab, codebase)
}

#[tokio::test]
async fn the_sample_is_a_repository_with_commands_and_a_first_commit() {
    let (_lab, codebase) = sample();
    let git = Command::new("git").args(["log", "--oneline"]).current_dir(&codebase).output().unwrap();
    assert!(String::from_utf8(git.stdout).unwrap().trim_end().ends_with("Begin"));
    let status = Command::new("git").args(["status", "--porcelain"]).current_dir(&codebase).output().unwrap();
    assert!(status.stdout.is_empty());
    for command in ["prime", "plan", "execute", "commit"] {
        let text = std::fs::read_to_string(codebase.join(format!(".claude/commands/{command}.md"))).unwrap();
        assert!(text.starts_with("---\ndescription: "), "{text}");
    }
}

#[tokio::test]
async fn the_demo_reads_asks_changes_and_resumes() {
    let (lab, codebase) = sample();
    let assistant = demo(&lab);
    assert_eq!(
        assistant.readiness().await,
        Readiness::Ready { detail: "scripted answers, no model: it shows how a session looks".to_owned() }
    );
    let spec = SessionSpec { cwd: codebase.clone(), ..lab.spec() };
    let mut session = Session::new(assistant.open(&spec, Opening::Start).await.expect("it starts"));
    assert_eq!(session.turn("hello").await, Outcome::Completed);
    assert!(session.blocks()[0].contains("demo assistant"), "{:?}", session.blocks());
    assert!(!session.has(|event| matches!(event, AssistantEvent::ToolStarted { .. })));

    session.prompt("improve the greeting").await;
    let request = session.question().await;
    let PermissionDetail::Diff { path, diff } = &request.detail else { panic!("not a diff: {request:?}") };
    assert_eq!(path, "greeting.py");
    assert!(diff.contains("-    return f\"Hello, {name}\"\n+    return"), "{diff}");
    assert!(
        session.has(|event| matches!(event, AssistantEvent::ToolStarted { title, .. } if title.detail == "README.md"))
    );
    let before = std::fs::read_to_string(codebase.join("greeting.py")).unwrap();
    let no = Answer::Deny { reason: Some("wait".to_owned()) };
    session.run.control.answer(ApprovalId(1), &request, &no).await.unwrap();
    assert_eq!(session.outcome().await, Outcome::Completed);
    assert!(session.blocks().last().unwrap().ends_with("wait"));
    assert_eq!(std::fs::read_to_string(codebase.join("greeting.py")).unwrap(), before);
    session.end().await;

    let spec = SessionSpec {
        resume: Some(spec.new_session.to_string()),
        ..SessionSpec { cwd: codebase.clone(), ..lab.spec() }
    };
    let mut session = Session::new(assistant.open(&spec, Opening::Start).await.expect("it resumes"));
    session.prompt("try again").await;
    let request = session.question().await;
    assert!(session.blocks()[0].contains("turn 3"), "{:?}", session.blocks());
    session.run.control.answer(ApprovalId(2), &request, &Answer::AllowOnce).await.unwrap();
    assert_eq!(session.outcome().await, Outcome::Completed);
    assert!(std::fs::read_to_string(codebase.join("greeting.py")).unwrap().contains("or 'you'"));
    session.end().await;
}

#[tokio::test]
async fn the_demo_can_be_interrupted_and_does_not_know_every_session() {
    let (lab, codebase) = sample();
    let assistant = demo(&lab);
    let spec = SessionSpec { cwd: codebase.clone(), ..lab.spec() };
    let mut session = Session::new(assistant.open(&spec, Opening::Start).await.expect("it starts"));
    let turn = session.prompt("improve the greeting").await;
    session.question().await;
    session.run.control.interrupt(turn).await.unwrap();
    assert_eq!(session.outcome().await, Outcome::Interrupted);
    assert!(session.has(|event| matches!(event, AssistantEvent::PermissionWithdrawn { .. })));
    session.end().await;

    let spec = SessionSpec { resume: Some(Uuid::new_v4().to_string()), ..spec };
    let spec = SessionSpec { run: adjutant_core::id::RunId::generate(), ..spec };
    let mut session = Session::new(assistant.open(&spec, Opening::Start).await.expect("it starts"));
    if session.run.control.prompt(TurnId::generate(), "x").await.is_ok() {
        let outcome = session.outcome().await;
        assert!(matches!(&outcome, Outcome::Failed { class: FailureClass::SessionLost, .. }), "{outcome:?}");
    }
    session.exited().await;
}
