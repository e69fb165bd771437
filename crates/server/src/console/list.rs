//! The conversations there are: the transcript files, the last written first.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::entry::{Entry, Numbered};
use super::parse_id;

/// How much of a transcript is read to find its title.
const HEAD: u64 = 64 * 1024;

/// The characters of a title.
const TITLE: usize = 80;

/// One conversation in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Listed {
    pub(crate) id: Uuid,
    /// How its first message begins.
    pub(crate) title: String,
    pub(crate) updated_at: DateTime<Utc>,
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

pub(super) fn page(folder: &Path, after: Option<ListCursor>, limit: usize) -> io::Result<Vec<Listed>> {
    let mut found = files(folder)?;
    found.sort_unstable_by(|a, b| b.cmp(a));
    let from = after.map_or(0, |after| found.partition_point(|cursor| *cursor >= after));
    let listed = found[from..].iter().take(limit).map(|cursor| Listed {
        id: cursor.id,
        title: title(&folder.join(format!("{}.jsonl", cursor.id))),
        updated_at: DateTime::from_timestamp_micros(cursor.micros).unwrap_or_default(),
    });
    Ok(listed.collect())
}

/// Deletes what was last written before then, and returns how many files that were.
pub(super) fn prune(folder: &Path, before: DateTime<Utc>) -> io::Result<usize> {
    let mut deleted = 0;
    for old in files(folder)?.into_iter().filter(|cursor| cursor.micros < before.timestamp_micros()) {
        deleted += usize::from(fs::remove_file(folder.join(format!("{}.jsonl", old.id))).is_ok());
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

/// The first thing a person wrote that is no command, else the first command.
fn title(path: &Path) -> String {
    let mut head = Vec::new();
    if File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head)).is_err() {
        return String::new();
    }
    let texts: Vec<String> = head
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Numbered<Entry>>(line).ok())
        .filter_map(|line| if let Entry::User { text, .. } = line.what { Some(text) } else { None })
        .collect();
    let chosen = texts.iter().find(|text| !text.starts_with('/')).or(texts.first());
    let words = chosen.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default();
    match words.char_indices().nth(TITLE) {
        Some((cut, _)) => format!("{}…", &words[..cut]),
        None => words,
    }
}
