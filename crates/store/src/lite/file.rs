//! The database file, private to its owner, and the lock beside it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::sqlite::SqliteConnectOptions;

use crate::error::StoreError;

/// The file named by a `sqlite://` address.
pub(super) fn path_of(url: &str) -> Result<PathBuf, StoreError> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(StoreError::Address { reason: "a database in memory would lose messages".to_owned() });
    }
    let options = SqliteConnectOptions::from_str(url).map_err(|error| StoreError::from_sqlx("database", error))?;
    let path = options.get_filename();
    if path.as_os_str().is_empty() {
        return Err(StoreError::Address { reason: "it names no file".to_owned() });
    }
    Ok(path.to_owned())
}

/// Creates the folder (0700) and the file (0600) where they are missing. SQLite gives its log and index the
/// permissions of the file.
pub(super) fn prepare(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| unavailable(folder, &error))?;
    }
    private_file(path).map(drop)
}

/// An exclusive lock on `<file>.lock`, which also says who holds it. It ends with its process, however that ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(database: &Path, holder: &str) -> Result<Self, StoreError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let mut file = private_file(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Whatever can be read is good enough for a message.
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.is_empty() { "another process".to_owned() } else { holder };
                return Err(StoreError::Taken { holder });
            }
            Err(TryLockError::Error(error)) => return Err(unavailable(&path, &error)),
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(holder.as_bytes()));
        written.map_err(|error| unavailable(&path, &error))?;
        Ok(Self { _file: file })
    }
}

fn private_file(path: &Path) -> Result<File, StoreError> {
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    opened.map_err(|error| unavailable(path, &error))
}

fn unavailable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable { reason: format!("`{}`: {error}", path.display()) }
}
