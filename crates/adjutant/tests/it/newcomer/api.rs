//! The same hour for a program: messages over the API, idempotent, with events.

use serde_json::{Value, json};

use super::stage::Newcomer;

const CONVERSATION: &str = "conversations/0f6f2b54-7c39-4b52-9d6e-0d4a3f1e2c5b";

/// The messages of the conversation, as (author, text).
async fn transcript(newcomer: &Newcomer) -> Vec<(String, String)> {
    let page = newcomer.get(&format!("{CONVERSATION}/transcript")).await;
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(|item| (text(item, "from"), text(item, "text"))).collect()
}

async fn until_said(newcomer: &Newcomer, wanted: &str) -> Vec<(String, String)> {
    for _ in 0..6000 {
        let messages = transcript(newcomer).await;
        if messages.iter().any(|(from, text)| from == "gateway" && text.contains(wanted)) {
            return messages;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("`{wanted}` is never said: {:?}\n{}", transcript(newcomer).await, newcomer.log());
}

async fn say(newcomer: &Newcomer, id: &str, text: &str) {
    newcomer.post(&format!("{CONVERSATION}/messages"), &json!({ "text": text, "client_id": id })).await;
}

/// The events from the beginning of the conversation to the one that a turn ends with.
async fn events(newcomer: &Newcomer, ends: impl Fn(&Value) -> bool) -> Vec<Value> {
    let path = format!("{CONVERSATION}/events?after=0");
    let mut stream = newcomer.request(reqwest::Method::GET, &path).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let (mut read, mut events) = (Vec::new(), Vec::new());
    loop {
        let chunk = tokio::time::timeout(crate::harness::PATIENCE, stream.chunk()).await.expect("events come");
        read.extend_from_slice(&chunk.unwrap().expect("more events"));
        while let Some(end) = read.windows(2).position(|two| two == b"\n\n") {
            let event = String::from_utf8(read.drain(..end + 2).collect()).unwrap();
            let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
            let event: Value = serde_json::from_str(data).unwrap();
            let is_last = ends(&event);
            events.push(event);
            if is_last {
                return events;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_again_and_after_a_restart_is_answered_once() {
    let mut newcomer = Newcomer::start().await;
    say(&newcomer, "m1", "hello").await;
    say(&newcomer, "m1", "hello").await;
    until_said(&newcomer, "improve the greeting").await;
    newcomer.kill();
    newcomer.launch().await;
    say(&newcomer, "m1", "hello").await;
    say(&newcomer, "m2", "How does this work?").await;
    let messages = until_said(&newcomer, "That is all there is to know").await;
    // The kill may have come before the end of the first turn was recorded; then the second message waits for it.
    let answers = messages.iter().filter(|(_, text)| !text.starts_with("Queued") && !text.starts_with("✓ Started"));
    let from: Vec<&str> = answers.map(|(from, _)| from.as_str()).collect();
    assert_eq!(from, ["user", "gateway", "user", "gateway"], "{messages:?}");
    newcomer.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_that_it_works_and_as_their_last_word_that_it_does_not() {
    let newcomer = Newcomer::start().await;
    say(&newcomer, "m1", "hello").await;
    let ended = |event: &Value| event["type"] == "reaction" && event["sign"].is_null();
    let mut seen = events(&newcomer, ended).await;
    let kinds: Vec<&str> = seen.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"append"), "{kinds:?}");
    assert!(seen.iter().any(|event| event["type"] == "reaction" && event["sign"] == "seen"), "{seen:?}");
    // A status behind the end would show the assistant at work for another ten seconds.
    say(&newcomer, "m2", "/whoami").await;
    let next = |event: &Value| event["type"] == "user" && event["id"] == "m2";
    seen = events(&newcomer, next).await;
    let end = seen.iter().position(ended).unwrap();
    assert!(seen[end..].iter().all(|event| event["type"] != "status"), "{seen:?}");
    let numbers: Vec<u64> = seen.iter().map(|event| event["n"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_over_the_api() {
    let newcomer = Newcomer::start().await;
    say(&newcomer, "m1", "improve the greeting").await;
    until_said(&newcomer, "wants to change").await;
    let open = newcomer.get("approvals").await;
    assert_eq!(open["items"].as_array().unwrap().len(), 1, "{open}");
    let id = open["items"][0]["id"].to_string();
    say(&newcomer, "m2", &format!("/approve {id}")).await;
    until_said(&newcomer, "Done.").await;
    assert!(newcomer.sample("greeting.py").contains("or 'you'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_standing_says_what_runs_and_waits_until_everything_is_said() {
    let newcomer = Newcomer::start().await;
    let standing = async || newcomer.get(&format!("{CONVERSATION}/standing")).await;
    assert_eq!(standing().await["settled"], true, "nothing was ever said");
    say(&newcomer, "m1", "improve the greeting").await;
    until_said(&newcomer, "wants to change").await;
    say(&newcomer, "m2", "How does this work?").await;
    say(&newcomer, "m3", "hello").await;
    until_said(&newcomer, "Queued, 2nd in line").await;
    let busy = standing().await;
    assert_eq!((&busy["codebase"], &busy["branch"]), (&json!("sample"), &json!("main")), "{busy}");
    assert_eq!(busy["turn"]["title"], "improve the greeting");
    assert_eq!((&busy["turn"]["waits_for_approval"], &busy["settled"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&busy["queue"][0]["text"], &busy["queue"][1]["text"]),
        (&json!("How does this work?"), &json!("hello"))
    );
    let press = |token: &Value| json!({ "token": token });
    let buttons = format!("{CONVERSATION}/buttons");
    newcomer.post(&buttons, &press(&busy["queue"][1]["drop"])).await;
    until_said(&newcomer, "Dropped: `hello`").await;
    newcomer.post(&buttons, &press(&busy["queue"][1]["drop"])).await;
    until_said(&newcomer, "does not wait any more").await;
    assert_eq!(standing().await["queue"].as_array().unwrap().len(), 1);
    let id = newcomer.get("approvals").await["items"][0]["id"].to_string();
    say(&newcomer, "m4", &format!("/approve {id}")).await;
    let messages = until_said(&newcomer, "That is all there is to know").await;
    assert!(!messages.iter().any(|(from, text)| from == "gateway" && text.contains("Queued, 2nd")), "{messages:?}");
    for _ in 0..6000 {
        if standing().await["settled"] == true {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let done = standing().await;
    assert_eq!((&done["settled"], &done["turn"], &done["today"]["turns"]), (&json!(true), &Value::Null, &json!(2)));
}
