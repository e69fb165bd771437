//! Who gets in: strangers, pairing, people who were taken off the list, and what is nobody's word.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{ANA, Database, Options, STRANGER, TestGateway};

const ANOTHER: i64 = 7_007;
const GROUP: i64 = -500;
/// What strangers write; it must leave no trace.
const WORDS: &str = "xyzzy-plugh-42";

/// A gateway that nobody may use yet.
fn nobody() -> Options {
    Options { environment: vec![("TELEGRAM_ALLOWED_USERS", String::new())], ..Options::default() }
}

/// Waits until the gateway has taken everything that was said.
async fn taken(gateway: &TestGateway) {
    gateway.until("everything is taken", || gateway.telegram.unconfirmed() == 0).await;
    gateway.until_settled().await;
}

/// The code in the one line that a stranger was shown.
async fn code_of(gateway: &TestGateway, person: i64) -> String {
    let shown = gateway.telegram.wait_for(person, |messages| !messages.is_empty()).await;
    let text = &shown.last().unwrap().text;
    text.split_once("adjutant allow ").unwrap().1.split_whitespace().next().unwrap().trim_matches('`').to_owned()
}

/// A message as Telegram sends it, with more fields.
fn message(from: &Value, text: &str, more: &Value) -> Value {
    let mut message = json!({
        "message_id": 900, "date": 1_780_000_000, "text": text, "from": from,
        "chat": {"id": ANA, "type": "private", "first_name": "Ana"}
    });
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    message
}

