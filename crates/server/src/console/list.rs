//! The conversations there are: the transcript files, the last written first.

use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{parse_id, search, title};

/// One conversation in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Listed {
    pub(crate) id: Uuid,
    /// The name it was given, or how its first message begins.
    pub(crate) title: String,
    pub(crate) updated_at: DateTime<Utc>,
    /// Where what was searched for stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<String>,
}

/// Which conversations are listed.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) after: Option<ListCursor>,
    pub(crate) limit: usize,
    /// Only those in which this was said.
    pub(crate) query: Option<String>,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ListCursor {
    micros: i64,
    id: Uuid,
}

impl Listed {
    pub(crate) fn cursor(&self) -> String {
        format!("{}.{}", self.updated_at.timestamp_micros(), self.id)
    }
}

impl FromStr for ListCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (micros, id) = text.split_once('.').ok_or(())?;
        Ok(Self { micros: micros.parse().map_err(|_| ())?, id: parse_id(id).ok_or(())? })
    }
}

pub(super) fn page(folder: &Path, wanted: &Wanted) -> io::Result<Vec<Listed>> {
    let mut found = files(folder)?;
    found.sort_unstable_by(|a, b| b.cmp(a));
    let from = wanted.after.map_or(0, |after| found.partition_point(|cursor| *cursor >= after));
    let query = wanted.query.as_deref().map(str::to_lowercase);
    let listed = found[from..].iter().filter_map(|cursor| {
        let title = title::of(folder, cursor.id);
        let found = match &query {
            Some(query) => Some(search::find(&title::transcript(folder, cursor.id), &title, query)?),
            None => None,
        };
        let updated_at = DateTime::from_timestamp_micros(cursor.micros).unwrap_or_default();
        Some(Listed { id: cursor.id, title, updated_at, found })
    });
    Ok(listed.take(wanted.limit).collect())
}

/// Deletes what was last written before then, and returns how many files that were.
pub(super) fn prune(folder: &Path, before: DateTime<Utc>) -> io::Result<usize> {
    let mut deleted = 0;
    for old in files(folder)?.into_iter().filter(|cursor| cursor.micros < before.timestamp_micros()) {
        deleted += usize::from(fs::remove_file(title::transcript(folder, old.id)).is_ok());
        title::forget(folder, old.id)?;
    }
    Ok(deleted)
}

fn files(folder: &Path) -> io::Result<Vec<ListCursor>> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".jsonl")).and_then(parse_id);
        // A file that was deleted in between is not listed.
        if let (Some(id), Ok(meta)) = (id, file.metadata()) {
            let micros = meta.modified().map_or(0, |at| DateTime::<Utc>::from(at).timestamp_micros());
            found.push(ListCursor { micros, id });
        }
    }
    Ok(found)
}
