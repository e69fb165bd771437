//! The growing text of an open part.
//!
//! Writers only append to a shared buffer; the sender reads it when a preview is due. A chunk therefore costs a lock
//! and a copy of its own bytes, however long the text already is and however fast chunks come.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adjutant_core::id::PartId;
use tokio::sync::Notify;

use super::split::units;
use super::tail::ending;

/// A longer text loses its beginning, in bytes: only the end of it is ever shown.
const LONGEST: usize = 512 << 10;

/// What is left then, in UTF-16 units: more than any platform's message.
const KEPT: usize = 128 << 10;

/// A handle on what is shown of an open part. Dropping it stops the previews; what was shown stays until the row's
/// final text is submitted.
#[derive(Debug)]
pub struct Draft {
    id: PartId,
    shared: Arc<Shared>,
}

/// What writers and the sender share.
#[derive(Debug)]
pub(super) struct Shared {
    text: Mutex<Text>,
    /// The length at which the sender wants to be woken; `usize::MAX`: it has been, or does not care.
    wake_at: AtomicUsize,
    wake: Arc<Notify>,
}

#[derive(Debug, Default)]
pub(super) struct Text {
    pub body: String,
    pub status: String,
    /// Goes up with every change that is no plain growth, which is worth showing however short.
    pub turns: u64,
    pub closed: bool,
}

impl Draft {
    pub(super) fn new(id: PartId, wake: Arc<Notify>) -> Self {
        let shared = Shared { text: Mutex::default(), wake_at: AtomicUsize::new(1), wake };
        Self { id, shared: Arc::new(shared) }
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    #[must_use]
    pub fn id(&self) -> PartId {
        self.id
    }

    /// Appends a chunk.
    pub fn push(&self, chunk: &str) {
        let length = {
            let mut text = self.shared.lock();
            text.body.push_str(chunk);
            if text.body.len() > LONGEST {
                text.body = ending(&text.body, KEPT, &units);
                text.turns += 1;
            }
            text.body.len()
        };
        if length >= self.shared.wake_at.load(Ordering::Acquire) {
            self.shared.rouse();
        }
    }

    /// Replaces the whole text, for example when a part was cut off its front or a block was abandoned.
    pub fn replace(&self, body: impl Into<String>) {
        let mut text = self.shared.lock();
        text.body = body.into();
        text.turns += 1;
        drop(text);
        self.shared.rouse();
    }

    /// Sets the one line below the text that says what goes on; empty: none. Only the newest is ever shown.
    pub fn status(&self, line: impl Into<String>) {
        let line = line.into();
        let mut text = self.shared.lock();
        if text.status == line {
            return;
        }
        text.status = line;
        text.turns += 1;
        drop(text);
        self.shared.rouse();
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.rouse();
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Text> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks to be woken once the text is that long.
    pub(super) fn wake_at(&self, length: usize) {
        self.wake_at.store(length, Ordering::Release);
        // A chunk may have come between the look at the text and this store: its writer saw the old mark.
        if self.lock().body.len() >= length {
            self.rouse();
        }
    }

    fn rouse(&self) {
        self.wake_at.store(usize::MAX, Ordering::Release);
        self.wake.notify_one();
    }
}
