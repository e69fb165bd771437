//! One conversation in memory: the numbers of its events, the latest of them for watchers, and its file.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use adjutant_core::clock::Clock;
use adjutant_core::platform::Part;
use serde::Serialize;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use super::Numbers;
use super::entry::{Entry, Item, Numbered, Passing};
use super::transcript::{Transcript, fold};

/// How much of the latest events is kept for watchers that reconnect.
const BACKLOG_EVENTS: usize = 512;
const BACKLOG_BYTES: usize = 256 * 1024;

/// One conversation in memory.
#[derive(Debug)]
pub(crate) struct Conversation {
    state: Arc<Mutex<State>>,
    changed: Notify,
}

/// An event as watchers get it.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) n: u64,
    pub(crate) json: Arc<str>,
}

/// What a watcher missed.
#[derive(Debug)]
pub(crate) enum Since {
    /// These, in order; maybe none.
    Events(Vec<Event>),
    /// More than is remembered: the transcript must be fetched again.
    TooMuch,
}

/// The transcript as it stands.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot {
    pub(crate) items: Vec<Item>,
    /// Events after this number continue the snapshot.
    pub(crate) cursor: u64,
    /// There are older messages: ask with `before` = this.
    pub(crate) earlier: Option<u64>,
}

/// What the lock of a conversation guards.
#[derive(Debug)]
pub(crate) struct State {
    path: PathBuf,
    clock: Clock,
    numbers: Arc<Numbers>,
    /// `None` until it is first needed.
    transcript: Option<Transcript>,
    backlog: VecDeque<Event>,
    backlog_bytes: usize,
    /// Every event above this number is in the backlog.
    floor: u64,
    /// The part that was written last: an edit that only adds to it is sent as what it adds.
    growing: Option<(String, Part)>,
}

impl Conversation {
    pub(super) fn new(path: PathBuf, clock: Clock, numbers: Arc<Numbers>) -> Self {
        let state = State {
            path,
            clock,
            numbers,
            transcript: None,
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            floor: 0,
            growing: None,
        };
        Self { state: Arc::new(Mutex::new(state)), changed: Notify::new() }
    }

    /// Completes at the next change after it was first polled or enabled.
    pub(crate) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// Waits for the turn to change it. Nothing else changes it while the guard lives.
    pub(super) async fn lock(&self) -> OwnedMutexGuard<State> {
        Arc::clone(&self.state).lock_owned().await
    }

    /// Changes it where files may block, and wakes the watchers.
    pub(super) async fn change<T, F>(&self, work: F) -> io::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut State) -> io::Result<T> + Send + 'static,
    {
        let state = self.lock().await;
        self.change_locked(state, work).await
    }

    pub(super) async fn change_locked<T, F>(&self, mut state: OwnedMutexGuard<State>, work: F) -> io::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut State) -> io::Result<T> + Send + 'static,
    {
        let result = super::blocking(move || {
            state.load()?;
            work(&mut state)
        })
        .await;
        self.changed.notify_waiters();
        result
    }

    /// The events after a number; with `None` only the number to go on from.
    pub(crate) async fn since(&self, after: Option<u64>) -> io::Result<(Since, u64)> {
        let mut state = self.lock().await;
        if state.transcript.is_some() {
            return Ok(state.since(after));
        }
        super::blocking(move || {
            state.load()?;
            Ok(state.since(after))
        })
        .await
    }

    /// The last `limit` messages, or those before a message's number.
    pub(crate) async fn snapshot(&self, before: Option<u64>, limit: usize) -> io::Result<Snapshot> {
        let mut state = self.lock().await;
        super::blocking(move || {
            state.load()?;
            state.snapshot(before, limit)
        })
        .await
    }
}

impl State {
    /// Keeps an entry and shows it.
    pub(super) fn record(&mut self, entry: Entry) -> io::Result<()> {
        let numbered = self.number(entry);
        let json = serde_json::to_string(&numbered)?;
        self.transcript()?.write(&json, &numbered)?;
        let Numbered { n, at, what } = numbered;
        let shown = match self.growth(&what) {
            Some((cut, add)) => {
                let what = Passing::Append { id: what.id().to_owned(), cut, add };
                serde_json::to_string(&Numbered { n, at, what })?
            }
            None => json,
        };
        if let Entry::Part { id, part } = what {
            self.growing = Some((id, part));
        }
        self.push(n, shown);
        Ok(())
    }

