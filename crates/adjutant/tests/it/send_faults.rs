//! What goes wrong on the way to Telegram: a reply arrives once all the same, and other conversations do not wait.

use std::time::Duration;

use adjutant_testkit::telegram::{Fault, Shown};

use crate::harness::{ANA, Options, TestGateway};

/// A second person, whose chat has no faults.
const BEN: i64 = 4_002;
const SEND: &str = "sendMessage";
const EDIT: &str = "editMessageText";
/// What precedes a text that may stand there already.
const SENT_AGAIN: &str = "(sent again: the first try was cut off)";

async fn start() -> TestGateway {
    let environment = vec![("TELEGRAM_ALLOWED_USERS", format!("{ANA},{BEN}"))];
    let gateway = TestGateway::prepare(Options { environment, ..Options::default() }).await;
    gateway.telegram.user(BEN, "Ben");
    gateway.telegram.lift_limits();
    let mut gateway = gateway;
    gateway.launch().await;
    gateway
}

fn refusal(code: u16, description: &str) -> Fault {
    Fault::Status(code, format!(r#"{{"ok":false,"error_code":{code},"description":"{description}"}}"#))
}

/// Ana's messages with these words in them.
fn with(gateway: &TestGateway, words: &str) -> Vec<Shown> {
    gateway.telegram.messages(ANA).into_iter().filter(|shown| !shown.deleted && shown.text.contains(words)).collect()
}

/// Ben writes, and is answered although Ana is not yet.
async fn ben_is_answered_meanwhile(gateway: &TestGateway, unsaid: &str) {
    gateway.telegram.says(BEN, BEN, "[[text:For Ben.]]");
    gateway.telegram.wait_for(BEN, |messages| messages.iter().any(|m| m.text.contains("For Ben."))).await;
    assert_eq!(with(gateway, unsaid), [], "Ana's reply is stuck");
}

/// Moves the clock on until Ana has read these words.
async fn advance_until_said(gateway: &TestGateway, words: &str) {
    let started = std::time::Instant::now();
    while with(gateway, words).is_empty() {
        assert!(started.elapsed() < crate::harness::PATIENCE, "never said: {words}\n{}", gateway.story());
        gateway.advance(Duration::from_secs(5)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The same, then everything is delivered, with the clock moving on for what is still put off.
async fn advance_until_settled(gateway: &TestGateway, words: &str) {
    advance_until_said(gateway, words).await;
    let started = std::time::Instant::now();
    while gateway.database.unsettled(&gateway.data_dir()).await > 0 {
        assert!(started.elapsed() < crate::harness::PATIENCE, "never settled\n{}", gateway.story());
        gateway.advance(Duration::from_secs(5)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until a reply was tried. Before that the clock stays: the assistant's start is timed by it as well.
async fn until_tried(gateway: &TestGateway) {
    gateway.until("a reply", || gateway.telegram.calls(SEND) > 0).await;
}

/// Ana's reply meets this fault so often. It arrives once, unmarked; Ben is answered while it is stuck.
async fn arrives_once_after(fault: Fault, times: usize) {
    let gateway = start().await;
    gateway.telegram.fail_in(ANA, SEND, fault, times);
    gateway.telegram.says(ANA, ANA, "[[text:For Ana.]]");
    until_tried(&gateway).await;
    ben_is_answered_meanwhile(&gateway, "For Ana.").await;
    advance_until_settled(&gateway, "For Ana.").await;
    let said = with(&gateway, "For Ana.");
    assert_eq!(said.len(), 1, "{}", gateway.story());
    assert!(!said[0].text.contains(SENT_AGAIN), "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_wait_two_minutes() {
    arrives_once_after(Fault::RetryAfter(120), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_wait_two_seconds_again_and_again() {
    arrives_once_after(Fault::RetryAfter(2), 30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_502() {
    arrives_once_after(Fault::Status(502, "<html>Bad Gateway</html>".to_owned()), 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_15_seconds() {
    arrives_once_after(Fault::Hang(Duration::from_secs(15)), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_wait_two_seconds_once() {
    let gateway = start().await;
    gateway.telegram.fail_in(ANA, SEND, Fault::RetryAfter(2), 1);
    gateway.telegram.says(ANA, ANA, "[[text:For Ana.]]");
    until_tried(&gateway).await;
    advance_until_settled(&gateway, "For Ana.").await;
    assert_eq!(with(&gateway, "For Ana.").len(), 1, "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_times_500() {
    let gateway = start().await;
    gateway.telegram.fail_in(ANA, SEND, refusal(500, "Internal Server Error"), 2);
    gateway.telegram.says(ANA, ANA, "[[text:For Ana.]]");
    until_tried(&gateway).await;
    advance_until_settled(&gateway, "For Ana.").await;
    let said = with(&gateway, "For Ana.");
    assert_eq!(said.len(), 1, "{}", gateway.story());
    assert!(!said[0].text.contains(SENT_AGAIN), "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_502_across_a_restart() {
    const PUT_OFF: &str = "SELECT count(*) FROM remote_agent_outbox WHERE state = 'pending' AND attempts >= 3";
    let mut gateway = start().await;
    gateway.telegram.fail_in(ANA, SEND, Fault::Status(502, "<html>Bad Gateway</html>".to_owned()), 10);
    gateway.telegram.says(ANA, ANA, "[[text:For Ana.]]");
    until_tried(&gateway).await;
    let started = std::time::Instant::now();
    while gateway.database.number(&gateway.data_dir(), PUT_OFF).await == 0 {
        assert!(started.elapsed() < crate::harness::PATIENCE, "{}", gateway.story());
        gateway.advance(Duration::from_millis(500)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    gateway.kill();
    gateway.launch().await;
    ben_is_answered_meanwhile(&gateway, "For Ana.").await;
    advance_until_settled(&gateway, "For Ana.").await;
    let said = with(&gateway, "For Ana.");
    assert_eq!(said.len(), 1, "{}", gateway.story());
    assert!(!said[0].text.contains(SENT_AGAIN), "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_drops_before_the_message_is_taken() {
    let gateway = start().await;
    gateway.telegram.fail_in(ANA, SEND, Fault::DropBefore, 1);
    gateway.telegram.says(ANA, ANA, "[[text:For Ana.]]");
    until_tried(&gateway).await;
    advance_until_settled(&gateway, "For Ana.").await;
    assert_eq!(with(&gateway, "For Ana.").len(), 1, "{}", gateway.story());
    gateway.finish().await;
}

/// A reply whose first sending arrived without our knowing it stands there twice at most, and the second says so.
async fn repeated_once_and_marked(prompt: &str, words: &str) {
    let gateway = start().await;
    gateway.telegram.fail_in(ANA, SEND, Fault::DropAfter, 1);
    gateway.telegram.says(ANA, ANA, prompt);
    until_tried(&gateway).await;
    let whole = |shown: &&Shown| shown.text.contains(words);
    advance_until_settled(&gateway, words).await;
    gateway.until("the repeat", || gateway.telegram.messages(ANA).len() >= 2).await;
    let said = gateway.telegram.messages(ANA);
    assert_eq!(said.len(), 2, "{}", gateway.story());
    assert!(!said[0].text.contains(SENT_AGAIN), "{}", gateway.story());
    assert!(said[1].text.starts_with(SENT_AGAIN), "{}", gateway.story());
    assert!(said.iter().rfind(whole).is_some(), "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_drops_after_the_message_is_taken() {
    repeated_once_and_marked("[[text:For Ana.]]", "For Ana.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_drops_after_the_first_preview_is_taken() {
    repeated_once_and_marked("[[words:60,30]]", "w60").await;
}

/// A Bot API server that knows no drafts: growing text is shown by edits.
async fn start_without_drafts() -> TestGateway {
    let gateway = start().await;
    gateway.telegram.fail("sendMessageDraft", refusal(404, "Not Found"), usize::MAX);
    gateway
}

/// A streamed reply whose edits meet this fault is there once, and whole.
async fn grows_in_one_message(fault: Fault, times: usize) {
    let gateway = start_without_drafts().await;
    gateway.telegram.fail_in(ANA, EDIT, fault, times);
    gateway.telegram.says(ANA, ANA, "[[words:60,30]]");
    gateway.until_said("w1 ").await;
    advance_until_settled(&gateway, "w60").await;
    let said = with(&gateway, "w1 ");
    assert_eq!(said.len(), 1, "{}", gateway.story());
    assert!(said[0].text.starts_with("w1 w2 ") && said[0].text.contains("w60"), "{}", gateway.story());
    let mut refused = gateway.telegram.take_unexpected();
    refused.retain(|request| !request.contains("message is not modified"));
    assert_eq!(refused, Vec::<String>::new(), "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_that_are_asked_to_wait() {
    grows_in_one_message(Fault::RetryAfter(2), 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_that_meet_500_and_502() {
    grows_in_one_message(Fault::Status(502, "<html>Bad Gateway</html>".to_owned()), 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_whose_connection_drops_before_their_effect() {
    grows_in_one_message(Fault::DropBefore, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_whose_connection_drops_after_their_effect() {
    grows_in_one_message(Fault::DropAfter, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_that_take_15_seconds() {
    grows_in_one_message(Fault::Hang(Duration::from_secs(15)), 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_growing_message_that_somebody_deletes_comes_anew_with_its_end() {
    let gateway = start_without_drafts().await;
    gateway.telegram.says(ANA, ANA, "[[words:80,30]]");
    gateway.until_said("w1 ").await;
    let message = with(&gateway, "w1 ")[0].id;
    let url = format!("{}/bot{}/deleteMessage", gateway.telegram.url(), gateway.telegram.token());
    let delete = serde_json::json!({ "chat_id": ANA, "message_id": message });
    reqwest::Client::new().post(url).json(&delete).send().await.unwrap().error_for_status().unwrap();
    advance_until_settled(&gateway, "w80").await;
    let said = with(&gateway, "w1 ");
    assert_eq!(said.len(), 1, "{}", gateway.story());
    assert!(said[0].text.starts_with("w1 w2 "), "{}", gateway.story());
    let refused = gateway.telegram.take_unexpected();
    assert!(refused.iter().all(|request| request.contains("message to edit not found")), "{refused:?}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_that_is_refused_comes_as_plain_text() {
    let gateway = start().await;
    gateway.telegram.fail_in(ANA, SEND, refusal(400, "Bad Request: can't parse entities: wrong offset"), 1);
    gateway.telegram.says(ANA, ANA, "[[text:For **Ana** alone.]]");
    until_tried(&gateway).await;
    advance_until_settled(&gateway, "alone.").await;
    let said = with(&gateway, "alone.");
    assert_eq!(said.len(), 1, "{}", gateway.story());
    assert_eq!(said[0].entities, Vec::<serde_json::Value>::new());
    assert!(said[0].text.contains("For **Ana** alone."), "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_comes_as_one_and_where_that_is_refused_as_text() {
    const PROMPT: &str = "[[text:| file | lines |\n|---|---|\n| a.rs | 7 |\n]]";
    let gateway = start().await;
    gateway.telegram.says(ANA, ANA, PROMPT);
    gateway.until_said("a.rs | 7").await;
    assert!(with(&gateway, "a.rs | 7")[0].rich.is_some());
    gateway.telegram.fail_in(ANA, "sendRichMessage", refusal(400, "Bad Request: RICH_MESSAGE_INVALID"), 1);
    gateway.telegram.says(ANA, ANA, PROMPT);
    gateway.until_said("a.rs │ 7").await;
    let said = with(&gateway, "a.rs │ 7");
    assert_eq!((said.len(), said[0].styled("pre").len()), (1, 1), "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_is_gone_stops_what_runs_and_keeps_what_waits_for_its_return() {
    let mut gateway = start().await;
    gateway.telegram.says(ANA, ANA, "[[text:First.]] [[permission:Bash:make]] [[text:Second.]]");
    gateway.until_said("wants to run").await;
    gateway.telegram.says(ANA, ANA, "[[text:Queued.]]");
    gateway.until_said("Queued, 1st in line").await;
    gateway.telegram.blocks(ANA, ANA);
    gateway.until_settled().await;
    let calls = gateway.telegram.calls(SEND);
    gateway.advance(Duration::from_secs(3600)).await;
    ben_is_answered_meanwhile(&gateway, "Second.").await;
    assert_eq!(gateway.prompts().len(), 2, "what waits in the chat waits\n{}", gateway.story());
    assert!(gateway.telegram.calls(SEND) <= calls + 2, "nothing more is tried there\n{}", gateway.story());

    gateway.kill();
    gateway.launch().await;
    gateway.telegram.unblocks(ANA, ANA);
    gateway.until_said("Queued.").await;
    gateway.until_settled().await;
    let stopped = with(&gateway, "when I could not write here any more");
    assert_eq!((stopped.len(), with(&gateway, "First.").len()), (1, 1), "{}", gateway.story());
    assert!(stopped[0].id < with(&gateway, "Queued.").last().unwrap().id, "{}", gateway.story());
    assert_eq!(with(&gateway, "Second."), []);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_comes_back_gets_what_was_kept_and_is_answered_again() {
    let gateway = start().await;
    gateway.telegram.fail_in(ANA, SEND, refusal(403, "Forbidden: bot was blocked by the user"), 1);
    gateway.telegram.says(ANA, ANA, "[[text:Unheard.]]");
    until_tried(&gateway).await;
    gateway.until_settled().await;
    assert_eq!(with(&gateway, "Unheard."), []);
    gateway.telegram.says(ANA, ANA, "[[text:Here again.]]");
    gateway.until_said("Here again.").await;
    gateway.until_settled().await;
    let (kept, now) = (with(&gateway, "Unheard."), with(&gateway, "Here again."));
    assert_eq!((kept.len(), now.len()), (1, 1), "{}", gateway.story());
    assert!(kept[0].id < now[0].id, "{}", gateway.story());
    gateway.finish().await;
}