fn ana() -> Value {
    json!({"id": ANA, "is_bot": false, "first_name": "Ana"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_nothing_and_leaves_no_trace() {
    let gateway = TestGateway::start().await;
    gateway.telegram.group(GROUP, "group");
    gateway.telegram.says(STRANGER, STRANGER, WORDS);
    gateway.telegram.says(STRANGER, STRANGER, &format!("/clone https://example.org/{WORDS}"));
    gateway.telegram.says(GROUP, STRANGER, &format!("@adjutant_test_bot {WORDS}"));
    let mallory = json!({"id": STRANGER, "is_bot": false, "first_name": "Mallory"});
    gateway.telegram.deliver_raw(json!({"edited_message": message(&mallory, WORDS, &json!({}))}));
    gateway.telegram.says(ANA, ANA, "hello [[text:Hello Ana]]");
    gateway.until_said("Hello Ana").await;
    taken(&gateway).await;
    assert_eq!(gateway.telegram.texts(STRANGER), Vec::<String>::new());
    assert_eq!(gateway.telegram.texts(GROUP), Vec::<String>::new());
    assert_eq!(gateway.telegram.actions(STRANGER), 0, "not even typing is shown");
    assert_eq!(gateway.prompts().len(), 1);
    assert_eq!(gateway.database.number(&gateway.data_dir(), "SELECT count(*) FROM remote_agent_inbound").await, 1);
    assert_eq!(gateway.traces(WORDS), Vec::<std::path::PathBuf>::new());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_is_allowed_each_stranger_is_told_a_code_once_an_hour() {
    let gateway = TestGateway::start_with(nobody()).await;
    for _ in 0..3 {
        gateway.telegram.says(STRANGER, STRANGER, WORDS);
    }
    let first = code_of(&gateway, STRANGER).await;
    taken(&gateway).await;
    let said = format!("This is a private gateway. If it is yours, run `adjutant allow {first}` where it runs.");
    let plain: Vec<String> = gateway.telegram.texts(STRANGER).iter().map(|text| text.replace('`', "")).collect();
    assert_eq!(plain, [said.replace('`', "")]);
    gateway.advance(Duration::from_secs(3601)).await;
    gateway.telegram.says(STRANGER, STRANGER, WORDS);
    gateway.telegram.wait_for(STRANGER, |messages| messages.len() == 2).await;
    taken(&gateway).await;
    assert_ne!(code_of(&gateway, STRANGER).await, first);
    assert_eq!(gateway.traces(WORDS), Vec::<std::path::PathBuf>::new());
    assert_eq!(gateway.prompts(), []);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pairing_can_be_opened_for_ten_minutes() {
    let gateway = TestGateway::start().await;
    gateway.telegram.user(ANOTHER, "Nobody");
    let opened = gateway.verb(&["pair", "telegram"]);
    assert_eq!(opened.code, Some(0), "{opened:?}");
    assert!(opened.out.contains("For ten minutes"), "{opened:?}");
    gateway.telegram.says(STRANGER, STRANGER, WORDS);
    code_of(&gateway, STRANGER).await;
    gateway.advance(Duration::from_secs(601)).await;
    gateway.telegram.says(ANOTHER, ANOTHER, WORDS);
    taken(&gateway).await;
    assert_eq!(gateway.telegram.texts(ANOTHER), Vec::<String>::new());
    let wrong = gateway.verb(&["pair", "smoke-signals"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_code_is_let_in_while_the_gateway_runs() {
    let gateway = TestGateway::start_with(nobody()).await;
    gateway.telegram.user(ANOTHER, "Nobody");
    gateway.telegram.says(STRANGER, STRANGER, WORDS);
    let code = code_of(&gateway, STRANGER).await;
    let allowed = gateway.verb(&["allow", &code]);
    assert_eq!(
        (allowed.code, allowed.out.as_str()),
        (Some(0), "Mallory (6006) may use Telegram now.\n"),
        "{allowed:?}"
    );
    let again = gateway.verb(&["allow", &code]);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("has expired"), "{again:?}");
    gateway.telegram.says(STRANGER, STRANGER, "[[text:welcome in]]");
    gateway.telegram.wait_for(STRANGER, |messages| messages.iter().any(|m| m.text.starts_with("welcome in"))).await;
    // From now on somebody is allowed, so strangers meet silence.
    gateway.telegram.says(ANOTHER, ANOTHER, WORDS);
    taken(&gateway).await;
    assert_eq!(gateway.telegram.texts(ANOTHER), Vec::<String>::new());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_name_does_nothing_to_the_operators_terminal_or_log() {
    let gateway = TestGateway::start_with(nobody()).await;
    gateway.telegram.user(ANOTHER, "Mal\u{1b}[2J\u{202e}lory\nroot");
    gateway.telegram.says(ANOTHER, ANOTHER, WORDS);
    let code = code_of(&gateway, ANOTHER).await;
    let allowed = gateway.verb(&["allow", &code]);
    assert_eq!(allowed.out, "Mal\\u{1b}[2J\\u{202e}lory… (7007) may use Telegram now.\n");
    assert!(!gateway.log().contains('\u{1b}') && !gateway.log().contains('\u{202e}'));
    gateway.finish().await;
}

async fn let_in_while_it_is_down(database: Database) {
    let mut gateway = TestGateway::prepare(Options { database, ..nobody() }).await;
    // The command line lives by the system's clock, so the gateway has to as well.
    gateway.unset("ADJUTANT_TEST_CLOCK");
    gateway.launch().await;
    gateway.telegram.says(STRANGER, STRANGER, WORDS);
    let code = code_of(&gateway, STRANGER).await;
    taken(&gateway).await;
    gateway.kill();
    let allowed = gateway.verb(&["allow", &code]);
    assert_eq!(
        (allowed.code, allowed.out.as_str()),
        (Some(0), "Mallory (6006) may use Telegram now.\n"),
        "{allowed:?}"
    );
    gateway.launch().await;
    gateway.telegram.says(STRANGER, STRANGER, "[[text:welcome in]]");
    gateway.telegram.wait_for(STRANGER, |messages| messages.iter().any(|m| m.text.starts_with("welcome in"))).await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_code_is_let_in_while_the_gateway_is_down_on_sqlite() {
    let_in_while_it_is_down(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_code_is_let_in_while_the_gateway_is_down_on_postgresql() {
    let_in_while_it_is_down(Database::postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_expires_after_an_hour_and_a_wrong_one_is_refused() {
    let gateway = TestGateway::start_with(nobody()).await;
    gateway.telegram.says(STRANGER, STRANGER, WORDS);
    let code = code_of(&gateway, STRANGER).await;
    for wrong in ["000000", "", "' OR 1=1 --", "\u{202e}x"] {
        assert_eq!(gateway.verb(&["allow", wrong]).code, Some(1), "{wrong}");
    }
    gateway.advance(Duration::from_secs(3601)).await;
    let late = gateway.verb(&["allow", &code]);
    assert_eq!(late.code, Some(1));
    assert!(late.err.contains("Write to the bot again for a new one"), "{late:?}");
    gateway.telegram.says(STRANGER, STRANGER, "[[text:not for you]]");
    taken(&gateway).await;
    assert_eq!(gateway.prompts(), []);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_presses_somebody_elses_button_in_vain() {
    let gateway = TestGateway::start().await;
    gateway.telegram.group(GROUP, "group");
    gateway.telegram.says(GROUP, ANA, "@adjutant_test_bot [[permission:Bash:echo hi]] [[text:finished]]");
    let shown = gateway.telegram.wait_for(GROUP, |messages| messages.iter().any(|m| !m.labels().is_empty())).await;
    let question = shown.iter().find(|message| !message.labels().is_empty()).unwrap().clone();
    for label in ["Allow once", "Allow for this session", "Deny", "Deny and say why"] {
        gateway.telegram.presses(GROUP, STRANGER, question.id, label);
    }
    gateway.telegram.says(GROUP, STRANGER, "/approve@adjutant_test_bot 1");
    gateway.until("the presses are taken", || gateway.telegram.unconfirmed() == 0).await;
    let open = "SELECT count(*) FROM remote_agent_approvals WHERE state = 'open'";
    assert_eq!(gateway.database.number(&gateway.data_dir(), open).await, 1);
    let now = gateway.telegram.messages(GROUP).into_iter().find(|message| message.id == question.id).unwrap();
    assert_eq!((now.text, now.edits), (question.text, 0));
    gateway.telegram.presses(GROUP, ANA, question.id, "Allow once");
    gateway.telegram.wait_for(GROUP, |messages| messages.iter().any(|m| m.text.contains("Allowed once by Ana"))).await;
    gateway.telegram.wait_for(GROUP, |messages| messages.iter().any(|m| m.text.contains("finished"))).await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_taken_off_the_list_is_not_served_although_their_message_was_taken() {
    let mut gateway = TestGateway::start().await;
    gateway.telegram.user(ANOTHER, "Ben");
    gateway.telegram.says(ANA, ANA, "[[permission:Bash:echo hi]] [[text:went on]]");
    let shown = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|m| !m.labels().is_empty())).await;
    let question = shown.iter().find(|message| !message.labels().is_empty()).unwrap().id;
    gateway.telegram.says(ANA, ANA, "[[text:must not be said]]");
    gateway.until("the second message is taken", || gateway.telegram.unconfirmed() == 0).await;
    gateway.kill();
    gateway.set("TELEGRAM_ALLOWED_USERS", &ANOTHER.to_string());
    gateway.telegram.presses(ANA, ANA, question, "Allow once");
    gateway.launch().await;
    // Her turn is in the other one until its question is over.
    gateway.set_directory(ANOTHER, "bens").await;
    gateway.telegram.says(ANOTHER, ANOTHER, "[[text:hello Ben]]");
    gateway.telegram.wait_for(ANOTHER, |messages| messages.iter().any(|m| m.text.starts_with("hello Ben"))).await;
    gateway.until("her press is taken", || gateway.telegram.unconfirmed() == 0).await;
    let open = "SELECT count(*) FROM remote_agent_approvals WHERE state = 'open'";
    assert_eq!(gateway.database.number(&gateway.data_dir(), open).await, 1, "{}", gateway.story());
    // The request that nobody may answer any more ends as one that nobody answered.
    gateway.advance(Duration::from_secs(24 * 3600 + 60)).await;
    let over = || gateway.telegram.transcript(ANA).contains("nobody answered in 24 h");
    gateway.until("the question is over", over).await;
    gateway.until_settled().await;
    assert_eq!(gateway.prompts().len(), 2, "{}", gateway.story());
    assert!(!gateway.telegram.transcript(ANA).contains("bot: must not be said"), "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_bots_and_channels_say_nothing_and_what_is_forwarded_is_no_command() {
    let gateway = TestGateway::start().await;
    let bot = json!({"id": ANA, "is_bot": true, "first_name": "Ana", "username": "ana_bot"});
    let channel = json!({"sender_chat": {"id": -1_001_000_000_001_i64, "type": "channel", "title": "News"}});
    gateway.telegram.deliver_raw(
        json!({"edited_message": message(&ana(), "[[text:edited]]", &json!({"edit_date": 1_780_000_001}))}),
    );
    gateway.telegram.deliver_raw(json!({"message": message(&bot, "[[text:bot]]", &json!({}))}));
    gateway.telegram.deliver_raw(json!({"message": message(&ana(), "[[text:channel]]", &channel)}));
    let forwarded = json!({"message_id": 901, "forward_origin": {
        "type": "user", "date": 1_780_000_000, "sender_user": {"id": STRANGER, "is_bot": false, "first_name": "Mallory"}
    }});
    gateway.telegram.deliver_raw(json!({"message": message(&ana(), "/reset", &forwarded)}));
    gateway.until_said("ok").await;
    taken(&gateway).await;
    let prompts = gateway.prompts();
    assert_eq!(prompts.len(), 1, "{}", gateway.story());
    assert!(prompts[0].prompt.contains(">\n/reset\n</"), "{}", prompts[0].prompt);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_answers_nobody_without_the_token() {
    let gateway = TestGateway::start().await;
    let (client, base) = (reqwest::Client::new(), gateway.address());
    for path in ["/", "/metrics", "/health/db", "/api/v1/overview", "/api/v1/approvals", "/api/v1/conversations"] {
        let answer = client.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{path}");
        let answer = client.get(format!("{base}{path}")).bearer_auth("wrong-wrong-wrong-wrong").send().await.unwrap();
        assert_eq!(answer.status(), 401, "{path}");
    }
    let said = client
        .post(format!("{base}/api/v1/conversations/{}/messages", uuid::Uuid::new_v4()))
        .json(&json!({"text": WORDS}));
    assert_eq!(said.send().await.unwrap().status(), 401);
    assert_eq!(gateway.prompts(), []);
    assert_eq!(gateway.traces(WORDS), Vec::<std::path::PathBuf>::new());
    gateway.finish().await;
}
