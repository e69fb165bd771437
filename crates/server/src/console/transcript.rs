//! A transcript file: one JSON line per message or change.
//!
//! A message that grows is one line that is replaced in place while it is the last one. So every state that was
//! reported as sent is in the file, and a streamed answer does not fill it with its own beginnings.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::entry::{Author, Entry, Item, Numbered};

/// How much of a file's end is read to find its last line; a longer last line costs a full read.
const TAIL: u64 = 64 * 1024;

/// The file of one conversation and where it ends. The file is opened for each access, so that thousands of open
/// conversations hold no descriptors.
#[derive(Debug)]
pub(super) struct Transcript {
    path: PathBuf,
    /// Behind the last whole line.
    end: u64,
    last: Option<LastLine>,
}

#[derive(Debug, Clone)]
struct LastLine {
    start: u64,
    n: u64,
    /// The part it is about; `None` for other kinds of lines.
    part: Option<String>,
}

impl Transcript {
    /// Reads where the file ends. A file that does not exist is an empty transcript and is not made.
    pub(super) fn load(path: &Path) -> io::Result<Self> {
        let mut transcript = Self { path: path.to_owned(), end: 0, last: None };
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(transcript),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        let from = length.saturating_sub(TAIL);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        if !transcript.find_end(&bytes, from) {
            file.seek(SeekFrom::Start(0))?;
            bytes.clear();
            file.read_to_end(&mut bytes)?;
            transcript.find_end(&bytes, 0);
        }
        Ok(transcript)
    }

    /// The number of the last line; 0 in an empty transcript.
    pub(super) fn last_number(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.n)
    }

    /// Writes a line: in the place of the last one if that is an earlier state of the same part, else behind it.
    pub(super) fn write(&mut self, line: &str, entry: &Numbered<Entry>) -> io::Result<()> {
        let part = match &entry.what {
            Entry::Part { id, .. } => Some(id.clone()),
            _ => None,
        };
        let start = match &self.last {
            Some(last) if part.is_some() && last.part == part => last.start,
            _ => self.end,
        };
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&self.path)?;
        // A file that was pruned in the meantime begins anew.
        let start = start.min(file.metadata()?.len());
        file.write_all_at(format!("{line}\n").as_bytes(), start)?;
        let end = start + line.len() as u64 + 1;
        // Cuts off what a longer earlier state, or a line torn by a crash, left behind.
        file.set_len(end)?;
        self.end = end;
        self.last = Some(LastLine { start, n: entry.n, part });
        Ok(())
    }

    /// Every readable line, the oldest first.
    pub(super) fn entries(&self) -> io::Result<Vec<Numbered<Entry>>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut entries = Vec::new();
        for line in BufReader::new(file.take(self.end)).split(b'\n') {
            entries.extend(serde_json::from_slice(&line?).ok());
        }
        Ok(entries)
    }

    /// Whether a person's message or press of this id was written. Ids are of a few plain characters, and a quote
    /// inside a text is escaped, so this finds nothing else.
    pub(super) fn has_inbound(&self, id: &str) -> io::Result<bool> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let texts = ["user", "press"].map(|kind| format!(r#""type":"{kind}","id":"{id}","#));
        let mut lines = bytes.split(|byte| *byte == b'\n');
        Ok(lines.any(|line| {
            // The number, the time and these two fields come first.
            let head = String::from_utf8_lossy(&line[..line.len().min(256)]);
            texts.iter().any(|text| head.contains(text))
        }))
    }

    pub(super) fn delete(&mut self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => {
                (self.end, self.last) = (0, None);
                Ok(())
            }
        }
    }

    /// Finds the last whole readable line in the bytes that begin at `from`. False when there is none in them.
    fn find_end(&mut self, bytes: &[u8], from: u64) -> bool {
        let mut end = bytes.len();
        while let Some(newline) = bytes[..end].iter().rposition(|byte| *byte == b'\n') {
            let start = bytes[..newline].iter().rposition(|byte| *byte == b'\n').map_or(0, |before| before + 1);
            // Without a newline before it the line may begin before `from`.
            if (start > 0 || from == 0)
                && let Ok(line) = serde_json::from_slice::<Numbered<Entry>>(&bytes[start..newline])
            {
                let part = match line.what {
                    Entry::Part { id, .. } => Some(id),
                    _ => None,
                };
                self.end = from + newline as u64 + 1;
                self.last = Some(LastLine { start: from + start as u64, n: line.n, part });
                return true;
            }
            end = newline;
        }
        false
    }
}

/// The messages as they stand, in the order of their first lines.
pub(super) fn fold(entries: Vec<Numbered<Entry>>) -> Vec<Item> {
    let mut items: Vec<Option<Item>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for Numbered { n, at, what } in entries {
        let place = places.get(what.id()).copied();
        match what {
            Entry::User { id, text, files } => {
                places.insert(id.clone(), items.len());
                items.push(Some(Item { files, ..Item::user(id, n, at, text) }));
            }
            Entry::Part { id, part } => match place.and_then(|place| items[place].as_mut()) {
                Some(item) => (item.text, item.form, item.buttons) = (part.text, part.form, part.buttons),
                None => {
                    places.insert(id.clone(), items.len());
                    items.push(Some(Item {
                        id,
                        n,
                        at,
                        from: Author::Gateway,
                        text: part.text,
                        form: part.form,
                        files: Vec::new(),
                        buttons: part.buttons,
                        sign: None,
                    }));
                }
            },
            Entry::Delete { .. } => {
                if let Some(place) = place {
                    items[place] = None;
                }
            }
            Entry::Reaction { sign, .. } => {
                if let Some(item) = place.and_then(|place| items[place].as_mut()) {
                    item.sign = sign;
                }
            }
            Entry::Press { .. } => {}
        }
    }
    items.into_iter().flatten().collect()
}

impl Item {
    fn user(id: String, n: u64, at: chrono::DateTime<chrono::Utc>, text: String) -> Self {
        let form = adjutant_core::platform::Form::Plain;
        Self { id, n, at, from: Author::User, text, form, files: Vec::new(), buttons: Vec::new(), sign: None }
    }
}
