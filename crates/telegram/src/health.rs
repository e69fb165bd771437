//! What the adapter's state is, for `doctor` and `/health`.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::adapter::Identity;

/// The adapter's state, shared. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct TelegramHealth {
    inner: Arc<Mutex<HealthSnapshot>>,
}

/// The state at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthSnapshot {
    /// Telegram answers.
    pub ok: bool,
    /// What went wrong last; `None` once a poll was answered again.
    pub last_error: Option<String>,
    /// Another program polls with the same token.
    pub conflict: bool,
    /// Telegram does not know the token: the adapter has stopped.
    pub token_refused: bool,
    /// The bot's username, without `@`.
    pub username: Option<String>,
    /// The bot sees all talk of its groups, because its privacy mode is off. `None` until known.
    pub reads_all_group_messages: Option<bool>,
    pub last_poll_at: Option<DateTime<Utc>>,
    /// Updates of kinds the adapter does not handle.
    pub ignored_updates: u64,
}

impl TelegramHealth {
    #[must_use]
    pub fn snapshot(&self) -> HealthSnapshot {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records an answered poll. True when the adapter had a problem before: worth one log line.
    pub(crate) fn polled(&self, at: DateTime<Utc>) -> bool {
        self.change(|state| {
            let recovered = state.last_error.is_some();
            (state.ok, state.conflict, state.last_error) = (true, false, None);
            state.last_poll_at = Some(at);
            recovered
        })
    }

    /// Records a failure. True when it is another one than before: worth one log line.
    pub(crate) fn failed(&self, error: &str) -> bool {
        self.change(|state| {
            let news = state.last_error.as_deref() != Some(error);
            (state.ok, state.last_error) = (false, Some(error.to_owned()));
            news
        })
    }

    pub(crate) fn set_conflict(&self) {
        self.change(|state| state.conflict = true);
    }

    pub(crate) fn set_token_refused(&self) {
        self.change(|state| state.token_refused = true);
    }

    pub(crate) fn introduced(&self, me: &Identity) {
        self.change(|state| {
            state.username = Some(me.username.clone());
            state.reads_all_group_messages = Some(me.can_read_all_group_messages);
            // The first poll may be kept for most of a minute; until it is answered, this is the sign of life.
            state.ok |= state.last_error.is_none();
        });
    }

    pub(crate) fn ignored(&self, updates: u64) {
        self.change(|state| state.ignored_updates += updates);
    }

    fn change<T>(&self, change: impl FnOnce(&mut HealthSnapshot) -> T) -> T {
        change(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
