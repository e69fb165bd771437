//! What a conversation is called: the name it was given, else how its first message begins.
//!
//! A given name is a small file beside the transcript, so that giving one does not count as using the conversation.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::entry::{Entry, Numbered};

/// How much of a transcript is read to find its title.
const HEAD: u64 = 64 * 1024;

/// The characters of a title.
const TITLE: usize = 80;

/// The transcript of a conversation.
pub(super) fn transcript(folder: &Path, id: Uuid) -> PathBuf {
    folder.join(format!("{id}.jsonl"))
}

/// What it is called.
pub(super) fn of(folder: &Path, id: Uuid) -> String {
    match fs::read_to_string(given(folder, id)) {
        Ok(title) if !title.trim().is_empty() => title.trim().to_owned(),
        _ => beginning(&transcript(folder, id)),
    }
}

/// Gives it a name, or takes the given one back. `None`: there is no such conversation.
pub(super) fn rename(folder: &Path, id: Uuid, title: Option<&str>) -> io::Result<Option<String>> {
    if !transcript(folder, id).try_exists()? {
        return Ok(None);
    }
    let Some(title) = title else {
        forget(folder, id)?;
        return Ok(Some(of(folder, id)));
    };
    // Renamed into its place: a name is there whole or not at all.
    let new = folder.join(format!("{id}.title.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(title.as_bytes())?;
    fs::rename(new, given(folder, id))?;
    Ok(Some(title.to_owned()))
}

/// Takes a given name back.
pub(super) fn forget(folder: &Path, id: Uuid) -> io::Result<()> {
    match fs::remove_file(given(folder, id)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn given(folder: &Path, id: Uuid) -> PathBuf {
    folder.join(format!("{id}.title"))
}

/// The first thing a person wrote that is no command, else the first command.
fn beginning(path: &Path) -> String {
    let mut head = Vec::new();
    if File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head)).is_err() {
        return String::new();
    }
    let texts: Vec<String> = head
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Numbered<Entry>>(line).ok())
        .filter_map(|line| match line.what {
            Entry::User { text, files, .. } => Some(if text.is_empty() { files.join(", ") } else { text }),
            _ => None,
        })
        .collect();
    let chosen = texts.iter().find(|text| !text.starts_with('/')).or(texts.first());
    let words = chosen.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default();
    match words.char_indices().nth(TITLE) {
        Some((cut, _)) => format!("{}…", &words[..cut]),
        None => words,
    }
}
