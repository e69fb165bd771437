//! The demo's sessions hold what people wrote, so they go when other transcripts go.

use std::fs;
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Deletes sessions that were last written before then. Returns how many that were. Blocks.
///
/// # Errors
/// When the sessions cannot be listed. A single one that cannot be deleted is logged, and tried again the next time.
pub fn prune_sessions(data_dir: &Path, before: DateTime<Utc>) -> io::Result<usize> {
    let entries = match fs::read_dir(data_dir.join(super::FOLDER)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut deleted = 0;
    for entry in entries {
        let path = entry?.path();
        match prune(&path, before) {
            Ok(is_gone) => deleted += usize::from(is_gone),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "an old session of the demo cannot be deleted: {error}");
            }
        }
    }
    Ok(deleted)
}

/// Deletes one session. Blocks for a moment.
///
/// # Errors
/// When its file cannot be deleted. One that is not there counts as deleted.
pub fn forget_session(data_dir: &Path, id: Uuid) -> io::Result<()> {
    match fs::remove_file(data_dir.join(super::FOLDER).join(format!("{id}.json"))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn prune(path: &Path, before: DateTime<Utc>) -> io::Result<bool> {
    let found = fs::symlink_metadata(path)?;
    if !found.is_file() || DateTime::<Utc>::from(found.modified()?) >= before {
        return Ok(false);
    }
    fs::remove_file(path)?;
    Ok(true)
}
