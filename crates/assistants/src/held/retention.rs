//! What is left of runs that ended, and when it goes: a spool holds an assistant's words, which are not kept for ever.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use adjutant_core::id::RunId;
use adjutant_runner::Found;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Deletes the directories of runs that have ended and were last written before then, but for those in `needed`.
/// Returns how many that were. Whatever is no run's directory is left alone. Blocks.
///
/// # Errors
/// When the runs cannot be listed. A single one that cannot be deleted is logged, and tried again the next time.
pub fn prune_runs(data_dir: &Path, before: DateTime<Utc>, needed: &HashSet<RunId>) -> io::Result<usize> {
    let entries = match fs::read_dir(data_dir.join("runs")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut deleted = 0;
    for entry in entries {
        let dir = entry?.path();
        let id = dir.file_name().and_then(|name| name.to_str()).and_then(|name| Uuid::try_parse(name).ok());
        if id.is_none_or(|id| needed.contains(&RunId(id))) {
            continue;
        }
        match prune_run(&dir, before) {
            Ok(is_gone) => deleted += usize::from(is_gone),
            Err(error) => tracing::warn!(dir = %dir.display(), %error, "an old run cannot be deleted: {error}"),
        }
    }
    Ok(deleted)
}

fn prune_run(dir: &Path, before: DateTime<Utc>) -> io::Result<bool> {
    if last_written(dir)? >= before || adjutant_runner::probe(dir)? == Found::Alive {
        return Ok(false);
    }
    adjutant_runner::remove(dir)?;
    Ok(true)
}

/// When the directory or a file in it was last written.
fn last_written(dir: &Path) -> io::Result<DateTime<Utc>> {
    let mut last = fs::metadata(dir)?.modified()?;
    for entry in fs::read_dir(dir)? {
        last = last.max(entry?.metadata()?.modified()?);
    }
    Ok(last.into())
}
