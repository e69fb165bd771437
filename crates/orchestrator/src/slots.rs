//! The places for turns that run at the same time, given out in the order in which they were asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places.
#[derive(Debug, Clone)]
pub struct Slots {
    places: Arc<Semaphore>,
    max: usize,
    waiting: Arc<AtomicUsize>,
}

/// One place; free again when dropped.
#[derive(Debug)]
pub struct Slot(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Slots {
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(max)), max, waiting: Arc::default() }
    }

    /// A place, if one is free and nobody waits.
    #[must_use]
    pub fn take_now(&self) -> Option<Slot> {
        Arc::clone(&self.places).try_acquire_owned().ok().map(Slot)
    }

    /// Waits for a place; first come, first served.
    pub async fn take(self) -> Option<Slot> {
        let _waiting = Waiting::new(&self.waiting);
        Arc::clone(&self.places).acquire_owned().await.ok().map(Slot)
    }

    #[must_use]
    pub const fn max(&self) -> usize {
        self.max
    }

    #[must_use]
    pub fn active(&self) -> usize {
        self.max.saturating_sub(self.places.available_permits())
    }

    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// Counts one waiter for as long as it lives.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
