//! A gateway's end of a run: what it hears, and what it can do.
//!
//! Two small tasks stand behind a connection: one reads frames and sorts them into replies and events, one writes.
//! The runner sends output only as far as [`Incoming`] has read, so unread output neither piles up here nor keeps a
//! reply waiting.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::mpsc;

use crate::control::Control;
use crate::directory::{self, SOCKET};
use crate::frames::Frames;
use crate::wire::{self, Ask, Exit, FromRunner, Say, WINDOW, What};

/// Socket addresses end at 108 bytes, on some systems at 104; the kernel wants a zero at the end.
const LONGEST_ADDRESS: usize = 100;
/// Between looks at a runner that is coming or going.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// How often a runner that holds the lock but does not answer is tried.
const ATTEMPTS: usize = 1_000;

/// A connection to a runner. Dropping all of it detaches; the run goes on.
#[derive(Debug)]
pub struct Connection {
    pub control: Control,
    pub incoming: Incoming,
    /// The spool's end when this was attached, in bytes.
    pub end: u64,
}

/// What a run says. Nobody needs to read it for [`Control`] to work.
#[derive(Debug)]
pub struct Incoming {
    events: mpsc::UnboundedReceiver<Event>,
    frames: mpsc::UnboundedSender<Vec<u8>>,
    /// Read so far, and up to where the runner knows.
    read: u64,
    told: u64,
}

/// What comes from a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Output of the child. The first may start behind the offset that was asked for, if older output has been taken.
    Data { offset: u64, bytes: Vec<u8> },
    /// The child and everything it started are gone and all output has been given. The last event.
    Exited(Exit),
}

/// Why a run could not be attached to.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// No runner holds this run: [`crate::probe`] tells what became of it.
    #[error("no runner holds this run")]
    NotThere,
    #[error("the runner could not be reached: {0}")]
    Io(#[from] io::Error),
}

/// Attaches to the runner of the run in `dir`, for output from the offset `from` on. An offset behind the end means
/// the end.
///
/// # Errors
/// [`AttachError::NotThere`] when there is no runner (any more).
pub async fn attach(dir: &Path, from: u64) -> Result<Connection, AttachError> {
    let mut attempts = 0;
    loop {
        match attach_once(dir, from).await {
            Ok(connection) => return Ok(connection),
            // A runner that has just locked its directory has no socket yet; one that ends has none any more.
            Err(error) if is_absence(&error) && !directory::is_held(dir) => return Err(AttachError::NotThere),
            Err(error) if is_absence(&error) && attempts < ATTEMPTS => attempts += 1,
            Err(error) => return Err(error.into()),
        }
        look_again_soon().await;
    }
}

/// Ends the run in `dir` as [`Control::stop`] does, and its runner, too: afterwards [`crate::probe`] finds it gone, with
/// its output. A run that is gone counts as ended.
///
/// # Errors
/// [`AttachError::Io`] when its runner lives and cannot be reached.
pub async fn end(dir: &Path) -> Result<(), AttachError> {
    match attach(dir, u64::MAX).await {
        Ok(connection) => {
            connection.control.stop().await;
            connection.control.keep_until(0).await;
        }
        Err(AttachError::NotThere) => return Ok(()),
        Err(error) => return Err(error),
    }
    for _ in 0..ATTEMPTS {
        if !directory::is_held(dir) {
            return Ok(());
        }
        look_again_soon().await;
    }
    Err(io::Error::from(io::ErrorKind::TimedOut).into())
}

impl Incoming {
    /// The next event; `None` when the connection to the runner is lost. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.events.recv().await?;
        if let Event::Data { offset, bytes } = &event {
            self.read = offset + bytes.len() as u64;
            if self.read - self.told >= WINDOW / 2 {
                self.told = self.read;
                // A connection that is lost shows when the events are used up.
                let _ = self.frames.send(wire::encode(&Ask { id: 0, what: What::Read { upto: self.read } }));
            }
        }
        Some(event)
    }
}

/// Sends the first message and waits for the runner's first.
///
/// # Errors
/// What the runner says against it, or why it could not be heard.
pub(crate) async fn greet(stream: UnixStream, dir: PathBuf, first: What) -> Result<Connection, Refusal> {
    let mut frames = Frames::new(stream);
    frames.send(&wire::encode(&Ask { id: 0, what: first })).await?;
    loop {
        match frames.next().await?.ok_or(io::ErrorKind::ConnectionReset).map_err(io::Error::from)? {
            FromRunner::Say(Say::Attached { end }) => return Ok(connect(frames, dir, end)),
            FromRunner::Say(Say::NotStarted(error)) => return Err(Refusal::Said(error)),
            FromRunner::Say(_) | FromRunner::Data { .. } => {}
        }
    }
}

/// Why there is no connection.
pub(crate) enum Refusal {
    Said(crate::StartError),
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Refusal::Io(error)
    }
}

fn connect(stream: Frames, dir: PathBuf, end: u64) -> Connection {
    let (mut reader, mut writer) = stream.split();
    let (frames, mut to_send) = mpsc::unbounded_channel::<Vec<u8>>();
    let (events, received) = mpsc::unbounded_channel();
    let (control, replies) = Control::new(dir, frames.clone());
    tokio::spawn(async move {
        // Ends, and with it our half of the socket, when the last handle is dropped: that is how one detaches.
        while let Some(frame) = to_send.recv().await {
            if writer.send(&frame).await.is_err() {
                break;
            }
        }
    });
    tokio::spawn(async move {
        while let Ok(Some(frame)) = reader.next().await {
            // Nobody may be interested in the events any more; the replies are still.
            match frame {
                FromRunner::Data { offset, bytes } => drop(events.send(Event::Data { offset, bytes })),
                FromRunner::Say(Say::Exited(exit)) => drop(events.send(Event::Exited(exit))),
                FromRunner::Say(Say::Reply { id, answer }) => replies.deliver(id, answer),
                FromRunner::Say(_) => {}
            }
        }
        replies.close();
    });
    Connection { control, incoming: Incoming { events: received, frames, read: 0, told: 0 }, end }
}

async fn attach_once(dir: &Path, from: u64) -> io::Result<Connection> {
    let stream = reach(dir).await?;
    greet(stream, dir.to_owned(), What::Attach { from }).await.map_err(|refusal| match refusal {
        Refusal::Io(error) => error,
        Refusal::Said(error) => io::Error::other(error),
    })
}

/// Connects to the socket in `dir`, however long the path.
async fn reach(dir: &Path) -> io::Result<UnixStream> {
    let socket = dir.join(SOCKET);
    if socket.as_os_str().len() < LONGEST_ADDRESS {
        return UnixStream::connect(socket).await;
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Mode, OFlags, open};
        use std::os::fd::AsRawFd;
        let handle = open(dir, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        UnixStream::connect(format!("/proc/self/fd/{}/{SOCKET}", handle.as_raw_fd())).await
    }
    #[cfg(not(target_os = "linux"))]
    Err(io::Error::new(io::ErrorKind::InvalidFilename, format!("`{}` is too long for a socket", socket.display())))
}

#[expect(clippy::disallowed_methods, reason = "it waits for another process, whatever a test's clock says")]
async fn look_again_soon() {
    tokio::time::sleep(LOOK_AGAIN).await;
}

fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset | BrokenPipe)
}
