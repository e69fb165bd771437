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
        });
        let app = Router::new().route("/{bot}/{method}", post(call)).with_state(Arc::clone(&inner));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { inner, url }
    }

    /// A message in a private chat; gives when it was delivered and waits until a reply holds the text.
    pub async fn ask(&self, user: i64, text: &str, wanted: &str) -> Duration {
        let (told, hear) = oneshot::channel();
        self.inner.waiting.lock().unwrap().insert(user, (wanted.to_owned(), told));
        let id = self.inner.next.fetch_add(1, Ordering::Relaxed);
        let start = Instant::now();
        let person = json!({"id": user, "is_bot": false, "first_name": "Ana"});
        let update = json!({"update_id": id, "message": {
            "message_id": id, "date": 1_700_000_000, "from": person,
            "chat": {"id": user, "type": "private", "first_name": "Ana"}, "text": text}});
        self.inner.deliver.send(update).unwrap();
        hear.await.unwrap() - start
    }

    /// Sends and edits so far.
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
    Json(body): Json<Value>,
) -> Json<Value> {
    let arrived = Instant::now();
    let result = match method.to_ascii_lowercase().as_str() {
        "getupdates" => poll(&inner).await,
        "getme" => json!({"id": 1, "is_bot": true, "first_name": "B", "username": "bench_bot",
            "can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false}),
        "sendmessage" | "editmessagetext" => {
            inner.writes.fetch_add(1, Ordering::Relaxed);
            let chat = body["chat_id"].as_i64().unwrap_or(0);
            let text = body["text"].as_str().unwrap_or_default();
            let mut waiting = inner.waiting.lock().unwrap();
            if waiting.get(&chat).is_some_and(|(wanted, _)| text.contains(wanted.as_str()))
                && let Some((_, told)) = waiting.remove(&chat)
            {
                let _ = told.send(arrived);
            }
            let id = inner.next.fetch_add(1, Ordering::Relaxed);
            json!({"message_id": id, "date": 1_700_000_000, "chat": {"id": chat, "type": "private"}, "text": text})
        }
        _ => json!(true),
    };
    Json(json!({"ok": true, "result": result}))
}

async fn poll(inner: &Inner) -> Value {
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
