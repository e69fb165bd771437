//! Approvals: only an explicit verb or button of an allowed person, once, in its own conversation, in time.

use std::time::Duration;

use adjutant_testkit::telegram::Shown;
use serde_json::json;

use crate::harness::{ANA, Options, TestGateway};

const BEN: i64 = 7_007;
const GROUP: i64 = -500;
const OTHER: i64 = -501;
const ASK: &str = "[[permission:Bash:echo hi]] [[text:turn over]]";

async fn question_in(gateway: &TestGateway, chat: i64) -> Shown {
    let asked = |messages: &[Shown]| messages.iter().any(|message| !message.labels().is_empty());
    let shown = gateway.telegram.wait_for(chat, asked).await;
    shown.into_iter().rev().find(|message| !message.labels().is_empty()).unwrap()
}

async fn until_in(gateway: &TestGateway, chat: i64, text: &str) {
    gateway.telegram.wait_for(chat, |messages| messages.iter().any(|message| message.text.contains(text))).await;
}

/// A press of a button that is not shown any more, or never was.
fn press(gateway: &TestGateway, chat: i64, message: i32, token: &str) {
    let kind = if chat < 0 { "group" } else { "private" };
    gateway.telegram.deliver_raw(json!({"callback_query": {
        "id": format!("9{}", uuid::Uuid::new_v4().as_u128()), "from": {"id": ANA, "is_bot": false, "first_name": "Ana"},
        "chat_instance": "1", "data": token,
        "message": {"message_id": message, "date": 1_780_000_000, "chat": {"id": chat, "type": kind}, "text": "x"}
    }}));
}

/// Telegram does not know presses that a test made up, and says so when they are acknowledged.
async fn finish(gateway: TestGateway) {
    gateway.until_settled().await;
    let refused = gateway.telegram.take_unexpected();
    assert!(refused.iter().all(|request| request.contains("query is too old")), "{refused:?}");
    gateway.finish().await;
}

async fn open(gateway: &TestGateway) -> i64 {
    let query = "SELECT count(*) FROM remote_agent_approvals WHERE state = 'open'";
    gateway.database.number(&gateway.data_dir(), query).await
}

