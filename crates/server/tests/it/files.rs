//! Files that come into a conversation.

use std::time::Duration;

use adjutant_core::message::InboundContent;
use adjutant_core::platform::{Platform, SendError};
use reqwest::Response;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::stage::{Stage, client, conversation, key, problem, read_all};

fn path(conversation: &str) -> String {
    format!("/api/v1/conversations/{conversation}/files")
}

async fn add(stage: &Stage, conversation: &str, bytes: Vec<u8>) -> Response {
    let request = client().post(stage.url(&path(conversation))).bearer_auth(&stage.token).body(bytes);
    request.send().await.expect("an answer")
}

async fn added(stage: &Stage, conversation: &str, bytes: &[u8]) -> String {
    let answer = add(stage, conversation, bytes.to_vec()).await;
    assert_eq!(answer.status(), 201);
    let body: Value = answer.json().await.expect("json");
    assert_eq!(body["size"], bytes.len());
    body["id"].as_str().expect("an id").to_owned()
}

/// The files that lie in the console's folder.
fn lying(stage: &Stage) -> usize {
    let folder = stage.data.path().join("console/files");
    let Ok(conversations) = std::fs::read_dir(folder) else { return 0 };
    conversations.map(|one| std::fs::read_dir(one.expect("a folder").path()).expect("a folder").count()).sum()
}

#[tokio::test]
async fn a_file_comes_before_its_message_and_is_fetched_as_it_was() {
    let stage = Stage::new().await;
    let id = conversation();
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let file = added(&stage, &id, &bytes).await;
    let named = json!([{ "id": file, "name": "../../shot\u{7} 1.png" }]);
    let answer = stage.say(&id, json!({ "text": "", "client_id": "m1", "files": named })).await;
    assert_eq!(answer.status(), 202);
    let message = stage.gateway.received.lock().expect("lock")[0].clone();
    let InboundContent::Text { text, files, .. } = message.content else { panic!("no text") };
    assert_eq!((text.as_str(), files.len(), files[0].size), ("", 1, Some(bytes.len() as u64)));
    assert_eq!(files[0].name, "../../shot 1.png", "a name is only shown; it is never a path");
    assert_eq!(stage.console.fetch(&files[0]).await.expect("fetched"), bytes);
    let limit = stage.console.capabilities(&key(&id)).download_limit;
    assert_eq!(limit, Some(20 * 1024 * 1024));
    let transcript = stage.get_json(&format!("/api/v1/conversations/{id}/transcript")).await;
    assert_eq!(transcript["items"][0]["files"], json!(["../../shot 1.png"]));
}

#[tokio::test]
async fn what_is_no_file_of_the_conversation_is_refused_with_the_message() {
    let stage = Stage::new().await;
    let (one, other) = (conversation(), conversation());
    let file = added(&stage, &one, b"mine").await;
    let say =
        async |conversation: &str, files: Value| stage.say(conversation, json!({ "text": "x", "files": files })).await;
    let told = problem(say(&other, json!([{ "id": file, "name": "a" }])).await, 400).await;
    assert!(told.contains("There is no file"), "{told}");
    problem(say(&one, json!([{ "id": "../x", "name": "a" }])).await, 400).await;
    problem(say(&one, vec![json!({ "id": file, "name": "a" }); 11].into()).await, 400).await;
    problem(stage.say(&one, json!({ "text": "" })).await, 400).await;
    assert!(stage.gateway.received.lock().expect("lock").is_empty());
    let stray =
        adjutant_core::message::IncomingFile { name: "x".into(), reference: "../../etc/passwd".into(), size: None };
    assert!(matches!(stage.console.fetch(&stray).await, Err(SendError::Rejected(_))));
}

#[tokio::test]
async fn nobody_else_adds_files_and_none_is_too_large_empty_or_half() {
    let stage = Stage::new().await;
    let id = conversation();
    let stranger = client().post(stage.url(&path(&id))).body("x").send().await.expect("an answer");
    problem(stranger, 401).await;
    let cookie = stage.cookie(&stage.link).await.expect("a cookie");
    let elsewhere =
        client().post(stage.url(&path(&id))).header("cookie", &cookie).header("sec-fetch-site", "cross-site");
    problem(elsewhere.body("x").send().await.expect("an answer"), 403).await;
    let renamed = client().post(stage.url(&path(&id))).bearer_auth(&stage.token).header("host", "evil.example");
    assert_eq!(renamed.body("x").send().await.expect("an answer").status(), 421);
    problem(add(&stage, &id, Vec::new()).await, 400).await;
    let told = problem(add(&stage, &id, vec![1; 20 * 1024 * 1024 + 1]).await, 413).await;
    assert_eq!(told, "The file is larger than 20 MB.");

    let mut stream = stage.connect().await;
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-length: 1000\r\nconnection: close\r\n\r\nhalf",
        path(&id),
        stage.token
    );
    stream.write_all(head.as_bytes()).await.expect("written");
    let mut answer = std::pin::pin!(read_all(stream));
    let answer = loop {
        tokio::select! {
            answer = answer.as_mut() => break answer,
            () = tokio::task::yield_now() => stage.clock.advance(Duration::from_secs(5)),
        }
    };
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(lying(&stage), 0, "nothing of them is kept");
}

#[tokio::test]
async fn a_file_that_no_message_names_is_gone_after_a_day() {
    let stage = Stage::new().await;
    let id = conversation();
    added(&stage, &id, b"left").await;
    stage.console.prune(30).await.expect("pruned");
    assert_eq!(lying(&stage), 1);
    let now =
        adjutant_core::clock::Clock::System.now() - adjutant_core::clock::Clock::Manual(stage.clock.clone()).now();
    stage.clock.advance(now.to_std().unwrap_or_default() + Duration::from_secs(2 * 24 * 3600));
    stage.console.prune(30).await.expect("pruned");
    assert_eq!(lying(&stage), 0);
    added(&stage, &id, b"again").await;
    stage.console.forget(&key(&id)).await.expect("forgotten");
    assert_eq!(lying(&stage), 0);
}
