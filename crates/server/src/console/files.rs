//! Files that a person adds to a message. They come before it, each by itself, and lie in a private folder until the
//! gateway has fetched them like those of any other platform.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use adjutant_core::message::IncomingFile;
use axum::body::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{ConsolePlatform, blocking, parse_id};

/// The most bytes of one file.
pub(crate) const LIMIT: u64 = 20 * 1024 * 1024;

/// Files of one message.
pub(crate) const MOST: usize = 10;

/// A file that is still coming in; it is removed unless it is kept.
#[derive(Debug)]
pub(crate) struct Arriving {
    id: Uuid,
    path: PathBuf,
    file: Option<File>,
    size: u64,
    kept: bool,
}

impl ConsolePlatform {
    /// A file that begins to come in.
    pub(crate) async fn arriving(&self, conversation: Uuid) -> io::Result<Arriving> {
        let (folder, id) = (self.files_of(conversation), Uuid::new_v4());
        blocking(move || {
            DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            let path = folder.join(id.to_string());
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            Ok(Arriving { id, path, file: Some(file), size: 0, kept: false })
        })
        .await
    }

    /// A file that has come in, as a message names it; `None`: there is none of that id.
    pub(crate) async fn arrived(&self, conversation: Uuid, id: Uuid, name: String) -> io::Result<Option<IncomingFile>> {
        let path = self.files_of(conversation).join(id.to_string());
        blocking(move || match fs::metadata(path) {
            Ok(meta) => {
                let reference = format!("{conversation}/{id}");
                Ok(Some(IncomingFile { name, reference, size: Some(meta.len()) }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// The bytes of a file that has come in.
    pub(super) async fn read_file(&self, reference: &str) -> io::Result<Vec<u8>> {
        let named =
            reference.split_once('/').and_then(|(conversation, id)| Some((parse_id(conversation)?, parse_id(id)?)));
        let (conversation, id) = named.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let path = self.files_of(conversation).join(id.to_string());
        blocking(move || fs::read(path)).await
    }

    pub(super) fn files_of(&self, conversation: Uuid) -> PathBuf {
        self.inner.folder.join("files").join(conversation.to_string())
    }
}

impl Arriving {
    /// The size so far.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    pub(crate) async fn write(mut self, bytes: Bytes) -> io::Result<Self> {
        self.size += bytes.len() as u64;
        blocking(move || {
            self.file.as_mut().ok_or(io::ErrorKind::NotFound)?.write_all(&bytes)?;
            Ok(self)
        })
        .await
    }

    /// It is whole.
    pub(crate) async fn keep(mut self) -> io::Result<Uuid> {
        blocking(move || {
            self.file.take().ok_or(io::ErrorKind::NotFound)?.sync_all()?;
            self.kept = true;
            Ok(self.id)
        })
        .await
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed now goes with its age.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Deletes files that came in before then, and folders that are empty then.
pub(super) fn prune(folder: &Path, before: DateTime<Utc>) -> io::Result<usize> {
    let mut deleted = 0;
    for conversation in entries(&folder.join("files"))? {
        for file in entries(&conversation)? {
            if DateTime::<Utc>::from(fs::symlink_metadata(&file)?.modified()?) < before {
                deleted += usize::from(fs::remove_file(&file).is_ok());
            }
        }
        // It is not empty as long as something newer is in it.
        let _ = fs::remove_dir(&conversation);
    }
    Ok(deleted)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
