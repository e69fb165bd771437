//! Where a clone grows: a folder beside the finished ones, with a lock.
//!
//! A clone becomes visible by one rename, when it is complete. What a crash leaves is recognised by its lock, which
//! nobody holds any more, and removed before the next clone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{FlockOperation, flock};
use secrecy::ExposeSecret;

use crate::config::{HostCredential, RunAs};
use crate::remote::percent_encoded;

/// Inside the workspace, so that the last step is a rename on one file system.
pub const FOLDER: &str = ".incoming";

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// One clone's folder. Dropping it removes the folder.
#[derive(Debug)]
pub struct Incoming {
    folder: PathBuf,
    run_as: Option<RunAs>,
    /// Held while the clone runs.
    _lock: File,
}

impl Incoming {
    /// Makes a folder for a clone.
    pub fn open(workspace: &Path, run_as: Option<RunAs>) -> io::Result<Self> {
        let all = workspace.join(FOLDER);
        make_folder(&all, run_as)?;
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let folder = all.join(format!("{}-{number}", std::process::id()));
            match make_new_folder(&folder, run_as) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
            // Another gateway that sweeps may take the lock first, and the folder with it.
            if let Some(lock) = lock(&folder)? {
                let incoming = Self { folder, run_as, _lock: lock };
                make_new_folder(&incoming.home(), run_as)?;
                return Ok(incoming);
            }
        }
    }

    /// The folder Git is started in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Git's home: holds the credentials and nothing else.
    pub fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// The working tree to be.
    pub fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// Puts credentials where `git credential-store` looks for them. This file is the only place they pass: no argument
    /// list, environment or configuration shows them. It lives as long as the clone and only Git's user can read it.
    pub fn put_credentials(&self, protocol: &str, credentials: &[HostCredential]) -> io::Result<()> {
        let path = self.home().join(".git-credentials");
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        for credential in credentials {
            let (user, secret) =
                (percent_encoded(&credential.username), percent_encoded(credential.secret.expose_secret()));
            writeln!(file, "{protocol}://{user}:{secret}@{}", credential.host)?;
        }
        give(&path, self.run_as)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // The credentials go first, in case a process that is just being killed still writes into the tree. What
        // cannot be removed now is swept before the next clone.
        let _ = fs::remove_dir_all(self.home());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes what clones left behind that ended with their gateway.
pub fn sweep(workspace: &Path) {
    let Ok(entries) = fs::read_dir(workspace.join(FOLDER)) else {
        return;
    };
    for entry in entries.flatten() {
        let folder = entry.path();
        // The lock is held until the folder is gone.
        if let Ok(Some(_lock)) = lock(&folder)
            && let Err(error) = fs::remove_dir_all(&folder)
        {
            tracing::warn!(folder = %folder.display(), %error, "the rest of a broken clone could not be removed");
        }
    }
}

/// Makes a folder unless it is there, owned by the user Git runs as.
pub fn make_folder(path: &Path, run_as: Option<RunAs>) -> io::Result<()> {
    match make_new_folder(path, run_as) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && fs::symlink_metadata(path)?.is_dir() => Ok(()),
        result => result,
    }
}

fn make_new_folder(path: &Path, run_as: Option<RunAs>) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(path)?;
    give(path, run_as)
}

fn give(path: &Path, run_as: Option<RunAs>) -> io::Result<()> {
    match run_as {
        Some(user) => chown(path, Some(user.uid), Some(user.gid)),
        None => Ok(()),
    }
}

/// The folder's lock, unless somebody holds it or the folder is gone.
fn lock(folder: &Path) -> io::Result<Option<File>> {
    let path = folder.join("lock");
    let file = match OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
