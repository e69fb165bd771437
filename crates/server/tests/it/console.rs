//! Conversations: what is said reaches the intake once, and the transcript is what was sent.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use adjutant_core::clock::Clock;
use adjutant_core::message::{DeliveryId, InboundContent, MessageRef};
use adjutant_core::platform::{Form, Part, Platform, Preview, SendError, Sign};
use adjutant_server::ConsolePlatform;
use serde_json::{Value, json};

use crate::stage::{Stage, client, conversation, key, problem};

async fn transcript(stage: &Stage, conversation: &str) -> Value {
    stage.get_json(&format!("/api/v1/conversations/{conversation}/transcript")).await
}

#[tokio::test]
async fn a_message_is_accepted_after_the_intake_has_it() {
    let stage = Stage::new().await;
    let id = conversation();
    let answer = stage.say(&id, json!({ "text": "add dark mode", "client_id": "m-1" })).await;
    assert_eq!(answer.status(), 202);
    let received = stage.gateway.received.lock().expect("lock").clone();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].delivery, DeliveryId(format!("{id}/m-1")));
    assert_eq!(received[0].conversation, key(&id));
    assert_eq!(received[0].message, Some(MessageRef("m-1".to_owned())));
    assert_eq!(received[0].sender.id, adjutant_server::console::OPERATOR);
    assert_eq!(received[0].content, InboundContent::words("add dark mode"));
    let seen = transcript(&stage, &id).await;
    assert_eq!(seen["items"][0]["text"], "add dark mode");
    assert_eq!(seen["items"][0]["id"], "m-1");
}

#[tokio::test]
async fn the_same_client_id_is_one_message() {
    let stage = Stage::new().await;
    let id = conversation();
    for _ in 0..3 {
        let answer = stage.say(&id, json!({ "text": "hello", "client_id": "same" })).await;
        assert_eq!(answer.status(), 202);
    }
    // A text that looks like a line of the transcript is not taken for one.
    let tricky = r#"{"type":"user","id":"other","text":"x"}"#;
    assert_eq!(stage.say(&id, json!({ "text": tricky, "client_id": "third" })).await.status(), 202);
    assert_eq!(stage.say(&id, json!({ "text": "hello", "client_id": "other" })).await.status(), 202);
    assert_eq!(stage.gateway.received.lock().expect("lock").len(), 3);
    assert_eq!(transcript(&stage, &id).await["items"].as_array().expect("items").len(), 3);
}

#[tokio::test]
async fn a_closed_intake_is_503_and_leaves_nothing_behind() {
    let stage = Stage::new().await;
    *stage.gateway.closed.lock().expect("lock") = Some("the disk is full".to_owned());
    let id = conversation();
    let refused = stage.say(&id, json!({ "text": "hello", "client_id": "m" })).await;
    assert!(problem(refused, 503).await.contains("the disk is full"));
    assert_eq!(transcript(&stage, &id).await["items"], json!([]));
    *stage.gateway.closed.lock().expect("lock") = None;
    assert_eq!(stage.say(&id, json!({ "text": "hello", "client_id": "m" })).await.status(), 202);
    assert_eq!(transcript(&stage, &id).await["items"].as_array().expect("items").len(), 1);
}

#[tokio::test]
async fn a_button_press_reaches_the_intake() {
    let stage = Stage::new().await;
    let path = format!("/api/v1/conversations/{}/buttons", conversation());
    let pressed = stage.post(&path, &json!({ "token": "a7:once" })).bearer_auth(&stage.token).send().await;
    assert_eq!(pressed.expect("an answer").status(), 202);
    let received = stage.gateway.received.lock().expect("lock").clone();
    assert_eq!(received[0].content, InboundContent::Button { token: "a7:once".to_owned() });
    stage.console.acknowledge(&received[0].delivery).await.expect("acknowledged");
}