    /// Shows something that is not kept.
    pub(super) fn pass(&mut self, passing: Passing) -> io::Result<()> {
        let numbered = self.number(passing);
        let json = serde_json::to_string(&numbered)?;
        self.push(numbered.n, json);
        Ok(())
    }

    /// Whether the part is there with exactly this content.
    pub(super) fn shows(&self, id: &str, part: &Part) -> bool {
        self.growing.as_ref().is_some_and(|(shown, content)| shown == id && content == part)
    }

    pub(super) fn has_inbound(&mut self, id: &str) -> io::Result<bool> {
        self.transcript()?.has_inbound(id)
    }

    /// Deletes the transcript and tells watchers.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        self.transcript()?.delete()?;
        match std::fs::remove_file(self.path.with_extension("title")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.growing = None;
        self.backlog.clear();
        self.backlog_bytes = 0;
        self.pass(Passing::Reload)
    }

    fn load(&mut self) -> io::Result<()> {
        if self.transcript.is_none() {
            let transcript = Transcript::load(&self.path)?;
            self.floor = transcript.last_number();
            self.numbers.raise_to(self.floor);
            self.transcript = Some(transcript);
        }
        Ok(())
    }

    fn transcript(&mut self) -> io::Result<&mut Transcript> {
        self.load()?;
        self.transcript.as_mut().ok_or_else(|| io::Error::other("the transcript is not loaded"))
    }

    fn number<T>(&self, what: T) -> Numbered<T> {
        Numbered { n: self.numbers.next(), at: self.clock.now(), what }
    }

    /// What an entry cuts off and adds at the end of the part that was written last, if it does nothing else and most
    /// of the text stays. A text that is being written ends in a cursor and a status line, which are always cut off.
    fn growth(&self, entry: &Entry) -> Option<(usize, String)> {
        let (Entry::Part { id, part }, Some((growing, before))) = (entry, &self.growing) else { return None };
        let same = id == growing && part.form == before.form && part.buttons == before.buttons;
        if !same || part.text == before.text {
            return None;
        }
        let kept: usize = part
            .text
            .chars()
            .zip(before.text.chars())
            .take_while(|(new, old)| new == old)
            .map(|(c, _)| c.len_utf8())
            .sum();
        let (cut, add) = (&before.text[kept..], &part.text[kept..]);
        (cut.len() < kept).then(|| (cut.encode_utf16().count(), add.to_owned()))
    }

    fn newest(&self) -> u64 {
        self.backlog.back().map_or(self.floor, |event| event.n)
    }

    fn push(&mut self, n: u64, json: String) {
        self.backlog_bytes += json.len();
        self.backlog.push_back(Event { n, json: json.into() });
        while self.backlog.len() > BACKLOG_EVENTS || (self.backlog_bytes > BACKLOG_BYTES && self.backlog.len() > 1) {
            if let Some(oldest) = self.backlog.pop_front() {
                self.backlog_bytes -= oldest.json.len();
                self.floor = oldest.n;
            }
        }
    }

    fn since(&self, after: Option<u64>) -> (Since, u64) {
        let newest = self.newest();
        let after = after.unwrap_or(newest);
        if after < self.floor || after > newest {
            return (Since::TooMuch, newest);
        }
        let from = self.backlog.partition_point(|event| event.n <= after);
        (Since::Events(self.backlog.range(from..).cloned().collect()), newest)
    }

    fn snapshot(&mut self, before: Option<u64>, limit: usize) -> io::Result<Snapshot> {
        let cursor = self.newest();
        let mut items = fold(self.transcript()?.entries()?);
        items.retain(|item| before.is_none_or(|before| item.n < before));
        let cut = items.len().saturating_sub(limit);
        let items = items.split_off(cut);
        let earlier = (cut > 0).then(|| items.first().map_or(0, |item| item.n));
        Ok(Snapshot { items, cursor, earlier })
    }
}
