//! A conversation as server-sent events. A client that comes back says the last number it has seen and gets what it
//! missed, or a `reload` when that is more than is remembered.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, Sse};
use futures_util::stream;
use serde::Deserialize;

use super::{Asked, ConversationId};
use crate::console::{Conversation, Since};
use crate::problem::Problem;
use crate::router::App;

/// Without a sign of life, proxies close a connection and a dead peer is never noticed.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// How long a browser waits before it connects again.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize)]
pub(crate) struct EventsQuery {
    /// The `cursor` of a transcript.
    after: Option<u64>,
}

struct Watcher {
    app: App,
    conversation: Arc<Conversation>,
    /// The last number it has seen; `None`: it wants what comes from now on.
    after: Option<u64>,
    pending: VecDeque<Event>,
    ended: bool,
}

/// `GET /api/v1/conversations/{id}/events`. `Last-Event-ID`, which a browser sends when it reconnects, counts more
/// than `after`.
pub(crate) async fn follow(
    State(app): State<App>,
    ConversationId(id): ConversationId,
    Asked(query): Asked<EventsQuery>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let after = match headers.get("last-event-id").map(|id| id.to_str().unwrap_or("").parse()) {
        Some(Ok(after)) => Some(after),
        Some(Err(_)) => return Err(Problem::bad_request("`Last-Event-ID` is no number of an event.")),
        None => query.after,
    };
    let conversation = app.console.conversation(id);
    // Answers at once, so that the client knows it is connected.
    let hello = Event::default().retry(RETRY).comment("connected");
    let watcher = Watcher { app, conversation, after, pending: VecDeque::from([hello]), ended: false };
    Ok(Sse::new(stream::unfold(watcher, |mut watcher| async move {
        let event = watcher.next().await?;
        Some((Ok::<_, Infallible>(event), watcher))
    })))
}

impl Watcher {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            let conversation = Arc::clone(&self.conversation);
            let mut changed = pin!(conversation.changed());
            // From here on no change is missed while the backlog is read.
            changed.as_mut().enable();
            self.catch_up().await?;
            if !self.pending.is_empty() {
                continue;
            }
            tokio::select! {
                () = changed => {}
                () = self.app.clock.sleep(HEARTBEAT) => return Some(Event::default().comment("")),
                () = self.app.shutdown.cancelled() => return None,
            }
        }
    }

    async fn catch_up(&mut self) -> Option<()> {
        let (since, newest) = match self.conversation.since(self.after).await {
            Ok(since) => since,
            Err(error) => {
                tracing::warn!(%error, "cannot read a transcript");
                return None;
            }
        };
        match since {
            Since::Events(events) => {
                self.pending
                    .extend(events.iter().map(|event| Event::default().id(event.n.to_string()).data(&event.json)));
            }
            Since::TooMuch => {
                self.pending.push_back(Event::default().data(r#"{"type":"reload"}"#));
                self.ended = true;
            }
        }
        self.after = Some(newest);
        Some(())
    }
}
