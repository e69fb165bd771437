//! Permission questions and their answers.

use adjutant_core::assistant::{Answer, AssistantEvent, Outcome, PermissionDetail};
use adjutant_core::id::ApprovalId;

use crate::support::Lab;

#[tokio::test]
async fn an_edit_is_shown_as_a_diff_and_made_only_when_allowed() {
    let lab = Lab::scripted();
    let file = lab.cwd.join("a.txt");
    std::fs::write(&file, "old\n").unwrap();
    let mut session = lab.start().await;
    session.prompt("[[edit:a.txt:new\n]]").await;
    let request = session.question().await;
    let PermissionDetail::Diff { path, diff } = &request.detail else { panic!("not a diff: {request:?}") };
    assert_eq!((path.as_str(), diff.as_str()), ("a.txt", "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-old\n+new\n"));
    let no = Answer::Deny { reason: Some("not today".to_owned()) };
    session.run.control.answer(ApprovalId(1), &request, &no).await.unwrap();
    assert_eq!(session.outcome().await, Outcome::Completed);
    assert_eq!(session.blocks(), ["denied: not today"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "old\n");

    session.prompt("[[edit:a.txt:new\n]]").await;
    let request = session.question().await;
    session.run.control.answer(ApprovalId(2), &request, &Answer::AllowOnce).await.unwrap();
    session.outcome().await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "new\n");
    session.end().await;
}

#[tokio::test]
async fn allowed_for_the_session_is_not_asked_again() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    session.prompt("[[permission:Bash:make]] [[permission:Bash:make install]]").await;
    let request = session.question().await;
    assert_eq!(request.detail, PermissionDetail::Command { command: "make".to_owned() });
    session.run.control.answer(ApprovalId(1), &request, &Answer::AllowSession).await.unwrap();
    assert_eq!(session.outcome().await, Outcome::Completed);
    assert_eq!(session.blocks(), ["allowed", "allowed"]);
    session.end().await;
}

#[tokio::test]
async fn a_question_that_is_interrupted_is_withdrawn() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    let turn = session.prompt("[[permission:Bash:make]]").await;
    let request = session.question().await;
    session.run.control.interrupt(turn).await.unwrap();
    assert_eq!(session.outcome().await, Outcome::Interrupted);
    let withdrawn = AssistantEvent::PermissionWithdrawn { request: request.request };
    assert!(session.has(|event| *event == withdrawn));
    session.end().await;
}

#[tokio::test]
async fn a_choice_is_shown_and_answered_in_words() {
    let lab = Lab::scripted();
    let mut session = lab.start().await;
    session.prompt("[[question:Which colour?|red|blue]]").await;
    let request = session.question().await;
    let PermissionDetail::Choices { questions } = &request.detail else { panic!("not a choice: {request:?}") };
    assert_eq!(questions[0].choices[1].label, "blue");
    let answer = Answer::Chosen { answers: vec!["green".to_owned()] };
    session.run.control.answer(ApprovalId(1), &request, &answer).await.unwrap();
    session.outcome().await;
    assert_eq!(session.blocks(), ["Which colour? green"]);
    session.end().await;
}
