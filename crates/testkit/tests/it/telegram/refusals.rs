//! Raw requests, as no client of ours would make them.

use std::time::Duration;

use adjutant_core::clock::{Clock, ManualClock};
use adjutant_testkit::telegram::{FakeTelegram, Fault};
use serde_json::{Value, json};

const ADA: i64 = 42;
const TEAM: i64 = -1_001_000_000_001;

struct Raw {
    fake: FakeTelegram,
    http: reqwest::Client,
    clock: ManualClock,
}

impl Raw {
    async fn start() -> Self {
        let clock = ManualClock::default();
        let fake = FakeTelegram::start_with(Clock::Manual(clock.clone())).await;
        fake.user(ADA, "Ada");
        fake.group(TEAM, "Team");
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        Self { fake, http, clock }
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        let url = format!("{}/bot{}/{method}", self.fake.url(), self.fake.token());
        let response = self.http.post(url).json(&params).send().await.expect("an answer");
        let status = response.status().as_u16();
        let answer: Value = response.json().await.expect("JSON");
        let expected = answer.get("error_code").and_then(Value::as_u64).unwrap_or(200);
        assert_eq!(u64::from(status), expected, "{answer}");
        answer
    }

    /// The description of a refusal.
    async fn refused(&self, method: &str, params: Value) -> String {
        let answer = self.call(method, params.clone()).await;
        assert_eq!(answer["ok"], false, "{method} {params} was taken: {answer}");
        answer["description"].as_str().expect("a description").to_owned()
    }

    async fn sent(&self, params: Value) -> i64 {
        let answer = self.call("sendMessage", params).await;
        answer["result"]["message_id"].as_i64().unwrap_or_else(|| panic!("{answer}"))
    }
}

#[tokio::test]
async fn requests_that_the_schema_does_not_know_are_refused() {
    let raw = Raw::start().await;
    raw.fake.lift_limits();
    let cases = [
        ("sendMessage", json!({"chat_id": ADA}), "lacks `text`"),
        ("sendMessage", json!({"chat_id": ADA, "text": " "}), "message text is empty"),
        ("sendMessage", json!({"text": "x"}), "lacks `chat_id`"),
        ("sendMessage", json!({"chat_id": ADA, "text": 5}), "must be String"),
        ("sendMessage", json!({"chat_id": ADA, "text": "x", "disable_web_page_preview": true}), "no parameter"),
        ("sendMessage", json!({"chat_id": ADA, "text": "x", "link_preview_options": {"disabled": true}}), "no field"),
        ("sendMessage", json!({"chat_id": ADA, "text": "x", "parse_mode": "HTML"}), "never a parse_mode"),
        ("sendMessage", json!({"chat_id": ADA, "text": "x", "entities": [{"type": "bold", "offset": 0}]}), "lacks"),
        ("sendMessage", json!({"chat_id": 5, "text": "x"}), "chat not found"),
        ("sendMessage", json!({"chat_id": ADA, "text": "x".repeat(4097)}), "message is too long"),
        ("sendMessage", json!({"chat_id": ADA, "text": "🙂".repeat(2049)}), "message is too long"),
        ("getUpdates", json!({"limit": 101}), "must be 1-100"),
        ("setMyCommands", json!({"commands": [{"command": "command-set", "description": "x"}]}), "COMMAND_INVALID"),
        ("setMyCommands", json!({"commands": [], "scope": {"type": "everybody"}}), "no BotCommandScope"),
        ("answerCallbackQuery", json!({"callback_query_id": "1"}), "query is too old"),
        ("sendChatAction", json!({"chat_id": ADA, "action": "thinking"}), "wrong parameter action"),
        ("sendPigeon", json!({}), "Not Found"),
    ];
    let count = cases.len();
    for (method, params, expected) in cases {
        let said = raw.refused(method, params).await;
        assert!(said.contains(expected), "{method}: {said}, expected {expected}");
    }
    assert_eq!(raw.fake.take_unexpected().len(), count);
    assert!(raw.fake.messages(ADA).is_empty());
}

#[tokio::test]
async fn entities_must_lie_in_the_text_and_split_no_character() {
    let raw = Raw::start().await;
    raw.fake.lift_limits();
    let with = |offset: i64, length: i64, kind: &str| json!({"chat_id": ADA, "text": "🙂 ok", "entities": [{"type": kind, "offset": offset, "length": length}]});
    for (offset, length, kind, expected) in [
        (0, 6, "bold", "outside"),
        (4, 0, "bold", "outside"),
        (-1, 2, "bold", "outside"),
        (1, 2, "bold", "splits"),
        (0, 1, "bold", "splits"),
        (3, 2, "huge", "unsupported"),
        (3, 2, "text_link", "web address"),
    ] {
        let said = raw.refused("sendMessage", with(offset, length, kind)).await;
        assert!(said.contains(expected), "{offset}+{length} {kind}: {said}");
    }
    raw.sent(with(0, 5, "bold")).await;
    assert_eq!(raw.fake.messages(ADA)[0].styled("bold"), ["🙂 ok"]);
}

