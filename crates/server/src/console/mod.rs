//! The web console as a platform: a conversation is a UUID its first client chose, its messages are the lines of one
//! transcript file, and whoever watches it gets every change as a numbered event.
//!
//! | module | what |
//! | --- | --- |
//! | [`entry`] | the lines of a transcript and the events of a watcher |
//! | `inbound` | what a person writes or presses, handed to the intake |
//! | `outbound` | the [`Platform`](adjutant_core::platform::Platform) port |
//! | `live` | one conversation in memory: numbers, backlog, the file's end |
//! | `transcript` | the file: append, replace the last line, survive a torn one |
//! | `files` | files on their way in |
//! | `list` | the conversations there are, newest first |
//! | `title` | what a conversation is called |
//! | `search` | where something was said |
//!
//! A conversation nobody uses costs no memory: what is known about it is in its file.

pub mod entry;
mod files;
mod inbound;
mod list;
mod live;
mod outbound;
mod search;
mod title;
mod transcript;

use std::collections::HashMap;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use adjutant_core::clock::Clock;
use adjutant_core::message::ConversationKey;
use uuid::Uuid;

pub(crate) use files::{LIMIT, MOST};
pub use inbound::OPERATOR;
pub(crate) use inbound::{PostError, Said};
pub(crate) use list::{Listed, Wanted};
pub(crate) use live::{Conversation, Since};

/// How long an unwatched conversation stays in memory: a browser that reconnects within it misses nothing.
const LINGER: Duration = Duration::from_secs(60);

/// The console. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ConsolePlatform {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    clock: Clock,
    /// The last number given to an event, of whichever conversation.
    numbers: Arc<Numbers>,
    open: Mutex<Open>,
}

/// The conversations in memory.
#[derive(Debug, Default)]
struct Open {
    conversations: HashMap<Uuid, Held>,
    /// Whether a task is under way that forgets unused ones.
    sweeping: bool,
}

#[derive(Debug)]
struct Held {
    conversation: Arc<Conversation>,
    used: Instant,
}

/// The source of event numbers. They start at the time of day in microseconds, so that they also increase from one
/// process to the next, and are raised above whatever a transcript holds in case the clock was set back.
#[derive(Debug)]
struct Numbers(AtomicU64);

impl Numbers {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn raise_to(&self, at_least: u64) {
        self.0.fetch_max(at_least, Ordering::Relaxed);
    }
}

impl ConsolePlatform {
    /// A console that keeps its transcripts in `<data dir>/console`.
    ///
    /// # Errors
    /// When that folder cannot be made.
    pub fn new(data_dir: &Path, clock: Clock) -> io::Result<Self> {
        let folder = data_dir.join("console");
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let start = u64::try_from(clock.now().timestamp_micros()).unwrap_or(0);
        let inner = Inner { folder, clock, numbers: Arc::new(Numbers(AtomicU64::new(start))), open: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Deletes a conversation's transcript and the files in it. Unknown conversations count as deleted.
    ///
    /// # Errors
    /// When the file cannot be deleted.
    pub async fn delete_transcript(&self, key: &ConversationKey) -> io::Result<()> {
        match parse_id(&key.0) {
            Some(id) => {
                let files = self.files_of(id);
                blocking(move || match std::fs::remove_dir_all(files) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(()),
                })
                .await?;
                self.conversation(id).change(live::State::forget).await
            }
            None => Ok(()),
        }
    }

    /// Deletes the transcripts that were not written to for so many days (`TRANSCRIPT_DAYS`).
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn prune(&self, days: u32) -> io::Result<usize> {
        let before = self.inner.clock.now() - chrono::TimeDelta::days(i64::from(days));
        let folder = self.inner.folder.clone();
        // The gateway fetches a file when its message is carried out.
        let fetched = before.max(self.inner.clock.now() - chrono::TimeDelta::days(1));
        blocking(move || {
            files::prune(&folder, fetched)?;
            list::prune(&folder, before)
        })
        .await
    }

    /// One page of conversations, the last used first.
    pub(crate) async fn list(&self, wanted: Wanted) -> io::Result<Vec<Listed>> {
        let folder = self.inner.folder.clone();
        blocking(move || list::page(&folder, &wanted)).await
    }

    /// Gives a conversation a name, or takes the given one back, and returns what it is called now. `None`: nothing
    /// was ever said in it.
    pub(crate) async fn rename(&self, id: Uuid, title: Option<String>) -> io::Result<Option<String>> {
        let folder = self.inner.folder.clone();
        blocking(move || title::rename(&folder, id, title.as_deref())).await
    }

    /// The conversation, brought into memory if it is not.
    pub(crate) fn conversation(&self, id: Uuid) -> Arc<Conversation> {
        let now = self.inner.clock.monotonic();
        let mut open = self.inner.open();
        let held = open.conversations.entry(id).or_insert_with(|| {
            let path = self.inner.folder.join(format!("{id}.jsonl"));
            let conversation = Conversation::new(path, self.inner.clock.clone(), Arc::clone(&self.inner.numbers));
            Held { conversation: Arc::new(conversation), used: now }
        });
        held.used = now;
        let conversation = Arc::clone(&held.conversation);
        if !open.sweeping {
            open.sweeping = true;
            tokio::spawn(sweep(Arc::clone(&self.inner)));
        }
        conversation
    }
}

impl Inner {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets conversations nobody used for a while, and ends when none is left: an idle console has no timer.
async fn sweep(inner: Arc<Inner>) {
    loop {
        inner.clock.sleep(LINGER).await;
        let now = inner.clock.monotonic();
        let mut open = inner.open();
        open.conversations.retain(|_, held| {
            Arc::strong_count(&held.conversation) > 1 || now.saturating_duration_since(held.used) < LINGER
        });
        if open.conversations.is_empty() {
            *open = Open::default();
            return;
        }
    }
}

/// A conversation's id, in the one spelling that names its file.
pub(crate) fn parse_id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|id| id.to_string() == text)
}

/// Runs file work where it may block.
async fn blocking<T, F>(work: F) -> io::Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> io::Result<T> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
