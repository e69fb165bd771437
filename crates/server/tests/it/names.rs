//! What conversations are called, and finding them.

use adjutant_core::platform::{Part, Platform};
use serde_json::{Value, json};

use crate::stage::{Stage, conversation, key, problem};

async fn rename(stage: &Stage, conversation: &str, title: Value) -> reqwest::Response {
    let url = stage.url(&format!("/api/v1/conversations/{conversation}"));
    let request = crate::stage::client().patch(url).header("content-type", "application/json");
    request.body(json!({ "title": title }).to_string()).bearer_auth(&stage.token).send().await.expect("an answer")
}

async fn listed(stage: &Stage, query: &str) -> Vec<(String, Option<String>)> {
    let page = stage.get_json(&format!("/api/v1/conversations?query={query}")).await;
    let items = page["items"].as_array().expect("items").clone();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    items.iter().map(|item| (text(&item["title"]).expect("a title"), text(&item["found"]))).collect()
}

#[tokio::test]
async fn a_conversation_keeps_the_name_it_was_given_until_that_is_taken_back() {
    let stage = Stage::new().await;
    let id = conversation();
    problem(rename(&stage, &id, json!("Nobody wrote here")).await, 404).await;
    stage.say(&id, json!({ "text": "add dark mode" })).await;
    let named = rename(&stage, &id, json!("  The   theme\n")).await;
    assert_eq!(named.status(), 200);
    assert_eq!(named.json::<Value>().await.expect("json")["title"], "The theme");
    stage.say(&id, json!({ "text": "and a switch" })).await;
    assert_eq!(listed(&stage, "").await, [("The theme".to_owned(), None)]);
    assert!(problem(rename(&stage, &id, json!("x".repeat(81))).await, 400).await.contains("80 characters"));
    let back = rename(&stage, &id, Value::Null).await;
    assert_eq!(back.json::<Value>().await.expect("json")["title"], "add dark mode");
}

#[tokio::test]
async fn a_name_is_forgotten_with_its_conversation() {
    let stage = Stage::new().await;
    let id = conversation();
    stage.say(&id, json!({ "text": "add dark mode" })).await;
    rename(&stage, &id, json!("The theme")).await;
    stage.console.delete_transcript(&key(&id)).await.expect("forgotten");
    assert_eq!(std::fs::read_dir(stage.data.path().join("console")).expect("a folder").count(), 0);
    stage.say(&id, json!({ "text": "again" })).await;
    rename(&stage, &id, json!("The theme")).await;
    stage.clock.advance(std::time::Duration::from_secs(40 * 24 * 3600));
    stage.console.prune(30).await.expect("pruned");
    assert_eq!(std::fs::read_dir(stage.data.path().join("console")).expect("a folder").count(), 0);
}

#[tokio::test]
async fn what_was_said_is_found_whoever_said_it_and_however_it_is_spelled() {
    let stage = Stage::new().await;
    let (one, two) = (conversation(), conversation());
    stage.say(&one, json!({ "text": "add dark mode" })).await;
    stage.console.send(&key(&one), &Part::text("The **Toggle** is in the header.")).await.expect("sent");
    stage.say(&two, json!({ "text": "why is the total wrong" })).await;
    rename(&stage, &two, json!("Sums")).await;
    let found = |title: &str, place: &str| vec![(title.to_owned(), Some(place.to_owned()))];
    assert_eq!(listed(&stage, "toggle").await, found("add dark mode", "The **Toggle** is in the header."));
    assert_eq!(listed(&stage, "TOTAL").await, found("Sums", "why is the total wrong"));
    assert_eq!(listed(&stage, "sums").await, found("Sums", "Sums"));
    assert_eq!(listed(&stage, "%20").await.len(), 2, "blank is everything");
    assert_eq!(listed(&stage, "jsonl").await, [], "the file's own words are not searched");
    let long = stage.get(&format!("/api/v1/conversations?query={}", "x".repeat(201)));
    problem(long.bearer_auth(&stage.token).send().await.expect("an answer"), 400).await;
}