fn token(question: &Shown, label: &str) -> String {
    question.buttons.iter().flatten().find(|(shown, _)| shown == label).unwrap().1.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_say_resolves_nothing() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, ASK);
    let question = question_in(&gateway, ANA).await;
    for words in
        ["no", "yes please don't", "y", "approve 1", "/approve", "/approve abc", "/approve 999", "/approve 1 always"]
    {
        gateway.telegram.says(ANA, ANA, words);
    }
    gateway.until_said("is not something").await;
    gateway.until_said("No approval 999 is open here").await;
    assert_eq!(open(&gateway).await, 1, "{}", gateway.story());
    let now = gateway.telegram.messages(ANA).into_iter().find(|message| message.id == question.id).unwrap();
    assert_eq!((now.text, now.edits), (question.text, 0));
    gateway.telegram.says(ANA, ANA, "/approve 1");
    gateway.until_said("Allowed once by Ana").await;
    gateway.until_said("turn over").await;
    finish(gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_press_counts_whoever_presses_next() {
    let environment = vec![("TELEGRAM_ALLOWED_USERS", format!("{ANA},{BEN}"))];
    let gateway = TestGateway::start_with(Options { environment, ..Options::default() }).await;
    gateway.telegram.user(BEN, "Ben");
    gateway.telegram.group(GROUP, "group");
    gateway.telegram.says(GROUP, ANA, &format!("@adjutant_test_bot {ASK}"));
    let question = question_in(&gateway, GROUP).await.id;
    gateway.telegram.presses(GROUP, ANA, question, "Allow once");
    gateway.telegram.presses(GROUP, ANA, question, "Allow once");
    gateway.telegram.presses(GROUP, BEN, question, "Deny");
    until_in(&gateway, GROUP, "turn over").await;
    gateway
        .until("both late presses are answered", || {
            gateway.telegram.texts(GROUP).iter().filter(|text| text.contains("Already allowed by Ana")).count() == 2
        })
        .await;
    assert!(!gateway.telegram.transcript(GROUP).contains("Denied"), "{}", gateway.telegram.transcript(GROUP));
    finish(gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_for_a_day_and_it_counts_as_denied() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, ASK);
    let question = question_in(&gateway, ANA).await;
    gateway.advance(Duration::from_secs(24 * 3600 - 60)).await;
    assert_eq!(open(&gateway).await, 1);
    gateway.advance(Duration::from_secs(120)).await;
    gateway.until_said("nobody answered in 24 h").await;
    gateway.until_said("turn over").await;
    press(&gateway, ANA, question.id, &token(&question, "Allow once"));
    gateway.until_said("Expired; it counted as denied").await;
    let answered = gateway.telegram.transcript(ANA);
    assert!(answered.contains("denied") && !answered.contains("Allowed"), "{answered}");
    finish(gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answered_question_stays_answered_after_a_restart() {
    let mut gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, ASK);
    let question = question_in(&gateway, ANA).await;
    gateway.telegram.presses(ANA, ANA, question.id, "Deny");
    gateway.until_said("turn over").await;
    gateway.until_settled().await;
    gateway.kill();
    press(&gateway, ANA, question.id, &token(&question, "Allow for this session"));
    gateway.launch().await;
    gateway.until_said("Already denied by Ana").await;
    finish(gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_question_takes_no_answer() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, ASK);
    let question = question_in(&gateway, ANA).await;
    gateway.telegram.says(ANA, ANA, "/stop");
    gateway.until_said("Not needed any more:").await;
    gateway.until_settled().await;
    press(&gateway, ANA, question.id, &token(&question, "Allow once"));
    gateway.until_said("Not needed any more.").await;
    assert!(!gateway.telegram.transcript(ANA).contains("Allowed"));
    finish(gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_questions_at_once_are_answered_each_in_its_own_conversation() {
    let gateway = TestGateway::start().await;
    for group in [GROUP, OTHER] {
        gateway.telegram.group(group, "group");
        // In one directory the second would wait.
        gateway.set_directory(group, &format!("tree{group}")).await;
        gateway.telegram.says(group, ANA, &format!("@adjutant_test_bot {ASK}"));
        question_in(&gateway, group).await;
    }
    gateway.telegram.says(GROUP, ANA, "/approve@adjutant_test_bot 2");
    until_in(&gateway, GROUP, "No approval 2 is open here").await;
    let of_the_other = question_in(&gateway, OTHER).await;
    press(&gateway, GROUP, of_the_other.id, &token(&of_the_other, "Allow once"));
    gateway
        .until("the press is refused too", || {
            gateway.telegram.texts(GROUP).iter().filter(|text| text.contains("No approval 2 is open here")).count() == 2
        })
        .await;
    assert_eq!(open(&gateway).await, 2);
    gateway.telegram.says(GROUP, ANA, "/deny@adjutant_test_bot 1 not today");
    gateway.telegram.presses(OTHER, ANA, of_the_other.id, "Allow once");
    until_in(&gateway, GROUP, "Denied by Ana").await;
    until_in(&gateway, OTHER, "Allowed once by Ana").await;
    until_in(&gateway, GROUP, "not today").await;
    until_in(&gateway, GROUP, "turn over").await;
    until_in(&gateway, OTHER, "turn over").await;
    finish(gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_that_were_never_made_do_nothing() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, ASK);
    let question = question_in(&gateway, ANA).await;
    for token in [
        "",
        "p:",
        "p:1",
        "p:1:x",
        "p:1:oo",
        "p:+1:o ",
        "p:-1:o",
        "p:18446744073709551617:o",
        "p:\u{661}:o",
        "c:",
        "c:/",
        "c:no-such-command x",
        "\u{0}",
        &"z".repeat(64),
    ] {
        press(&gateway, ANA, question.id, token);
    }
    press(&gateway, ANA, 4_242, "p:77:o");
    gateway.until_said("No approval 77 is open here").await;
    assert_eq!(open(&gateway).await, 1, "{}", gateway.story());
    gateway.telegram.presses(ANA, ANA, question.id, "Deny");
    gateway.until_said("turn over").await;
    finish(gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_hides_something_is_shown_for_what_it_is() {
    let gateway = TestGateway::start().await;
    let command = "rm -rf x \u{202e}fdp\u{200b}\u{2066}\u{1b}[2K\u{e0041}\u{3164} ``` end";
    gateway.telegram.says(ANA, ANA, &format!("[[permission:Bash:{command}]] [[text:turn over]]"));
    let question = question_in(&gateway, ANA).await;
    let escaped = r"rm -rf x \u{202e}fdp\u{200b}\u{2066}\u{1b}[2K\u{e0041}\u{3164} ``` end";
    assert!(question.text.contains(escaped), "{}", question.text);
    assert!(question.styled("pre").iter().any(|code| code.trim_end() == escaped), "{:?}", question.entities);
    gateway.telegram.presses(ANA, ANA, question.id, "Deny");
    gateway.until_said("Denied by Ana").await;
    gateway.until_said("turn over").await;
    gateway.until_settled().await;
    let ever: String = gateway.telegram.messages(ANA).iter().flat_map(|message| message.history.clone()).collect();
    for hidden in ['\u{202e}', '\u{200b}', '\u{2066}', '\u{1b}', '\u{e0041}', '\u{3164}'] {
        assert!(!ever.contains(hidden), "U+{:x} is shown: {ever}", u32::from(hidden));
    }
    finish(gateway).await;
}
