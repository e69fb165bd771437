//! A conversation on Telegram, from the first message on.

use crate::harness::{ANA, TestGateway};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_becomes_a_turn_and_its_answer_a_message() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "hello [[text:Hello Ana]]");
    gateway.until_said("Hello Ana").await;
    gateway.until_settled().await;
    assert_eq!(gateway.telegram.texts(ANA), ["Hello Ana\n\nWorking in shop."]);
    assert_eq!(gateway.prompts().len(), 1);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_answer_grows_as_a_draft_and_becomes_one_message() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "count [[words:60,50]]");
    gateway.until_said("w60").await;
    gateway.until_settled().await;
    let shown = gateway.telegram.messages(ANA);
    let answers: Vec<_> = shown.iter().filter(|message| message.text.contains("w1 ")).collect();
    assert_eq!(answers.len(), 1, "{}", gateway.story());
    assert_eq!(answers[0].edits, 0, "{}", gateway.story());
    let drafts = gateway.telegram.drafts(ANA);
    assert!(drafts.iter().filter(|draft| draft.contains("w1 ")).count() >= 2, "{drafts:?}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_does_not_change_is_shown_again_before_it_fades() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "/mode quiet");
    gateway.until_said("quiet").await;
    gateway.telegram.says(ANA, ANA, "think [[hang-after:I look at it.]]");
    gateway.until_drafted("I look at it.").await;
    for _ in 0..4 {
        let before = gateway.telegram.drafts(ANA).len();
        gateway.advance(std::time::Duration::from_secs(21)).await;
        gateway.telegram.wait_until("the draft again", |fake| (fake.drafts(ANA).len() > before).then_some(())).await;
        assert!(gateway.telegram.draft(ANA).is_some_and(|draft| draft.contains("I look at it.")));
    }
    gateway.telegram.says(ANA, ANA, "/stop");
    gateway.until_said("Stopped after").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_comes_back_behind_whatever_is_said_meanwhile() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "/mode quiet");
    gateway.until_said("quiet").await;
    gateway.telegram.says(ANA, ANA, "think [[hang-after:I look at it.]]");
    gateway.until_drafted("I look at it.").await;
    gateway.telegram.says(ANA, ANA, "and then? [[text:Then this.]]");
    gateway.until_said("Queued, 1st in line").await;
    gateway.advance(std::time::Duration::from_secs(3)).await;
    gateway.until_drafted("I look at it.").await;
    gateway.telegram.says(ANA, ANA, "/stop");
    gateway.until_said("Then this.").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_is_asked_by_button_and_its_answer_reaches_the_assistant() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "run it [[permission:Bash:echo hi]] [[text:finished]]");
    let asked = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|m| !m.labels().is_empty())).await;
    let question = asked.iter().find(|message| !message.labels().is_empty()).unwrap();
    assert_eq!(question.labels(), ["Allow once", "Allow for this session", "Deny", "Deny and say why"]);
    gateway.telegram.presses(ANA, ANA, question.id, "Allow once");
    gateway.until_said("finished").await;
    gateway.until_said("Allowed once by Ana").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_the_turn_and_the_next_message_works() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "long [[words:4000,50]]");
    gateway.until_drafted("w3 ").await;
    gateway.telegram.says(ANA, ANA, "/stop");
    gateway.until_said("Stopped after").await;
    gateway.telegram.says(ANA, ANA, "again [[text:here again]]");
    gateway.until_said("here again").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apps_own_stop_button_ends_the_turn_and_keeps_what_had_arrived() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "long [[words:4000,50]]");
    gateway.until_drafted("w3 ").await;
    gateway.telegram.stops_draft(ANA);
    let end = gateway.until_said("Stopped after").await;
    assert!(end.starts_with("w1 w2 w3 "), "{end}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_conversation_is_in_the_default_codebase_also_for_commands() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "/getcwd");
    gateway.until_said("Current working directory: ").await;
    gateway.telegram.says(ANA, ANA, "/command-set hi hi.md \"say hi\"");
    gateway.until_said("registered").await;
    assert_eq!(std::fs::read_to_string(gateway.shop().join("hi.md")).unwrap(), "say hi");
    gateway.finish().await;
}
