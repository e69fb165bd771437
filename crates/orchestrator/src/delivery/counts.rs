//! What `/metrics` shows of delivery: plain counters, one set for the process.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use adjutant_core::kind::PlatformKind;
use adjutant_core::platform::SendError;

/// What was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Send,
    Edit,
    /// A send or edit of text that is still being written.
    Preview,
    Delete,
    React,
    Status,
    Menu,
}

impl Call {
    pub const ALL: [Self; 7] =
        [Self::Send, Self::Edit, Self::Preview, Self::Delete, Self::React, Self::Status, Self::Menu];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Edit => "edit",
            Self::Preview => "preview",
            Self::Delete => "delete",
            Self::React => "react",
            Self::Status => "status",
            Self::Menu => "menu",
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    RetryAfter,
    Rejected,
    NotSent,
    Ambiguous,
    Gone,
    Moved,
}

impl Outcome {
    pub const ALL: [Self; 7] =
        [Self::Ok, Self::RetryAfter, Self::Rejected, Self::NotSent, Self::Ambiguous, Self::Gone, Self::Moved];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::RetryAfter => "retry_after",
            Self::Rejected => "rejected",
            Self::NotSent => "not_sent",
            Self::Ambiguous => "ambiguous",
            Self::Gone => "gone",
            Self::Moved => "moved",
        }
    }

    pub(super) fn of<T>(result: &Result<T, SendError>) -> Self {
        match result {
            Ok(_) => Self::Ok,
            Err(SendError::RetryAfter(_)) => Self::RetryAfter,
            Err(SendError::Rejected(_)) => Self::Rejected,
            Err(SendError::NotSent(_)) => Self::NotSent,
            Err(SendError::Ambiguous(_)) => Self::Ambiguous,
            Err(SendError::Gone(_)) => Self::Gone,
            Err(SendError::Moved(_)) => Self::Moved,
        }
    }
}

const OUTCOMES: usize = Outcome::ALL.len();
/// As many as there are platforms; a test compares.
const PLATFORMS: usize = 4;

/// The counters. They only ever grow.
#[derive(Debug, Default)]
pub struct DeliveryCounts {
    calls: [[[AtomicU64; OUTCOMES]; Call::ALL.len()]; PLATFORMS],
    retry_waits: AtomicU64,
    retry_wait_ms: AtomicU64,
    ambiguous_repeats: AtomicU64,
    abandoned: AtomicU64,
}

impl DeliveryCounts {
    /// Calls of one kind with one outcome on one platform.
    #[must_use]
    pub fn calls(&self, platform: PlatformKind, call: Call, outcome: Outcome) -> u64 {
        self.cell(platform, call, outcome).map_or(0, |cell| cell.load(Relaxed))
    }

    /// How often a platform asked to wait.
    #[must_use]
    pub fn retry_waits(&self) -> u64 {
        self.retry_waits.load(Relaxed)
    }

    /// The sum of what platforms asked to wait.
    #[must_use]
    pub fn retry_wait(&self) -> Duration {
        Duration::from_millis(self.retry_wait_ms.load(Relaxed))
    }

    /// Messages sent again because nobody knows whether they had arrived.
    #[must_use]
    pub fn ambiguous_repeats(&self) -> u64 {
        self.ambiguous_repeats.load(Relaxed)
    }

    /// Rows given up.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.abandoned.load(Relaxed)
    }

    pub(super) fn count(&self, platform: PlatformKind, call: Call, outcome: Outcome) {
        if let Some(cell) = self.cell(platform, call, outcome) {
            cell.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn count_retry_wait(&self, wait: Duration) {
        self.retry_waits.fetch_add(1, Relaxed);
        self.retry_wait_ms.fetch_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(super) fn count_ambiguous_repeat(&self) {
        self.ambiguous_repeats.fetch_add(1, Relaxed);
    }

    pub(super) fn count_abandoned(&self) {
        self.abandoned.fetch_add(1, Relaxed);
    }

    fn cell(&self, platform: PlatformKind, call: Call, outcome: Outcome) -> Option<&AtomicU64> {
        let platform = PlatformKind::ALL.iter().position(|kind| *kind == platform)?;
        self.calls.get(platform)?.get(call as usize)?.get(outcome as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_call_and_outcome_has_a_counter_of_its_own() {
        let counts = DeliveryCounts::default();
        let all = || {
            PlatformKind::ALL.iter().flat_map(|platform| {
                Call::ALL
                    .iter()
                    .flat_map(move |call| Outcome::ALL.iter().map(move |outcome| (*platform, *call, *outcome)))
            })
        };
        for (platform, call, outcome) in all() {
            counts.count(platform, call, outcome);
        }
        assert!(all().all(|(platform, call, outcome)| counts.calls(platform, call, outcome) == 1));
    }
}
