//! One writer per directory: a turn holds the working tree it works in, so that two conversations do not write over
//! each other's files.
//!
//! Kept in memory: every gateway has working trees of its own, also where several share a database.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

/// The working trees that turns work in.
#[derive(Debug, Clone, Default)]
pub struct Directories {
    held: Arc<Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>>,
}

/// A directory that nobody else works in; free again when dropped.
#[derive(Debug)]
pub struct Hold {
    path: PathBuf,
    guard: Option<OwnedMutexGuard<()>>,
    directories: Directories,
}

impl Directories {
    /// The directory, if nobody works in it or waits for it.
    #[must_use]
    pub fn take_now(&self, path: &Path) -> Option<Hold> {
        let guard = self.entry(path).try_lock_owned().ok()?;
        Some(self.hold(path, guard))
    }

    /// Waits for the directory; first come, first served.
    pub async fn take(self, path: PathBuf) -> Hold {
        let guard = self.entry(&path).lock_owned().await;
        self.hold(&path, guard)
    }

    fn hold(&self, path: &Path, guard: OwnedMutexGuard<()>) -> Hold {
        Hold { path: path.to_path_buf(), guard: Some(guard), directories: self.clone() }
    }

    fn entry(&self, path: &Path) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.lock().entry(path.to_path_buf()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        drop(self.guard.take());
        let mut held = self.directories.lock();
        // Whoever waits has the entry as well; one that nobody has is forgotten.
        if held.get(&self.path).is_some_and(|entry| Arc::strong_count(entry) == 1) {
            held.remove(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_directory_has_one_writer_and_the_next_in_line_is_the_next_writer() {
        let directories = Directories::default();
        let (shop, bank) = (Path::new("/w/shop"), Path::new("/w/bank"));
        let first = directories.take_now(shop).unwrap();
        assert!(directories.take_now(shop).is_none());
        assert!(directories.take_now(bank).is_some());
        let mut second = Box::pin(directories.clone().take(shop.to_path_buf()));
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        assert!(directories.take_now(shop).is_none(), "nobody overtakes who waits");
        drop(second.await);
        assert!(directories.take_now(shop).is_some());
        assert!(directories.lock().is_empty(), "what is free is forgotten");
    }
}