#[tokio::test]
async fn buttons_are_checked_as_the_real_server_checks_them() {
    let raw = Raw::start().await;
    let with = |rows: Value| json!({"chat_id": ADA, "text": "x", "reply_markup": {"inline_keyboard": rows}});
    let button = |data: &str| json!({"text": "Yes", "callback_data": data});
    let long = raw.refused("sendMessage", with(json!([[button(&"x".repeat(65))]]))).await;
    assert_eq!(long, "Bad Request: BUTTON_DATA_INVALID");
    raw.refused("sendMessage", with(json!([[{"text": "Yes"}]]))).await;
    raw.refused("sendMessage", with(json!([vec![button("a"); 9]]))).await;
    raw.refused("sendMessage", with(json!([button("a")]))).await;
    raw.sent(with(json!([[button(&"x".repeat(64))]]))).await;
}

#[tokio::test]
async fn edits_deletes_and_reactions_need_their_message() {
    let raw = Raw::start().await;
    raw.fake.says(ADA, ADA, "hello");
    let theirs = raw.fake.last_message(ADA).expect("a message");
    let ours = raw.sent(json!({"chat_id": ADA, "text": "one"})).await;
    let edit = |id: i64, text: &str| json!({"chat_id": ADA, "message_id": id, "text": text});
    assert!(raw.refused("editMessageText", edit(ours, "one")).await.contains("message is not modified"));
    assert!(raw.refused("editMessageText", edit(i64::from(theirs), "x")).await.contains("can't be edited"));
    assert!(raw.refused("editMessageText", edit(999, "x")).await.contains("message to edit not found"));
    raw.call("EDITMESSAGETEXT", edit(ours, "two")).await;
    assert_eq!(raw.fake.messages(ADA)[0].history, ["one", "two"]);
    let react =
        |emoji: &str| json!({"chat_id": ADA, "message_id": theirs, "reaction": [{"type": "emoji", "emoji": emoji}]});
    assert!(raw.refused("setMessageReaction", react("✅")).await.contains("REACTION_INVALID"));
    assert_eq!(raw.call("setMessageReaction", react("👀")).await["ok"], true);
    let delete = json!({"chat_id": ADA, "message_id": ours});
    assert_eq!(raw.call("deleteMessage", delete.clone()).await["ok"], true);
    assert!(raw.refused("deleteMessage", delete).await.contains("message to delete not found"));
}

#[tokio::test]
async fn topics_are_addressed_by_their_number_and_general_by_none() {
    let raw = Raw::start().await;
    let topic = raw.fake.topic(TEAM, "parser");
    let to = |thread: i32| json!({"chat_id": TEAM, "text": "x", "message_thread_id": thread});
    for wrong in [1, topic + 1] {
        assert!(raw.refused("sendMessage", to(wrong)).await.contains("message thread not found"));
    }
    raw.sent(to(topic)).await;
    assert_eq!(raw.fake.messages((TEAM, topic)).len(), 1);
}

