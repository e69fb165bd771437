//! The real Claude Code in front of a stand-in for the Messages API.
//!
//! The program is taken from `ADJUTANT_TEST_CLAUDE`, or from where
//! `npm install --prefix target/tools/claude @anthropic-ai/claude-code-linux-x64@2.1.329` puts it.

use std::path::{Path, PathBuf};

use adjutant_assistants::claude::Credential;
use adjutant_core::assistant::{
    Answer, Assistant as _, AssistantEvent, FailureClass, Outcome, PermissionDetail, PermissionMode, Readiness,
    SessionSpec,
};
use adjutant_core::id::ApprovalId;
use adjutant_testkit::anthropic::{FakeAnthropic, Options};

use crate::support::{Lab, Session};

const INSTALLED: &str = "../../target/tools/claude/node_modules/@anthropic-ai/claude-code-linux-x64/claude";

fn claude() -> PathBuf {
    let program = std::env::var_os("ADJUTANT_TEST_CLAUDE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(INSTALLED), PathBuf::from);
    assert!(
        program.is_file(),
        "Claude Code is not at {}. `npm install --prefix target/tools/claude @anthropic-ai/claude-code-linux-x64@2.1.329` \
         installs it; ADJUTANT_TEST_CLAUDE names another place.",
        program.display()
    );
    program
}

async fn lab() -> (Lab, FakeAnthropic) {
    lab_with(Options::default()).await
}

async fn lab_with(options: Options) -> (Lab, FakeAnthropic) {
    let api = FakeAnthropic::start_with(options).await.expect("a port is free");
    let mut lab = Lab::new();
    lab.config.program = claude();
    lab.config.base_url = Some(api.url().parse().expect("an URL"));
    // Above this directory there may be any repository; the program looks for the root of its own.
    let git = std::process::Command::new("git").args(["init", "--quiet"]).current_dir(&lab.cwd).status();
    assert!(git.expect("git runs").success());
    (lab, api)
}

async fn asked_and_answered(session: &mut Session, prompt: &str, answer: Answer) -> PermissionDetail {
    session.prompt(prompt).await;
    let request = session.question().await;
    // An approval's number is never given twice, and an answer under a known number is not written again.
    let approval = ApprovalId(i64::try_from(session.said.len()).expect("a small number"));
    session.run.control.answer(approval, &request, &answer).await.expect("it waits");
    request.detail
}

#[tokio::test]
async fn real_text_is_streamed_thinking_hidden_and_usage_counted() {
    let (lab, api) = lab().await;
    let Readiness::Ready { detail } = lab.assistant().readiness().await else { panic!("it is ready") };
    assert!(detail.starts_with("Claude Code 2.1.329"), "{detail}");
    let spec = lab.spec();
    let mut session = lab.start_with(&spec).await;
    assert_eq!(session.turn("[[words:20,5]]").await, Outcome::Completed);
    let words: String = (1..=20).map(|n| format!("w{n} ")).collect();
    assert_eq!(session.blocks(), [words.as_str()]);
    assert_eq!(session.streamed(), words);
    let started = AssistantEvent::SessionStarted { id: spec.new_session.to_string(), model: None };
    let same = |event: &AssistantEvent| match (event, &started) {
        (AssistantEvent::SessionStarted { id, .. }, AssistantEvent::SessionStarted { id: expected, .. }) => {
            id == expected
        }
        _ => false,
    };
    assert!(session.has(same));
    assert!(session.has(|event| matches!(event, AssistantEvent::Usage(usage) if usage.output_tokens == Some(34))));
    assert_eq!(session.turn("[[think:secret thoughts]]").await, Outcome::Completed);
    assert!(session.has(|event| *event == AssistantEvent::Thinking));
    assert!(!session.streamed().contains("secret"));
    session.end().await;
    let keys: Vec<_> = api.requests().iter().filter_map(|request| request.headers.get("x-api-key").cloned()).collect();
    assert!(!keys.is_empty() && keys.iter().all(|key| key == "test-key-in-nobodys-log"));
}

#[tokio::test]
async fn real_tools_ask_and_do_what_was_answered() {
    let (lab, _api) = lab().await;
    let file = lab.cwd.join("a.txt");
    std::fs::write(&file, "one\ntwo\n").unwrap();
    let path = file.display();
    let mut session = lab.start().await;
    let edit = format!(
        r#"[[tool:Read:{{"file_path":"{path}"}} || tool:Edit:{{"file_path":"{path}","old_string":"two","new_string":"2"}} || text:fin]]"#
    );
    let detail = asked_and_answered(&mut session, &edit, Answer::Deny { reason: Some("not now".into()) }).await;
    let diff = "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n";
    assert_eq!(detail, PermissionDetail::Diff { path: "a.txt".into(), diff: diff.into() });
    assert_eq!(session.outcome().await, Outcome::Completed);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "one\ntwo\n");

    asked_and_answered(&mut session, &edit, Answer::AllowOnce).await;
    assert_eq!(session.outcome().await, Outcome::Completed);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "one\n2\n");
    session.end().await;
}

