//! What can be done to a run.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::connection::{AttachError, attach};
use crate::wire::{self, Answer, Ask, Status, What};

/// Before a runner that could not be reached is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// What can be done to a run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Control {
    dir: Arc<PathBuf>,
    frames: mpsc::UnboundedSender<Vec<u8>>,
    replies: Replies,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is on its way to the child.
    Fresh,
    /// A line with this key was written before; this one was dropped.
    Repeated,
}

/// The child or its runner is gone, or its stdin is closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the run is gone: {0}")]
pub struct Gone(pub String);

type Waiting = HashMap<u64, oneshot::Sender<Answer>>;

/// Those who wait for a reply, by number.
#[derive(Debug, Clone)]
pub(crate) struct Replies {
    next: Arc<AtomicU64>,
    /// `None` once the connection is lost.
    waiting: Arc<Mutex<Option<Waiting>>>,
}

impl Control {
    pub(crate) fn new(dir: PathBuf, frames: mpsc::UnboundedSender<Vec<u8>>) -> (Control, Replies) {
        let replies =
            Replies { next: Arc::new(AtomicU64::new(1)), waiting: Arc::new(Mutex::new(Some(HashMap::new()))) };
        (Control { dir: Arc::new(dir), frames, replies: replies.clone() }, replies)
    }

    /// Writes a line to the child's stdin, once per key for the whole life of the run. Resolves when the runner has
    /// noted the key and accepted the line; waits while the child does not read.
    ///
    /// # Errors
    /// [`Gone`] when the child cannot be written to any more. If the connection was lost, whether the line was
    /// written is open: repeat it after attaching again, or look for its key with [`crate::probe`].
    pub async fn write(&self, key: &str, line: &[u8]) -> Result<Written, Gone> {
        match self.exchange(|id| wire::encode_line(id, key, line)).await? {
            Answer::Written { repeated: false } => Ok(Written::Fresh),
            Answer::Written { repeated: true } => Ok(Written::Repeated),
            Answer::Gone { reason } => Err(Gone(reason)),
            other => Err(unexpected(&other)),
        }
    }

    /// Closes the child's stdin behind what is still to be written.
    ///
    /// # Errors
    /// [`Gone`] when the runner is gone.
    pub async fn close_stdin(&self) -> Result<(), Gone> {
        self.order(What::CloseStdin).await
    }

    /// Sends a signal, by its number, to the child; not to what it started.
    ///
    /// # Errors
    /// [`Gone`] when there is no child to signal.
    pub async fn signal(&self, number: i32) -> Result<(), Gone> {
        self.order(What::Signal { number }).await
    }

    /// Ends the child and everything it started: closes stdin, SIGTERM, five seconds, SIGKILL for the whole tree.
    /// Resolves when nothing of it lives, also if it was gone already.
    pub async fn stop(&self) {
        if self.order(What::Stop).await.is_ok() {
            return;
        }
        // The connection is lost; the run may not be.
        loop {
            match attach(&self.dir, u64::MAX).await {
                Ok(connection) => {
                    if connection.control.order(What::Stop).await.is_ok() {
                        return;
                    }
                }
                // Its death killed the child.
                Err(AttachError::NotThere) => return,
                Err(AttachError::Io(_)) => {}
            }
            try_again_soon().await;
        }
    }

    /// Sets until when the run is kept while nobody is attached, in milliseconds of Unix time.
    pub async fn keep_until(&self, unix_ms: i64) {
        // A runner that is gone keeps nothing.
        let _ = self.order(What::KeepUntil { unix_ms }).await;
    }

    /// Says that all output below `offset` is stored: the spool may forget it. When the child has exited and its
    /// last byte is taken, the runner ends.
    pub async fn taken(&self, offset: u64) {
        // A runner that is gone has nothing to forget.
        let _ = self.frames.send(wire::encode(&Ask { id: 0, what: What::Taken { upto: offset } }));
    }

    /// The run's state.
    ///
    /// # Errors
    /// [`Gone`] when the runner is gone.
    pub async fn status(&self) -> Result<Status, Gone> {
        match self.exchange(|id| wire::encode(&Ask { id, what: What::Status })).await? {
            Answer::Status(status) => Ok(status),
            other => Err(unexpected(&other)),
        }
    }

    async fn order(&self, what: What) -> Result<(), Gone> {
        match self.exchange(|id| wire::encode(&Ask { id, what })).await? {
            Answer::Done => Ok(()),
            Answer::Gone { reason } => Err(Gone(reason)),
            other => Err(unexpected(&other)),
        }
    }

    async fn exchange(&self, frame: impl FnOnce(u64) -> Vec<u8>) -> Result<Answer, Gone> {
        let (id, reply) = self.replies.expect().ok_or_else(lost)?;
        self.frames.send(frame(id)).map_err(|_| lost())?;
        reply.await.map_err(|_| lost())
    }
}

impl Replies {
    pub fn deliver(&self, id: u64, answer: Answer) {
        if let Some(waiting) = self.lock().as_mut().and_then(|waiting| waiting.remove(&id)) {
            // Nobody waits any more: that was his choice.
            let _ = waiting.send(answer);
        }
    }

    /// Nothing will be delivered any more.
    pub fn close(&self) {
        *self.lock() = None;
    }

    fn expect(&self) -> Option<(u64, oneshot::Receiver<Answer>)> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.lock().as_mut()?.insert(id, sender);
        Some((id, receiver))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "it waits for another process, whatever a test's clock says")]
async fn try_again_soon() {
    tokio::time::sleep(TRY_AGAIN).await;
}

fn lost() -> Gone {
    Gone("the connection to its runner is lost".into())
}

fn unexpected(answer: &Answer) -> Gone {
    Gone(format!("its runner gave an unexpected answer: {answer:?}"))
}
