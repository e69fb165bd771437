//! A gateway's end of a run: what it hears, and what it can do.

use std::path::Path;

use crate::wire::{Exit, Status};

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
pub struct Incoming {}

/// What can be done to a run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Control {}

/// What comes from a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Output of the child. The first may start behind the offset that was asked for, if older output has been taken.
    Data { offset: u64, bytes: Vec<u8> },
    /// The child and everything it started are gone and all output has been given. The last event.
    Exited(Exit),
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

/// Why a run could not be attached to.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// No runner holds this run: [`crate::probe`] tells what became of it.
    #[error("no runner holds this run")]
    NotThere,
    #[error("the runner could not be reached: {0}")]
    Io(#[from] std::io::Error),
}

/// Attaches to the runner of the run in `dir`, for output from the offset `from` on.
///
/// # Errors
/// [`AttachError::NotThere`] when there is no runner (any more).
pub async fn attach(dir: &Path, from: u64) -> Result<Connection, AttachError> {
    let _ = (dir, from);
    Err(AttachError::NotThere)
}

/// Ends the run in `dir` as [`Control::stop`] does. A run that is gone counts as ended.
///
/// # Errors
/// [`AttachError::Io`] when its runner lives and cannot be reached.
pub async fn end(dir: &Path) -> Result<(), AttachError> {
    match attach(dir, u64::MAX).await {
        Ok(connection) => {
            connection.control.stop().await;
            Ok(())
        }
        Err(AttachError::NotThere) => Ok(()),
        Err(error) => Err(error),
    }
}

impl Incoming {
    /// The next event; `None` when the connection to the runner is lost. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        None
    }
}

impl Control {
    /// Writes a line to the child's stdin, once per key for the whole life of the run. Resolves when the runner has
    /// noted the key and accepted the line; waits while the child does not read.
    ///
    /// # Errors
    /// [`Gone`] when the child cannot be written to any more.
    pub async fn write(&self, key: &str, line: &[u8]) -> Result<Written, Gone> {
        let _ = (key, line);
        Err(Gone("not there yet".into()))
    }

    /// Closes the child's stdin behind what is still to be written.
    ///
    /// # Errors
    /// [`Gone`] when the runner is gone.
    pub async fn close_stdin(&self) -> Result<(), Gone> {
        Err(Gone("not there yet".into()))
    }

    /// Sends a signal to the child, not to what it started.
    ///
    /// # Errors
    /// [`Gone`] when there is no child to signal.
    pub async fn signal(&self, number: i32) -> Result<(), Gone> {
        let _ = number;
        Err(Gone("not there yet".into()))
    }

    /// Ends the child and everything it started: closes stdin, SIGTERM, five seconds, SIGKILL for the whole tree.
    /// Resolves when nothing of it lives, also if it was gone already.
    pub async fn stop(&self) {}

    /// Sets until when the run is kept while nobody is attached, in milliseconds of Unix time.
    pub async fn keep_until(&self, unix_ms: i64) {
        let _ = unix_ms;
    }

    /// Says that all output below `offset` is stored: the spool may forget it. When the child has exited and its
    /// last byte is taken, the runner ends.
    pub async fn taken(&self, offset: u64) {
        let _ = offset;
    }

    /// The run's state.
    ///
    /// # Errors
    /// [`Gone`] when the runner is gone.
    pub async fn status(&self) -> Result<Status, Gone> {
        Err(Gone("not there yet".into()))
    }
}