#[tokio::test]
async fn real_commands_allowed_for_the_session_are_not_asked_again_and_leave_no_file_behind() {
    let (lab, _api) = lab().await;
    let mut session = lab.start().await;
    let prompt = r#"[[tool:Bash:{"command":"touch made"} || tool:Bash:{"command":"touch made"} || text:fin]]"#;
    let detail = asked_and_answered(&mut session, prompt, Answer::AllowSession).await;
    assert_eq!(detail, PermissionDetail::Command { command: "touch made".into() });
    assert_eq!(session.outcome().await, Outcome::Completed);
    assert!(lab.cwd.join("made").is_file());
    assert!(!lab.cwd.join(".claude").exists(), "the answer must not write settings into the workspace");
    session.end().await;
}

#[tokio::test]
async fn a_real_turn_is_interrupted_and_the_session_resumed_elsewhere() {
    let (lab, _api) = lab().await;
    let spec = lab.spec();
    let mut session = lab.start_with(&spec).await;
    let turn = session.prompt("[[words:2000,20]]").await;
    session.until(|event| matches!(event, AssistantEvent::TextDelta(_))).await;
    session.run.control.interrupt(turn).await.unwrap();
    assert_eq!(session.outcome().await, Outcome::Interrupted);
    assert_eq!(session.turn("[[text:still here]]").await, Outcome::Completed);
    session.end().await;

    let resumed = SessionSpec { resume: Some(spec.new_session.to_string()), ..lab.spec() };
    let mut session = lab.start_with(&resumed).await;
    assert_eq!(session.turn("[[echo]]").await, Outcome::Completed);
    let messages = session.blocks()[0].split_whitespace().find_map(|word| word.strip_prefix("messages=")).unwrap();
    assert!(messages.parse::<usize>().unwrap() > 3, "it remembers: {:?}", session.blocks());
    session.end().await;

    let lost = SessionSpec { resume: Some(uuid::Uuid::new_v4().to_string()), ..lab.spec() };
    let mut session = lab.start_with(&lost).await;
    let outcome = session.turn("[[text:x]]").await;
    assert!(matches!(&outcome, Outcome::Failed { class: FailureClass::SessionLost, .. }), "{outcome:?}");
    session.exited().await;
}

#[tokio::test]
async fn a_real_refusal_of_the_key_is_told_as_such() {
    let (mut lab, _api) = lab_with(Options { require_key: Some("another".into()), plan_limit: false }).await;
    lab.config.credential = Some(Credential::OAuthToken("test-token-in-nobodys-log".into()));
    let mut session = lab.start().await;
    let outcome = session.turn("[[text:x]]").await;
    let Outcome::Failed { class: FailureClass::Authentication, message } = outcome else { panic!("{outcome:?}") };
    assert!(message.starts_with("Claude's login was refused."), "{message}");
    session.end().await;
}

#[tokio::test]
async fn a_real_plan_limit_says_until_when() {
    let (mut lab, _api) = lab_with(Options { require_key: None, plan_limit: true }).await;
    lab.config.credential = Some(Credential::OAuthToken("test-token-in-nobodys-log".into()));
    let mut session = lab.start().await;
    let outcome = session.turn("[[err:429]]").await;
    assert!(matches!(&outcome, Outcome::Failed { class: FailureClass::Quota, .. }), "{outcome:?}");
    assert!(session.has(|event| matches!(event, AssistantEvent::Limit { reached: true, resets_at: Some(_) })));
    session.end().await;
}

#[tokio::test]
async fn real_user_text_opens_no_files_and_runs_no_commands_and_instructions_are_passed_on() {
    let (lab, api) = lab().await;
    std::fs::write(lab.cwd.join("CLAUDE.md"), "MARK-OF-THE-REPOSITORY").unwrap();
    std::fs::create_dir(lab.cwd.join(".claude")).unwrap();
    let hook = format!("touch {}", lab.cwd.join("hook-ran").display());
    let settings =
        serde_json::json!({ "hooks": { "UserPromptSubmit": [{ "hooks": [{ "type": "command", "command": hook }] }] } });
    std::fs::write(lab.cwd.join(".claude/settings.json"), settings.to_string()).unwrap();
    let secret = lab.cwd.join("secret.txt");
    std::fs::write(&secret, "FILE-CONTENT").unwrap();
    let mut session = lab.start().await;
    assert_eq!(
        session.turn(&format!("look at @{} [[sys:MARK-OF-THE-REPOSITORY]]", secret.display())).await,
        Outcome::Completed
    );
    assert_eq!(session.blocks(), ["marked=true"]);
    assert_eq!(session.turn("/clear [[text:literal]]").await, Outcome::Completed);
    assert_eq!(session.blocks().last(), Some(&"literal"));
    session.end().await;
    assert!(api.requests().iter().all(|request| !request.body.to_string().contains("FILE-CONTENT")));
    assert!(!lab.cwd.join("hook-ran").exists());
}

#[tokio::test]
async fn a_real_edit_is_not_asked_for_where_edits_are_accepted() {
    let (lab, _api) = lab().await;
    let write = |name: &str| {
        let path = lab.cwd.join(name);
        format!(r#"[[tool:Write:{{"file_path":"{}","content":"x"}} || text:fin]]"#, path.display())
    };
    let accepting = SessionSpec { permission_mode: PermissionMode::AcceptEdits, ..lab.spec() };
    let mut session = lab.start_with(&accepting).await;
    assert_eq!(session.turn(&write("accepted")).await, Outcome::Completed);
    assert!(lab.cwd.join("accepted").is_file());
    session.end().await;
}
