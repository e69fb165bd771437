//! What a turn looks like.

use adjutant_core::assistant::{Assistant as _, AssistantEvent, Notice, Outcome, PermissionMode, Readiness, Usage};

use crate::support::Lab;

#[tokio::test]
async fn text_is_streamed_and_then_finished() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    assert_eq!(session.turn("go [[words:50,0.5]] [[text:and more]]").await, Outcome::Completed);
    let words: String = (1..=50).map(|n| format!("w{n} ")).collect();
    assert_eq!(session.blocks(), [words.as_str(), "and more"]);
    assert_eq!(session.streamed(), words + "and more");
    session.end().await;
}

#[tokio::test]
async fn one_process_serves_many_turns_and_a_repeated_prompt_is_dropped() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    let first = session.prompt("[[text:one]]").await;
    assert_eq!(session.outcome().await, Outcome::Completed);
    session.run.control.prompt(first, "[[text:one]]").await.expect("a repetition is no error");
    assert_eq!(session.turn("[[text:two]]").await, Outcome::Completed);
    assert_eq!(session.blocks(), ["one", "two"]);
    let received = lab.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].pid, received[1].pid);
    assert_eq!(received[0].uuid, first.to_string());
    session.end().await;
}

#[tokio::test]
async fn an_interrupted_turn_keeps_its_text_and_the_session_goes_on() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    let turn = session.prompt("[[words:100000,5]]").await;
    session.until(|event| matches!(event, AssistantEvent::TextDelta(_))).await;
    session.run.control.interrupt(turn).await.expect("it can be interrupted");
    assert_eq!(session.outcome().await, Outcome::Interrupted);
    assert!(session.blocks()[0].starts_with("w1 "));
    assert_eq!(session.turn("[[text:still here]]").await, Outcome::Completed);
    session.end().await;
}

#[tokio::test]
async fn a_session_is_resumed_by_another_process_and_an_unknown_one_is_lost() {
    let lab = Lab::scripted();
    let mut spec = lab.spec();
    let mut first = lab.start_with(&spec).await;
    first.prompt("[[text:a]]").await;
    let started = first.until(|event| matches!(event, AssistantEvent::SessionStarted { .. })).await;
    let AssistantEvent::SessionStarted { id, .. } = started else { panic!("not a start: {started:?}") };
    assert_eq!(id, spec.new_session.to_string());
    first.outcome().await;
    first.end().await;

    spec = adjutant_core::assistant::SessionSpec { resume: Some(id.clone()), ..lab.spec() };
    let mut second = lab.start_with(&spec).await;
    assert_eq!(second.turn("[[text:b]]").await, Outcome::Completed);
    assert_eq!(lab.received()[1].session, id);
    second.end().await;

    spec = adjutant_core::assistant::SessionSpec { resume: Some(uuid::Uuid::new_v4().to_string()), ..lab.spec() };
    let mut third = lab.start_with(&spec).await;
    let turn = adjutant_core::id::TurnId::generate();
    // The program may be gone before the prompt reaches it; either way the person is told the same.
    if third.run.control.prompt(turn, "x").await.is_ok() {
        let outcome = third.outcome().await;
        let lost = adjutant_core::assistant::FailureClass::SessionLost;
        assert!(matches!(&outcome, Outcome::Failed { class, .. } if *class == lost), "{outcome:?}");
    }
    third.exited().await;
}

#[tokio::test]
async fn tools_usage_and_retries_are_told() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    let prompt = r#"[[retry:2]] [[think:hm]] [[tool:Bash:{"command":"cargo test"}]] [[usage:10,5,0.25]] [[text:done]]"#;
    assert_eq!(session.turn(prompt).await, Outcome::Completed);
    let retries =
        session.said.iter().filter(|said| matches!(said.event, AssistantEvent::Notice(Notice::Retrying { .. })));
    assert_eq!(retries.count(), 2);
    assert!(session.has(|event| *event == AssistantEvent::Thinking));
    let title = |event: &AssistantEvent| match event {
        AssistantEvent::ToolStarted { title, .. } => title.tool == "Bash" && title.detail == "cargo test",
        _ => false,
    };
    assert!(session.has(title));
    assert!(session.has(|event| matches!(event, AssistantEvent::ToolFinished { failed: false, .. })));
    let usage = Usage { input_tokens: Some(10), output_tokens: Some(5), cost_usd: Some(0.25) };
    assert!(session.has(|event| *event == AssistantEvent::Usage(usage)));
    session.end().await;
}

