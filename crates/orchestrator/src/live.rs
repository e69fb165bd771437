//! The processes that are alive, least recently used first: when there are too many idle ones, the oldest is told
//! to close. Its session is resumed by the next message.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use adjutant_core::id::ConversationId;
use tokio::sync::Notify;

/// The idle processes of all conversations.
#[derive(Debug, Clone)]
pub struct LiveRuns {
    max: usize,
    idle: Arc<Mutex<HashMap<ConversationId, Idle>>>,
}

#[derive(Debug)]
struct Idle {
    since: Instant,
    close: Arc<Notify>,
}

impl LiveRuns {
    /// At most `max` idle processes are kept.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { max, idle: Arc::default() }
    }

    /// A conversation's process has become idle; `close` is told when it has to go.
    pub fn idle(&self, conversation: ConversationId, since: Instant, close: &Arc<Notify>) {
        let mut idle = self.lock();
        idle.insert(conversation, Idle { since, close: Arc::clone(close) });
        while idle.len() > self.max {
            let Some(oldest) = idle.iter().min_by_key(|(_, entry)| entry.since).map(|(id, _)| *id) else { return };
            if let Some(entry) = idle.remove(&oldest) {
                entry.close.notify_one();
            }
        }
    }

    /// It works again, or is gone.
    pub fn not_idle(&self, conversation: ConversationId) {
        self.lock().remove(&conversation);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConversationId, Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn the_least_recently_used_process_is_told_to_close_when_there_are_too_many() {
        let live = LiveRuns::new(1);
        let start = adjutant_core::clock::Clock::System.monotonic();
        let (old, new) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        live.idle(ConversationId::generate(), start, &old);
        live.idle(ConversationId::generate(), start + Duration::from_secs(1), &new);
        old.notified().await;
    }
}