#[tokio::test]
async fn a_poll_confirms_what_lies_below_its_offset_and_nothing_else() {
    let raw = Raw::start().await;
    let first = raw.fake.says(ADA, ADA, "one");
    raw.fake.says(ADA, ADA, "two");
    let texts = async |params: Value| -> Vec<String> {
        let answer = raw.call("getUpdates", params).await;
        let updates = answer["result"].as_array().expect("a list").clone();
        updates.iter().map(|u| u["message"]["text"].as_str().unwrap_or("?").to_owned()).collect()
    };
    assert_eq!(texts(json!({})).await, ["one", "two"]);
    assert_eq!(texts(json!({"offset": 0, "limit": 1})).await, ["one"]);
    assert_eq!(texts(json!({"offset": first})).await, ["one", "two"]);
    assert_eq!(texts(json!({"offset": first + 1})).await, ["two"]);
    assert_eq!(texts(json!({"offset": 0})).await, ["two"]);
    raw.fake.says(ADA, ADA, "three");
    assert_eq!(texts(json!({"offset": -1})).await, ["three"]);
    assert_eq!(raw.fake.unconfirmed(), 1);
    assert_eq!(texts(json!({"offset": first + 3})).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_long_poll_wakes_and_a_second_one_pushes_the_first_out() {
    let raw = Raw::start().await;
    let waiting = raw.call("getUpdates", json!({"timeout": 50}));
    let second = async {
        raw.fake.wait_until("the first poll", |fake| (fake.calls("getUpdates") == 1).then_some(())).await;
        let wait = raw.call("getUpdates", json!({"timeout": 50}));
        let speak = async {
            raw.fake.wait_until("the second poll", |fake| (fake.calls("getUpdates") == 2).then_some(())).await;
            raw.fake.says(ADA, ADA, "hello");
        };
        tokio::join!(wait, speak).0
    };
    let (first, second) = tokio::join!(waiting, second);
    assert_eq!(first["error_code"], 409, "{first}");
    assert_eq!(second["result"][0]["message"]["text"], "hello");
    raw.fake.assert_clean();
}

#[tokio::test]
async fn kinds_of_updates_that_were_not_asked_for_do_not_come() {
    let raw = Raw::start().await;
    raw.call("getUpdates", json!({"allowed_updates": ["callback_query"]})).await;
    raw.fake.says(ADA, ADA, "unheard");
    assert_eq!(raw.call("getUpdates", json!({})).await["result"], json!([]));
}

#[tokio::test]
async fn rates_hold_per_chat_refill_with_time_and_can_be_lifted() {
    let raw = Raw::start().await;
    let send = async |text: &str| raw.call("sendMessage", json!({"chat_id": TEAM, "text": text})).await;
    let throttled = loop {
        let answer = send("x").await;
        if answer["ok"] == false {
            break answer;
        }
    };
    let wait = throttled["parameters"]["retry_after"].as_u64().expect("seconds");
    assert_eq!(throttled["error_code"], 429);
    assert!((1..=60).contains(&wait), "{wait}");
    raw.clock.advance(Duration::from_secs(wait));
    assert_eq!(send("after the wait").await["ok"], true);
    raw.fake.lift_limits();
    for number in 0..50 {
        assert_eq!(send(&number.to_string()).await["ok"], true);
    }
    assert_eq!(raw.fake.throttled(), 1);
    raw.fake.assert_clean();
}

#[tokio::test]
async fn forms_and_queries_are_read_like_json() {
    let raw = Raw::start().await;
    let base = format!("{}/bot{}", raw.fake.url(), raw.fake.token());
    let rows = r#"{"inline_keyboard":[[{"text":"Yes","callback_data":"y"}]]}"#;
    let form = [("chat_id", "42"), ("text", "by form"), ("disable_notification", "true"), ("reply_markup", rows)];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let kind = "application/x-www-form-urlencoded";
    let post = raw.http.post(format!("{base}/sendMessage")).header("content-type", kind).body(body);
    assert!(post.send().await.expect("an answer").status().is_success());
    let get = raw.http.get(format!("{base}/sendmessage?chat_id=42&text=by%20query"));
    assert!(get.send().await.expect("an answer").status().is_success());
    let wrong = raw.http.get(format!("{base}/sendMessage?chat_id=42&text=x&disable_notification=perhaps"));
    assert_eq!(wrong.send().await.expect("an answer").status().as_u16(), 400);
    let shown = raw.fake.messages(ADA);
    assert_eq!((shown[0].text.as_str(), shown[0].silent, shown[0].labels()), ("by form", true, vec!["Yes"]));
    assert_eq!(shown[1].text, "by query");
}

#[tokio::test]
async fn a_chat_reads_as_lines() {
    let raw = Raw::start().await;
    raw.fake.says(ADA, ADA, "/start");
    let keyboard =
        json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}, {"text": "No", "callback_data": "n"}]]});
    raw.sent(json!({"chat_id": ADA, "text": "Run it?\n`ls`", "reply_markup": keyboard})).await;
    let gone = raw.sent(json!({"chat_id": ADA, "text": "gone"})).await;
    raw.call("deleteMessage", json!({"chat_id": ADA, "message_id": gone})).await;
    let expected = "Ada: /start\nbot: Run it?\n  `ls`\n  [Yes] [No]\nbot: (deleted)\n";
    assert_eq!(raw.fake.transcript(ADA), expected);
}

#[tokio::test]
async fn a_paused_fake_refuses_connections_and_comes_back_with_its_memory() {
    let raw = Raw::start().await;
    raw.sent(json!({"chat_id": ADA, "text": "before"})).await;
    raw.fake.pause().await;
    let url = format!("{}/bot{}/getMe", raw.fake.url(), raw.fake.token());
    let refused = raw.http.get(&url).send().await.expect_err("refused");
    assert!(refused.is_connect(), "{refused:?}");
    raw.fake.resume().await;
    assert!(raw.http.get(&url).send().await.expect("an answer").status().is_success());
    assert_eq!(raw.fake.texts(ADA), ["before"]);
}

#[tokio::test]
async fn faults_hit_the_named_method_and_chat_so_many_times() {
    let raw = Raw::start().await;
    raw.fake.fail_in(TEAM, "sendMessage", Fault::RetryAfter(7), 2);
    let send = async |chat: i64| raw.call("sendMessage", json!({"chat_id": chat, "text": "x"})).await;
    assert_eq!(send(ADA).await["ok"], true);
    assert_eq!(send(TEAM).await["parameters"]["retry_after"], 7);
    assert_eq!(send(TEAM).await["error_code"], 429);
    assert_eq!(send(TEAM).await["ok"], true);
    raw.fake.assert_clean();
}
