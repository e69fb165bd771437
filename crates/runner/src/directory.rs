//! What lies in a run's directory, and who may touch it.
//!
//! | file | what |
//! | --- | --- |
//! | `lock` | locked (`flock`) by the runner as long as it lives; its text says `started` or `called off` |
//! | `sock` | the runner's socket |
//! | `spool.<offset>` | output, each file from that offset on |
//! | `keys` | the keys of the lines written to stdin, one a line |
//! | `exit` | how the child ended, JSON |
//!
//! A run starts at most once. Its runner takes the lock, finds the file empty and writes `started`; [`probe`] takes the
//! lock, finds the file empty and writes `called off`. Once [`remove`] has deleted all this, a runner that comes even
//! later finds its starter gone, and gives up for that reason (`hold`).

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{FlockOperation, flock};

use crate::wire::Exit;

pub(crate) const LOCK: &str = "lock";
pub(crate) const SOCKET: &str = "sock";
pub(crate) const KEYS: &str = "keys";
pub(crate) const EXIT: &str = "exit";
pub(crate) const SPOOL_PREFIX: &str = "spool.";

const STARTED: &str = "started\n";
const CALLED_OFF: &str = "called off\n";

/// Whoever tries a lock holds it for a moment, and another try in that moment would take this for a runner.
static ONE_TRY_AT_A_TIME: Mutex<()> = Mutex::new(());

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

/// A run's directory, claimed by its runner until this is dropped.
pub(crate) struct Claim {
    _lock: File,
}

/// Why a directory could not be claimed.
pub(crate) enum ClaimError {
    /// Another runner has or had it, or it was called off.
    Used,
    Io(io::Error),
}

/// Finds out what became of the run in `dir`, by its lock. A directory that is missing is made, so that a runner that
/// comes late finds its run called off.
///
/// # Errors
/// Whatever the file system says.
pub fn probe(dir: &Path) -> io::Result<Found> {
    make(dir)?;
    let _guard = one_try_at_a_time();
    let Some(mut lock) = try_lock(dir)? else { return Ok(Found::Alive) };
    let mut state = String::new();
    lock.read_to_string(&mut state)?;
    if state.is_empty() {
        lock.write_all(CALLED_OFF.as_bytes())?;
    }
    if state != STARTED {
        return Ok(Found::NeverStarted);
    }
    let exit = read_if_there(&dir.join(EXIT))?.and_then(|text| serde_json::from_slice(&text).ok());
    let spool_end = segments(dir)?.last().map_or(0, |(start, length)| start + length);
    Ok(Found::Gone { keys: read_keys(dir)?, spool_end, exit })
}

/// Deletes the directory of a run whose runner is gone. A directory that is gone is fine.
///
/// # Errors
/// `ResourceBusy` when a runner holds it; else whatever the file system says.
pub fn remove(dir: &Path) -> io::Result<()> {
    let _guard = one_try_at_a_time();
    match try_lock(dir) {
        Ok(Some(_lock)) => {
            clear(dir)?;
            std::fs::remove_dir(dir)
        }
        Ok(None) => Err(io::Error::new(io::ErrorKind::ResourceBusy, "a runner holds this run")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether a runner holds the run in `dir`. Changes nothing.
pub(crate) fn is_held(dir: &Path) -> bool {
    let _guard = one_try_at_a_time();
    File::open(dir.join(LOCK)).is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockShared).is_err())
}

/// Claims `dir` for the runner that calls this.
pub(crate) fn claim(dir: &Path) -> Result<Claim, ClaimError> {
    make(dir).map_err(ClaimError::Io)?;
    let Some(mut lock) = try_lock_patiently(dir).map_err(ClaimError::Io)? else { return Err(ClaimError::Used) };
    let mut state = String::new();
    lock.read_to_string(&mut state).map_err(ClaimError::Io)?;
    if !state.is_empty() {
        return Err(ClaimError::Used);
    }
    lock.write_all(STARTED.as_bytes()).map_err(ClaimError::Io)?;
    Ok(Claim { _lock: lock })
}

/// Deletes a claimed directory, after a start that failed.
pub(crate) fn unclaim(claim: Claim, dir: &Path) {
    // What cannot be deleted stays and says `started`, without keys: the run counts as gone.
    let _ = clear(dir).and_then(|()| std::fs::remove_dir(dir));
    drop(claim);
}

/// The spool's files as (first offset, length), in order.
pub(crate) fn segments(dir: &Path) -> io::Result<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(start) =
            name.to_str().and_then(|name| name.strip_prefix(SPOOL_PREFIX)).and_then(|start| start.parse().ok())
        {
            found.push((start, entry.metadata()?.len()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The name of the spool file that begins at `start`.
pub(crate) fn segment_name(start: u64) -> String {
    format!("{SPOOL_PREFIX}{start:020}")
}

fn make(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the runner, a process without a runtime, waits here for another process"
)]
fn try_lock_patiently(dir: &Path) -> io::Result<Option<File>> {
    for _ in 0..20 {
        if let Some(lock) = try_lock(dir)? {
            return Ok(Some(lock));
        }
        // Perhaps only somebody looking, who holds it for microseconds.
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    Ok(None)
}

/// Takes the lock, if nobody has it.
fn try_lock(dir: &Path) -> io::Result<Option<File>> {
    let path = dir.join(LOCK);
    loop {
        let lock = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        // `remove` may have deleted the file between its opening and its locking.
        if is_still_at(&lock, &path)? {
            return Ok(Some(lock));
        }
    }
}

fn is_still_at(file: &File, path: &PathBuf) -> io::Result<bool> {
    let here = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((here.dev(), here.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Deletes the files, the lock last: while it is there, so is the run's state.
fn clear(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name() != LOCK {
            std::fs::remove_file(entry.path())?;
        }
    }
    std::fs::remove_file(dir.join(LOCK))
}

fn read_keys(dir: &Path) -> io::Result<Vec<String>> {
    let text = read_if_there(&dir.join(KEYS))?.unwrap_or_default();
    // A key without its newline was being noted when the runner died: its line was not written.
    let whole = text.split_inclusive(|&byte| byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
    Ok(whole.map(|key| String::from_utf8_lossy(key).into_owned()).collect())
}

fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn one_try_at_a_time() -> MutexGuard<'static, ()> {
    ONE_TRY_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}
