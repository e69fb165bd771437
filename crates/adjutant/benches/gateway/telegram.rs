//! A lean stand-in for the Bot API: it delivers updates, takes messages and notes when. Strictness is the test kit's.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, oneshot};

/// The stand-in.
#[derive(Clone)]
pub struct LeanTelegram {
    inner: Arc<Inner>,
    pub url: String,
}

struct Inner {
    updates: tokio::sync::Mutex<mpsc::UnboundedReceiver<Value>>,
    deliver: mpsc::UnboundedSender<Value>,
    next: AtomicI64,
    polls: AtomicUsize,
    polled: Notify,
    writes: AtomicUsize,
    /// Who waits for which text in which chat.
    waiting: Mutex<HashMap<i64, (String, oneshot::Sender<Instant>)>>,
    /// What stands in each message, by its number, and in which chat.
    shown: Mutex<HashMap<i64, (i64, String)>>,
    /// The last update, and the highest that a poll has confirmed.
    last: AtomicI64,
    confirmed: AtomicI64,
    wrote: Notify,
}

impl LeanTelegram {
    pub async fn start() -> Self {
        let (deliver, updates) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner {
            updates: tokio::sync::Mutex::new(updates),
            deliver,
            next: AtomicI64::new(1),
            polls: AtomicUsize::new(0),
            polled: Notify::new(),
            writes: AtomicUsize::new(0),
            waiting: Mutex::default(),
            shown: Mutex::default(),
            last: AtomicI64::new(0),
            confirmed: AtomicI64::new(0),
            wrote: Notify::new(),
        });
        let app = Router::new().route("/{bot}/{method}", post(call)).with_state(Arc::clone(&inner));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { inner, url }
    }

    /// A message in a private chat; waits until a reply holds the text, and gives how long that took.
    pub async fn ask(&self, user: i64, text: &str, wanted: &str) -> Duration {
        let (told, hear) = oneshot::channel();
        self.inner.waiting.lock().unwrap().insert(user, (wanted.to_owned(), told));
        let start = Instant::now();
        self.say(user, text);
        hear.await.unwrap() - start
    }

    /// A message in a private chat.
    pub fn say(&self, user: i64, text: &str) {
        let id = self.inner.next.fetch_add(1, Ordering::Relaxed);
        let person = json!({"id": user, "is_bot": false, "first_name": "Ana"});
        let update = json!({"update_id": id, "message": {
            "message_id": id, "date": 1_700_000_000, "from": person,
            "chat": {"id": user, "type": "private", "first_name": "Ana"}, "text": text}});
        self.inner.last.store(id, Ordering::Relaxed);
        self.inner.deliver.send(update).unwrap();
    }

    /// Waits until a message of a chat holds the text.
    pub async fn shows(&self, user: i64, wanted: &str) {
        let holds = |(chat, text): &(i64, String)| *chat == user && text.contains(wanted);
        self.until(|inner| inner.shown.lock().unwrap().values().any(holds)).await;
    }

    /// Waits until something was written to a chat.
    pub async fn wrote_to(&self, user: i64) {
        self.shows(user, "").await;
    }

    /// Waits until more was written than so much.
    pub async fn wrote_after(&self, writes: usize) {
        self.until(|inner| inner.writes.load(Ordering::Relaxed) > writes).await;
    }

    /// Waits until every message that was said is confirmed.
    pub async fn took_all(&self) {
        let last = self.inner.last.load(Ordering::Relaxed);
        while self.inner.confirmed.load(Ordering::Relaxed) < last {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until so many messages hold the text.
    pub async fn said(&self, messages: usize, text: &str) {
        while self.count(text) < messages {
            self.quiet().await;
        }
    }

    /// How many messages hold the text.
    pub fn count(&self, text: &str) -> usize {
        self.inner.shown.lock().unwrap().values().filter(|(_, shown)| shown.contains(text)).count()
    }

    async fn until(&self, so: impl Fn(&Inner) -> bool) {
        loop {
            let mut wrote = std::pin::pin!(self.inner.wrote.notified());
            wrote.as_mut().enable();
            if so(&self.inner) {
                return;
            }
            wrote.await;
        }
    }

    /// Sends, edits and drafts so far.
    pub fn writes(&self) -> usize {
        self.inner.writes.load(Ordering::Relaxed)
    }

    pub fn polls(&self) -> usize {
        self.inner.polls.load(Ordering::Relaxed)
    }

    /// Waits for the next poll.
    pub async fn polled_after(&self, before: usize) {
        loop {
            let notified = self.inner.polled.notified();
            if self.polls() > before {
                return;
            }
            notified.await;
        }
    }

    /// Waits until nothing was written for a while.
    pub async fn quiet(&self) {
        loop {
            let before = self.writes();
            tokio::time::sleep(Duration::from_millis(2500)).await;
            if self.writes() == before {
                return;
            }
        }
    }
}

async fn call(
    State(inner): State<Arc<Inner>>,
    Path((_, method)): Path<(String, String)>,
    body: axum::body::Bytes,
) -> Json<Value> {
    let arrived = Instant::now();
    // A file comes as a form; nobody looks into it here.
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let method = method.to_ascii_lowercase();
    let result = match method.as_str() {
        "getupdates" => poll(&inner, &body).await,
        "getme" => json!({"id": 1, "is_bot": true, "first_name": "B", "username": "bench_bot",
            "can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false}),
        "sendchataction" => json!(true),
        _ if method.starts_with("send") || method.starts_with("editmessage") => write(&inner, &method, &body, arrived),
        _ => json!(true),
    };
    Json(json!({"ok": true, "result": result}))
}

fn write(inner: &Inner, method: &str, body: &Value, arrived: Instant) -> Value {
    inner.writes.fetch_add(1, Ordering::Relaxed);
    let chat = body["chat_id"].as_i64().unwrap_or(0);
    let text = body["text"].as_str().map(str::to_owned).unwrap_or_else(|| body.to_string());
    let mut waiting = inner.waiting.lock().unwrap();
    if waiting.get(&chat).is_some_and(|(wanted, _)| text.contains(wanted.as_str()))
        && let Some((_, told)) = waiting.remove(&chat)
    {
        let _ = told.send(arrived);
    }
    drop(waiting);
    let id = body["message_id"].as_i64().unwrap_or_else(|| inner.next.fetch_add(1, Ordering::Relaxed));
    // A draft is no message.
    if !method.ends_with("draft") {
        inner.shown.lock().unwrap().insert(id, (chat, text.clone()));
    }
    inner.wrote.notify_waiters();
    json!({"message_id": id, "date": 1_700_000_000, "chat": {"id": chat, "type": "private"}, "text": text})
}

async fn poll(inner: &Inner, body: &Value) -> Value {
    inner.confirmed.fetch_max(body["offset"].as_i64().unwrap_or(0) - 1, Ordering::Relaxed);
    inner.polls.fetch_add(1, Ordering::Relaxed);
    inner.polled.notify_waiters();
    let mut updates = inner.updates.lock().await;
    let Ok(Some(first)) = tokio::time::timeout(Duration::from_secs(50), updates.recv()).await else { return json!([]) };
    let mut batch = vec![first];
    while let Ok(more) = updates.try_recv() {
        batch.push(more);
    }
    json!(batch)
}
