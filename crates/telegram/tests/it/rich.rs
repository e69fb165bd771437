//! Rich messages: what they are made of, and what takes their place.

use adjutant_core::clock::{Clock, ManualClock};
use adjutant_core::message::MessageRef;
use adjutant_core::platform::{Form, Part, Platform, SendError};
use adjutant_telegram::{Format, Telegram, TelegramConfig};
use adjutant_testkit::telegram::{FakeTelegram, Fault};
use serde_json::json;

use crate::gateway::{ADA, Gateway, entry, key};

const TABLE: &str = "| file | state |\n|---|--:|\n| `a.rs` | **done** |\n";

fn refusal(code: u16, description: &str) -> Fault {
    Fault::Status(code, json!({"ok": false, "error_code": code, "description": description}).to_string())
}

fn simple(text: &str) -> Part {
    Part { form: Form::Simple, ..Part::text(text) }
}

#[tokio::test]
async fn a_table_and_a_list_of_tasks_are_shown_as_such_and_other_text_is_not() {
    let gateway = Gateway::sending().await;
    let source = format!(
        "# Now\nask @ada, then /status or /tmp\n\n{TABLE}\n- [x] one\n- [ ] two\n  1. [inner](https://a.org)\n"
    );
    gateway.bot.send(&key(ADA), &Part::text(source)).await.expect("sent");
    gateway.bot.send(&key(ADA), &Part::text("1. **plain** enough")).await.expect("sent");
    let messages = gateway.fake.messages(ADA);
    assert_eq!(
        messages[0].text,
        "Now\nask @ada, then /status or /tmp\n\nfile | state\na.rs | done\n\n☑ one\n☐ two\n   1. inner"
    );
    assert!(messages[0].pings.is_empty());
    let blocks = messages[0].rich.clone().expect("a rich message");
    assert_eq!(
        blocks[1]["text"],
        json!([
            "ask @ada, then ", {"type": "bot_command", "text": "/status", "bot_command": "/status"}, " or /tmp"
        ])
    );
    assert_eq!(
        blocks[2]["cells"][1],
        json!([
            {"text": {"type": "code", "text": "a.rs"}, "align": "left", "valign": "top"},
            {"text": {"type": "bold", "text": "done"}, "align": "right", "valign": "top"}
        ])
    );
    assert!(messages[1].rich.is_none() && messages[1].styled("bold") == ["plain"]);
    gateway.fake.assert_clean();
}

#[tokio::test]
async fn a_rich_message_may_be_edited_into_another_and_into_one_with_entities() {
    let gateway = Gateway::sending().await;
    let at = gateway.bot.send(&key(ADA), &Part::text(TABLE)).await.expect("sent");
    gateway.bot.edit(&key(ADA), &at, &Part::text(TABLE)).await.expect("not modified is success");
    assert!(gateway.fake.take_unexpected()[0].contains("not modified"));
    let more = format!("{TABLE}| b.rs | open |\n");
    gateway.bot.edit(&key(ADA), &at, &Part::text(more)).await.expect("edited");
    assert!(gateway.fake.messages(ADA)[0].text.ends_with("b.rs | open"));
    gateway.bot.edit(&key(ADA), &at, &simple(TABLE)).await.expect("edited");
    let shown = gateway.fake.messages(ADA).remove(0);
    assert!(shown.rich.is_none() && shown.styled("pre").len() == 1, "{shown:?}");
    gateway.fake.assert_clean();
}

#[tokio::test]
async fn a_server_without_rich_messages_is_asked_once() {
    let gateway = Gateway::sending().await;
    gateway.fake.fail_next("sendRichMessage", refusal(404, "Not Found"));
    let table = Part::text(TABLE);
    assert_eq!(gateway.bot.forms(&table), [Form::Formatted, Form::Simple, Form::Plain]);
    let refused = gateway.bot.send(&key(ADA), &table).await;
    assert!(matches!(refused, Err(SendError::Rejected(_))), "{refused:?}");
    assert_eq!(gateway.bot.forms(&table), [Form::Formatted, Form::Plain]);
    gateway.bot.send(&key(ADA), &table).await.expect("with entities");
    assert_eq!(gateway.fake.messages(ADA)[0].styled("pre").len(), 1);
    assert_eq!(gateway.fake.calls("sendRichMessage"), 1);
}

#[tokio::test]
async fn refusals_of_single_texts_close_nothing_but_three_in_a_row_do() {
    let gateway = Gateway::sending().await;
    let table = Part::text(TABLE);
    let refused = || refusal(400, "Bad Request: RICH_MESSAGE_INVALID");
    for refusals in [2, 3] {
        gateway.fake.fail("sendRichMessage", refused(), refusals);
        for _ in 0..refusals {
            let error = gateway.bot.send(&key(ADA), &table).await.expect_err("refused");
            assert!(matches!(error, SendError::Rejected(_)), "{error:?}");
        }
        gateway.bot.send(&key(ADA), &table).await.expect("sent");
    }
    let rich: Vec<_> = gateway.fake.messages(ADA).iter().map(|shown| shown.rich.is_some()).collect();
    assert_eq!(rich, [true, false]);
}

#[tokio::test]
async fn what_a_rich_message_cannot_hold_goes_with_entities() {
    let gateway = Gateway::sending().await;
    let wide = format!("|{}\n|{}\n|{}\n", " a |".repeat(21), "---|".repeat(21), " 1 |".repeat(21));
    let long: String = std::iter::once("- [ ] x\n").chain((0..450).map(|_| "- y\n")).collect();
    let deep = format!("{TABLE}\n{} deep", ">".repeat(700));
    for source in [wide, long, deep] {
        gateway.bot.send(&key(ADA), &Part::text(source)).await.expect("sent");
    }
    assert!(gateway.fake.messages(ADA).iter().all(|shown| shown.rich.is_none()));
    gateway.fake.assert_clean();
}

/// The letters and digits of a text, without the numbers of lists.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

/// A bot that sends everything as rich messages.
async fn rich_bot() -> (FakeTelegram, Telegram) {
    let fake = FakeTelegram::start().await;
    fake.user(ADA, "Ada");
    fake.lift_limits();
    let mut config = TelegramConfig::new(fake.token().to_owned().into());
    config.api_url = fake.url().parse().expect("an address");
    config.format = Format::Rich;
    config.commands = vec![entry("status", "Where it stands")];
    let bot = Telegram::new(config, Clock::Manual(ManualClock::default())).expect("a client");
    (fake, bot)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_is_written_telegram_takes_it_and_no_word_is_lost(
        source in proptest::collection::vec(
            proptest::sample::select(vec![
                "# ", "- ", "1. ", "> ", "| a | b |\n|---|---|\n| c | d |\n", "- [x] ", "- [ ] ", "**", "*", "~~", "`",
                "```rust\n", "```\n", "[x](https://a.org)", "[y](tg://user?id=1)", "<b>", "/status", "@ada", "word",
                "ü🙂", "\n", "\n\n", "   ", "---\n", "\\", "|",
            ]),
            0..40,
        )
    ) {
        let source = source.concat();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (fake, bot) = rich_bot().await;
            let sent = bot.send(&key(ADA), &Part::text(source.as_str())).await;
            fake.assert_clean();
            let Ok(MessageRef(_)) = sent else { return };
            bot.send(&key(ADA), &simple(&source)).await.expect("with entities as well");
            let said = fake.texts(ADA);
            assert_eq!(letters(&said[0]), letters(&said[1]), "{source:?}");
            assert!(fake.messages(ADA)[0].pings.is_empty());
        });
    }
}