#[tokio::test]
async fn wrong_bodies_and_ids_are_named() {
    let stage = Stage::new().await;
    let id = conversation();
    for body in [
        json!({ "text": "  " }),
        json!({}),
        json!({ "text": 1 }),
        json!({ "text": "a", "client_id": "a b" }),
        json!({ "text": "a", "x": 1 }),
    ] {
        problem(stage.say(&id, body).await, 400).await;
    }
    for wrong in ["x", &id.to_uppercase(), &id.replace('-', ""), "..", "%2e%2e%2fapi-token"] {
        let answer = stage.say(wrong, json!({ "text": "hello" })).await;
        assert!(matches!(answer.status().as_u16(), 400 | 404), "{wrong} got {}", answer.status());
    }
    let path = format!("/api/v1/conversations/{id}/messages");
    let form = client().post(stage.url(&path)).header("content-type", "text/plain").body(r#"{"text":"a"}"#);
    problem(form.bearer_auth(&stage.token).send().await.expect("an answer"), 415).await;
    assert!(stage.gateway.received.lock().expect("lock").is_empty());
}

#[tokio::test]
async fn what_is_sent_edited_and_deleted_is_the_transcript_also_for_the_next_process() {
    let stage = Stage::new().await;
    let id = conversation();
    let to = key(&id);
    stage.say(&id, json!({ "text": "hello", "client_id": "m" })).await;
    let first = stage.console.send(&to, &Part::text("Hel")).await.expect("sent");
    for text in ["Hello", "Hello, I am ", "Hello, I am here."] {
        stage.console.edit(&to, &first, &Part::text(text)).await.expect("edited");
    }
    let gone = stage.console.send(&to, &Part::text("Bash: cargo test")).await.expect("sent");
    stage.console.delete(&to, &gone).await.expect("deleted");
    stage.console.react(&to, &MessageRef("m".to_owned()), Some(Sign::Done)).await.expect("reacted");
    // An earlier message may still change, also to something shorter.
    stage.console.edit(&to, &first, &Part { form: Form::Plain, ..Part::text("Done.") }).await.expect("edited");
    let seen = transcript(&stage, &id).await;
    assert_eq!(seen["items"][0]["sign"], "done");
    assert_eq!(seen["items"][1]["text"], "Done.");
    assert_eq!(seen["items"][1]["form"], "plain");
    assert_eq!(seen["items"].as_array().expect("items").len(), 2);

    let file = stage.data.path().join(format!("console/{id}.jsonl"));
    assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(file.parent().expect("a folder").metadata().expect("it").permissions().mode() & 0o777, 0o700);
    // A growing text is one line, not one for each of its beginnings.
    assert_eq!(std::fs::read_to_string(&file).expect("text").lines().count(), 6);

    // A line torn by a crash is not a line, and the next one does not suffer.
    let mut torn = std::fs::read(&file).expect("bytes");
    torn.extend(br#"{"n":1,"at":"2026-"#);
    std::fs::write(&file, torn).expect("written");
    let next = ConsolePlatform::new(stage.data.path(), Clock::System).expect("a console");
    next.send(&to, &Part::text("Back again.")).await.expect("sent");
    let lines = std::fs::read_to_string(&file).expect("text");
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{lines}");
    assert_eq!(lines.lines().count(), 7);
}

#[tokio::test]
async fn an_answer_that_grows_across_a_restart_goes_on_in_the_same_line() {
    let stage = Stage::new().await;
    let id = conversation();
    let part = stage.console.send(&key(&id), &Part::text("Half")).await.expect("sent");
    let next = ConsolePlatform::new(stage.data.path(), Clock::System).expect("a console");
    next.edit(&key(&id), &part, &Part::text("Half of it and the rest.")).await.expect("edited");
    let lines = std::fs::read_to_string(stage.data.path().join(format!("console/{id}.jsonl"))).expect("text");
    assert_eq!(lines.lines().count(), 1);
    assert!(lines.contains("and the rest"));
}

#[tokio::test]
async fn a_long_last_line_is_found_again() {
    let stage = Stage::new().await;
    let id = conversation();
    let long = "x".repeat(200_000);
    stage.say(&id, json!({ "text": "first", "client_id": "a" })).await;
    stage.say(&id, json!({ "text": long, "client_id": "b" })).await;
    let next = ConsolePlatform::new(stage.data.path(), Clock::System).expect("a console");
    next.send(&key(&id), &Part::text("Read it.")).await.expect("sent");
    let lines = std::fs::read_to_string(stage.data.path().join(format!("console/{id}.jsonl"))).expect("text");
    let numbers: Vec<u64> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("json")["n"].as_u64().expect("n"))
        .collect();
    assert!(numbers.is_sorted() && numbers.len() == 3, "{numbers:?}");
}

#[tokio::test]
async fn a_transcript_comes_in_pages() {
    let stage = Stage::new().await;
    let id = conversation();
    for number in 0..5 {
        stage.console.send(&key(&id), &Part::text(format!("part {number}"))).await.expect("sent");
    }
    let path = format!("/api/v1/conversations/{id}/transcript?limit=2");
    let last = stage.get_json(&path).await;
    assert_eq!(last["items"][1]["text"], "part 4");
    let before = stage.get_json(&format!("{path}&before={}", last["earlier"])).await;
    assert_eq!(before["items"][0]["text"], "part 1");
    let first = stage.get_json(&format!("{path}&before={}", before["earlier"])).await;
    assert_eq!((&first["items"][0]["text"], &first["earlier"]), (&json!("part 0"), &Value::Null));
}

#[tokio::test]
async fn conversations_are_listed_newest_first_in_pages() {
    let stage = Stage::new().await;
    let ids: Vec<String> = (0..5).map(|_| conversation()).collect();
    for (number, id) in ids.iter().enumerate() {
        stage.say(id, json!({ "text": "/status" })).await;
        stage.say(id, json!({ "text": format!("order\nnumber {number}") })).await;
        // The file system's clock may be coarse.
        let at = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + number as u64);
        let file = std::fs::File::options().write(true).open(stage.data.path().join(format!("console/{id}.jsonl")));
        file.expect("a file").set_modified(at).expect("set");
    }
    let mut titles = Vec::new();
    let mut path = "/api/v1/conversations?limit=2".to_owned();
    loop {
        let page = stage.get_json(&path).await;
        titles.extend(page["items"].as_array().expect("items").iter().map(|item| item["title"].to_string()));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/conversations?limit=2&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(titles, [4, 3, 2, 1, 0].map(|number| format!("\"order number {number}\"")));
    let wrong = stage.get("/api/v1/conversations?cursor=../x").bearer_auth(&stage.token).send().await;
    problem(wrong.expect("an answer"), 400).await;
}

#[tokio::test]
async fn old_transcripts_are_pruned_and_forgotten_ones_are_gone() {
    let stage = Stage::new().await;
    let (old, kept, forgotten) = (conversation(), conversation(), conversation());
    for id in [&old, &kept, &forgotten] {
        stage.say(id, json!({ "text": "hello" })).await;
    }
    let file = |id: &str| stage.data.path().join(format!("console/{id}.jsonl"));
    let past = std::time::SystemTime::UNIX_EPOCH;
    std::fs::File::options().write(true).open(file(&old)).expect("a file").set_modified(past).expect("set");
    assert_eq!(stage.console.prune(30).await.expect("pruned"), 1);
    stage.console.delete_transcript(&key(&forgotten)).await.expect("forgotten");
    assert!(!file(&old).exists() && file(&kept).exists() && !file(&forgotten).exists());
    stage.console.send(&key(&old), &Part::text("again")).await.expect("sent");
    assert_eq!(transcript(&stage, &old).await["items"].as_array().expect("items").len(), 1);
}

#[tokio::test]
async fn the_port_refuses_what_is_no_conversation_and_reports_a_full_disk_as_not_sent() {
    let stage = Stage::new().await;
    let to = key("../../etc/passwd");
    let refused = stage.console.send(&to, &Part::text("x")).await.expect_err("refused");
    assert!(matches!(refused, SendError::Rejected(_)));
    let folder = stage.data.path().join("console");
    std::fs::remove_dir(&folder).expect("removed");
    let failed = stage.console.send(&key(&conversation()), &Part::text("x")).await.expect_err("failed");
    assert!(matches!(failed, SendError::NotSent(_)));
    assert!(matches!(stage.console.capabilities(&to).preview, Preview::Edit(_)));
    assert_eq!(stage.console.measure("äö🙂"), 3);
}

#[tokio::test]
async fn an_answer_that_comes_at_once_stands_below_its_question() {
    let stage = Stage::new().await;
    *stage.gateway.answers.lock().expect("lock") = Some(stage.console.clone());
    for _ in 0..20 {
        let id = conversation();
        stage.say(&id, json!({ "text": "question" })).await;
        loop {
            let seen = transcript(&stage, &id).await;
            let items = seen["items"].as_array().expect("items");
            let texts: Vec<&str> = items.iter().map(|item| item["text"].as_str().expect("text")).collect();
            if texts.len() == 2 {
                assert_eq!(texts, ["question", "answer"]);
                break;
            }
        }
    }
}
