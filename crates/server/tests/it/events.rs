//! Server-sent events: everything once, in order, also after a break.

use std::time::Duration;

use adjutant_core::platform::{Part, Platform};
use reqwest::Response;
use serde_json::{Value, json};

use crate::stage::{Stage, conversation, key, problem};

/// A connected watcher.
struct Watcher {
    response: Response,
    unread: String,
}

impl Watcher {
    async fn connect(stage: &Stage, conversation: &str, last: Option<u64>) -> Self {
        let path = format!("/api/v1/conversations/{conversation}/events");
        let request = stage.get(&path).bearer_auth(&stage.token);
        let request = match last {
            Some(last) => request.header("last-event-id", last),
            None => request,
        };
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut watcher = Self { response, unread: String::new() };
        assert!(watcher.block().await.expect("a greeting").contains(": connected"));
        watcher
    }

    /// The next block of lines; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.unread.clone().split_once("\n\n") {
                self.unread = rest.to_owned();
                return Some(block.to_owned());
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await.expect("in time");
            self.unread += std::str::from_utf8(&chunk.expect("a chunk")?).expect("text");
        }
    }

    async fn event(&mut self) -> Value {
        loop {
            let block = self.block().await.expect("an event");
            let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
            let event: Value = serde_json::from_str(data).expect("json");
            let id = block.lines().find_map(|line| line.strip_prefix("id: "));
            assert_eq!(id, event["n"].as_u64().map(|n| n.to_string()).as_deref());
            return event;
        }
    }
}

#[tokio::test]
async fn a_watcher_sees_a_text_grow() {
    let stage = Stage::new().await;
    let id = conversation();
    let mut watcher = Watcher::connect(&stage, &id, None).await;
    stage.say(&id, json!({ "text": "hello", "client_id": "m" })).await;
    let part = stage.console.send(&key(&id), &Part::text("Hel")).await.expect("sent");
    stage.console.edit(&key(&id), &part, &Part::text("Hello")).await.expect("edited");
    stage.console.edit(&key(&id), &part, &Part::text("Hello")).await.expect("the same counts as success");
    stage.console.edit(&key(&id), &part, &Part::text("Hello wor▍⏳")).await.expect("edited");
    stage.console.edit(&key(&id), &part, &Part::text("Hello world▍⏳")).await.expect("edited");
    stage.console.edit(&key(&id), &part, &Part::text("Bye")).await.expect("edited");
    stage.console.status(&key(&id)).await.expect("shown");
    assert_eq!(watcher.event().await["type"], "user");
    assert_eq!(watcher.event().await["part"]["text"], "Hel");
    let grown = watcher.event().await;
    assert_eq!((&grown["type"], &grown["add"], &grown["id"]), (&json!("append"), &json!("lo"), &json!(part.0)));
    assert_eq!(watcher.event().await["add"], " wor▍⏳");
    let grown = watcher.event().await;
    assert_eq!((&grown["cut"], &grown["add"]), (&json!(2), &json!("ld▍⏳")), "the cursor at the end gives way");
    assert_eq!(watcher.event().await["part"]["text"], "Bye");
    assert_eq!(watcher.event().await["type"], "status");
}

#[tokio::test]
async fn a_watcher_that_comes_back_misses_nothing_and_sees_nothing_twice() {
    let stage = Stage::new().await;
    let id = conversation();
    let mut watcher = Watcher::connect(&stage, &id, None).await;
    let part = stage.console.send(&key(&id), &Part::text("0")).await.expect("sent");
    let mut text = "0".to_owned();
    let first = watcher.event().await;
    let mut seen = first["part"]["text"].as_str().expect("text").to_owned();
    let mut last = first["n"].as_u64().expect("n");
    for round in 1..=20 {
        drop(watcher);
        for step in 0..3 {
            text += &format!(" {round}.{step}");
            stage.console.edit(&key(&id), &part, &Part::text(text.clone())).await.expect("edited");
        }
        watcher = Watcher::connect(&stage, &id, Some(last)).await;
        for _ in 0..3 {
            let event = watcher.event().await;
            assert!(event["n"].as_u64().expect("n") > last);
            last = event["n"].as_u64().expect("n");
            seen += event["add"].as_str().expect("what was added");
        }
    }
    assert_eq!(seen, text);
}

#[tokio::test]
async fn events_continue_a_transcript() {
    let stage = Stage::new().await;
    let id = conversation();
    stage.console.send(&key(&id), &Part::text("before")).await.expect("sent");
    let cursor = stage.get_json(&format!("/api/v1/conversations/{id}/transcript")).await["cursor"].as_u64();
    stage.console.send(&key(&id), &Part::text("after")).await.expect("sent");
    let mut watcher = Watcher::connect(&stage, &id, cursor).await;
    assert_eq!(watcher.event().await["part"]["text"], "after");
}

#[tokio::test]
async fn a_cursor_survives_while_its_conversation_is_forgotten_from_memory() {
    let stage = Stage::new().await;
    let id = conversation();
    stage.console.send(&key(&id), &Part::text("before")).await.expect("sent");
    let cursor = stage.get_json(&format!("/api/v1/conversations/{id}/transcript")).await["cursor"].as_u64();
    stage.clock.advance(Duration::from_secs(600));
    stage.console.send(&key(&conversation()), &Part::text("elsewhere")).await.expect("sent");
    let mut watcher = Watcher::connect(&stage, &id, cursor).await;
    stage.console.send(&key(&id), &Part::text("after")).await.expect("sent");
    assert_eq!(watcher.event().await["part"]["text"], "after");
}

#[tokio::test]
async fn who_missed_more_than_is_remembered_is_told_to_reload() {
    let stage = Stage::new().await;
    let id = conversation();
    let mut watcher = Watcher::connect(&stage, &id, None).await;
    stage.console.send(&key(&id), &Part::text("first")).await.expect("sent");
    let first = watcher.event().await["n"].as_u64();
    drop(watcher);
    for number in 0..600 {
        stage
            .console
            .react(&key(&id), &adjutant_core::message::MessageRef(number.to_string()), None)
            .await
            .expect("sent");
    }
    for unknown in [first, Some(1), Some(u64::MAX)] {
        let mut late = Watcher::connect(&stage, &id, unknown).await;
        assert_eq!(late.event().await, json!({ "type": "reload" }));
        assert_eq!(late.block().await, None, "the stream ends");
    }
}

#[tokio::test]
async fn a_quiet_conversation_gives_signs_of_life() {
    let stage = Stage::new().await;
    let mut watcher = Watcher::connect(&stage, &conversation(), None).await;
    let beat = tokio::spawn(async move { watcher.block().await });
    while !beat.is_finished() {
        stage.clock.advance(Duration::from_secs(21));
        tokio::task::yield_now().await;
    }
    assert!(beat.await.expect("done").expect("a comment").starts_with(':'));
}

#[tokio::test]
async fn shutdown_ends_the_watchers_and_the_server() {
    let stage = Stage::new().await;
    let mut watcher = Watcher::connect(&stage, &conversation(), None).await;
    stage.stop().await;
    assert_eq!(watcher.block().await, None);
}

#[tokio::test]
async fn a_wrong_number_is_named() {
    let stage = Stage::new().await;
    let path = format!("/api/v1/conversations/{}/events", conversation());
    let answer = stage.get(&path).header("last-event-id", "x").bearer_auth(&stage.token).send().await;
    problem(answer.expect("an answer"), 400).await;
}
