//! Reading a run: bytes in, events out.
//!
//! Nothing is read ahead: bytes are taken from the runner when somebody asks for the next event, so a slow reader holds
//! up the runner's window and not our memory. Deltas that arrived together become one event, because the reader only
//! ever shows the newest text.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use adjutant_core::assistant::{AssistantEvent, Notice, RunEvent, SpoolOffset};
use adjutant_core::clock::Clock;
use adjutant_runner::{AttachError, Event, Exit, Found, Incoming, Leftover};

use super::codec::{Codec, End};
use super::control::{Shared, lock};
use super::lines::{Lines, Whole, mended, text};

/// How often a runner that lives and does not answer is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// The reading side of a run.
pub(super) struct Reader<C> {
    pub dir: PathBuf,
    pub clock: Clock,
    pub source: Source,
    pub lines: Lines,
    pub codec: Shared<C>,
    pub pending: VecDeque<RunEvent>,
    /// Lines in a row that were no messages; told as one when something readable comes.
    pub unreadable: u64,
}

/// Where the bytes come from.
pub(super) enum Source {
    Live(Incoming),
    /// The runner is gone: what its spool holds, and how it ended.
    Spool(Leftover, End),
    Finished,
}

impl<C: Codec> Reader<C> {
    pub fn new(dir: PathBuf, clock: Clock, codec: Shared<C>, source: Source, from: u64) -> Self {
        let lines = Lines::from(from);
        Self { dir, clock, source, lines, codec, pending: VecDeque::new(), unreadable: 0 }
    }

    /// The next event; `None` after [`AssistantEvent::Exited`]. Cancel safe: what was read stays in this reader.
    pub async fn next(&mut self) -> Option<RunEvent> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            self.pending.shrink_to(16);
            match &mut self.source {
                Source::Finished => return None,
                Source::Live(incoming) => match incoming.next().await {
                    Some(Event::Data { offset, bytes }) => self.take(offset, &bytes),
                    Some(Event::Exited(exit)) => self.finish(&ended(exit)),
                    None => self.reconnect().await,
                },
                Source::Spool(leftover, end) => match leftover.next() {
                    Some(Ok((offset, bytes))) => self.take(offset, &bytes),
                    Some(Err(error)) => {
                        tracing::warn!(dir = %self.dir.display(), %error, "the spool of a gone run cannot be read");
                        let end = end.clone();
                        self.finish(&end);
                    }
                    None => {
                        let end = end.clone();
                        self.finish(&end);
                    }
                },
            }
        }
    }

    /// The connection broke: attaches again, or reads what is left.
    async fn reconnect(&mut self) {
        let from = self.lines.next();
        match adjutant_runner::attach(&self.dir, from).await {
            Ok(connection) => {
                self.source = Source::Live(connection.incoming);
                return;
            }
            Err(AttachError::NotThere) => {}
            Err(AttachError::Io(error)) => tracing::debug!(dir = %self.dir.display(), %error, "attaching again failed"),
        }
        match adjutant_runner::probe(&self.dir) {
            Ok(Found::Alive) | Err(_) => self.clock.sleep(RETRY).await,
            Ok(Found::Gone { exit, .. }) => {
                let end = exit.map_or_else(killed, ended);
                match adjutant_runner::read_spool(&self.dir, from) {
                    Ok(leftover) => self.source = Source::Spool(leftover, end),
                    Err(_) => self.finish(&end),
                }
            }
            Ok(Found::NeverStarted) => self.finish(&killed()),
        }
    }

    fn take(&mut self, offset: u64, bytes: &[u8]) {
        let mut codec = lock(&self.codec);
        let mut out = Output { pending: &mut self.pending, unreadable: &mut self.unreadable };
        let mut events = Vec::new();
        self.lines.feed(offset, bytes, |after, whole| match whole {
            Whole::Cut => out.push(after, AssistantEvent::Notice(Notice::LineCut)),
            Whole::Line(line) => {
                if read(&mut *codec, &text(line), &mut events) {
                    out.events(after, &mut events);
                } else {
                    *out.unreadable += 1;
                }
            }
        });
    }

    fn finish(&mut self, end: &End) {
        let after = self.lines.next();
        let mut codec = lock(&self.codec);
        let mut out = Output { pending: &mut self.pending, unreadable: &mut self.unreadable };
        let mut events = Vec::new();
        // A line the process had no time to finish is no message and nobody's fault.
        let last = self.lines.finish();
        if !last.is_empty() && read(&mut *codec, &text(&last), &mut events) {
            out.events(after, &mut events);
        }
        out.flush(after);
        codec.end(end, &mut events);
        events.push(AssistantEvent::Exited { description: describe(end) });
        out.events(after, &mut events);
        self.source = Source::Finished;
    }
}

/// Reads a line; whether it was a message.
fn read<C: Codec>(codec: &mut C, line: &str, events: &mut Vec<AssistantEvent>) -> bool {
    if codec.read(line, events).is_ok() {
        return true;
    }
    events.clear();
    mended(line).is_some_and(|line| codec.read(&line, events).is_ok())
}

/// Where events go.
struct Output<'a> {
    pending: &'a mut VecDeque<RunEvent>,
    unreadable: &'a mut u64,
}

impl Output<'_> {
    fn events(&mut self, after: u64, events: &mut Vec<AssistantEvent>) {
        self.flush(after);
        for event in events.drain(..) {
            self.push(after, event);
        }
    }

    fn flush(&mut self, after: u64) {
        let lines = std::mem::take(self.unreadable);
        if lines > 0 {
            self.push(after, AssistantEvent::Notice(Notice::Unreadable { lines }));
        }
    }

    fn push(&mut self, after: u64, event: AssistantEvent) {
        let after = SpoolOffset(after);
        if let (AssistantEvent::TextDelta(more), Some(last)) = (&event, self.pending.back_mut())
            && let AssistantEvent::TextDelta(text) = &mut last.event
        {
            text.push_str(more);
            last.after = after;
            return;
        }
        self.pending.push_back(RunEvent { after, event });
    }
}

/// The runner went away while it was listened to: no restart of the machine, somebody ended it.
fn killed() -> End {
    End::Exited { status: "killed together with its runner".to_owned(), stderr: String::new() }
}

/// How the runner saw the process end.
pub(super) fn ended(exit: Exit) -> End {
    let status = match (exit.code, exit.signal) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown status".to_owned(),
    };
    End::Exited { status, stderr: exit.stderr_tail }
}

fn describe(end: &End) -> String {
    match end {
        End::Exited { status, .. } => status.clone(),
        End::Lost => "its runner is gone".to_owned(),
    }
}