#[tokio::test]
async fn a_result_nobody_asked_for_is_said_and_ends_no_turn() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    assert_eq!(session.turn("[[text:first]] [[two-results]]").await, Outcome::Completed);
    let said = session.until(|event| matches!(event, AssistantEvent::Notice(_))).await;
    assert_eq!(said, AssistantEvent::Notice(Notice::Said("second".to_owned())));
    assert_eq!(session.turn("[[text:third]]").await, Outcome::Completed);
    session.end().await;
}

#[tokio::test]
async fn the_child_gets_its_own_key_and_nothing_else_of_the_gateway() {
    let lab = Lab::scripted();
    let mut spec = lab.spec();
    spec.environment.push(("IS_SANDBOX".to_owned(), "1".to_owned()));
    spec.environment.push(("ANTHROPIC_API_KEY".to_owned(), "another".to_owned()));
    let mut session = lab.start_with(&spec).await;
    assert_eq!(session.turn("[[env]] [[args]]").await, Outcome::Completed);
    let (env, args) = (session.blocks()[0], session.blocks()[1]);
    let expected = "ANTHROPIC_API_KEY API_TIMEOUT_MS CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS CLAUDE_CODE_DISABLE_BACKGROUND_TASKS \
                    CLAUDE_CODE_DISABLE_CRON CLAUDE_CODE_DISABLE_FILE_MENTIONS CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC \
                    CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS CLAUDE_CODE_MAX_RETRIES CLAUDE_CODE_STARTUP_FAILURE_RESULTS \
                    CLAUDE_CONFIG_DIR DISABLE_AUTOUPDATER ENABLE_TOOL_SEARCH GIT_AUTHOR_NAME HOME LANG PATH TMPDIR";
    assert_eq!(env, expected);
    assert!(args.contains("--strict-mcp-config --setting-sources  --settings"), "{args}");
    assert!(!args.contains("test-key-in-nobodys-log"), "{args}");
    session.end().await;
}

#[tokio::test]
async fn trust_mode_is_refused_as_root_and_for_a_model_that_is_none() {
    let lab = Lab::scripted();
    let trust = adjutant_core::assistant::SessionSpec { permission_mode: PermissionMode::Trust, ..lab.spec() };
    let model = adjutant_core::assistant::SessionSpec { model: Some("--help".to_owned()), ..lab.spec() };
    for spec in [trust, model] {
        let refused = lab.assistant().open(&spec, adjutant_core::assistant::Opening::Start).await;
        assert!(refused.is_err());
    }
    assert!(lab.received().is_empty());
}

#[tokio::test]
async fn readiness_names_the_version_and_what_is_missing() {
    let mut lab = Lab::scripted();
    let Readiness::Ready { detail } = lab.assistant().readiness().await else { panic!("it is ready") };
    assert_eq!(detail, "Claude Code 2.1.329, API key");
    lab.config.credential = None;
    let Readiness::Off { hint, .. } = lab.assistant().readiness().await else { panic!("it has no login") };
    assert!(hint.contains("CLAUDE_API_KEY"), "{hint}");
    lab.config.program = "no-such-program".into();
    let Readiness::Off { reason, .. } = lab.assistant().readiness().await else { panic!("it is not there") };
    assert!(reason.contains("no-such-program"), "{reason}");
    lab.config.root = adjutant_assistants::claude::RootPolicy::Off;
    let Readiness::Off { hint, .. } = lab.assistant().readiness().await else { panic!("it is off") };
    assert!(hint.contains("ADJUTANT_RUN_AS"), "{hint}");
}

#[tokio::test]
async fn a_program_that_is_slow_to_tell_its_version_is_asked_on_and_counts_as_there() {
    use adjutant_core::clock::{Clock, ManualClock};
    let mut lab = Lab::scripted();
    let clock = ManualClock::default();
    let gate = tempfile::tempdir().unwrap();
    let fifo = gate.path().join("gate");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let program = gate.path().join("claude");
    std::fs::write(&program, format!("#!/bin/sh\nread line < {}\necho 9.9.9\n", fifo.display())).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    lab.config.program = program;
    let launcher = adjutant_runner::Launcher::with_program("/nonexistent".into());
    let claude =
        adjutant_assistants::claude::ClaudeAssistant::new(lab.config.clone(), launcher, Clock::Manual(clock.clone()));
    let moved = clock.clone();
    let asked = claude.readiness();
    tokio::pin!(asked);
    let readiness = loop {
        tokio::select! {
            readiness = &mut asked => break readiness,
            () = tokio::task::yield_now() => moved.advance(std::time::Duration::from_millis(100)),
        }
    };
    assert!(matches!(readiness, Readiness::Checking { .. }) && readiness.is_usable(), "{readiness:?}");
    std::fs::write(&fifo, "go\n").unwrap();
    let Readiness::Ready { detail } = claude.readiness().await else { panic!("it has answered") };
    assert_eq!(detail, "Claude Code 9.9.9, API key");
}
