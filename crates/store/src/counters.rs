//! Figures for the metrics page.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the store has written since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreFigures {
    /// Durable transactions.
    pub commits: u64,
    /// Jobs in them; more jobs than commits is group commit at work.
    pub jobs: u64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Counters {
    inner: Arc<(AtomicU64, AtomicU64)>,
}

impl Counters {
    pub(crate) fn committed(&self, jobs: u64) {
        self.inner.0.fetch_add(1, Ordering::Relaxed);
        self.inner.1.fetch_add(jobs, Ordering::Relaxed);
    }

    pub(crate) fn figures(&self) -> StoreFigures {
        StoreFigures { commits: self.inner.0.load(Ordering::Relaxed), jobs: self.inner.1.load(Ordering::Relaxed) }
    }
}
