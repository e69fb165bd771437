//! The keys of the lines that were written to the child.
//!
//! A key is noted *before* its line is written. A runner that dies in between (its child dies with it) leaves a key
//! whose line was not heard, and the gateway reports that turn as interrupted; the other order would leave a line
//! that was heard and carried out, without its key, and the gateway would have it carried out a second time.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use crate::directory::KEYS;

/// Longer keys are refused.
const MAX_LENGTH: usize = 256;

/// The keys seen, and the file `keys` in the current directory.
pub(super) struct Keys {
    seen: HashSet<String>,
    file: File,
    length: u64,
}

impl Keys {
    pub fn new() -> io::Result<Keys> {
        let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(KEYS)?;
        Ok(Keys { seen: HashSet::new(), file, length: 0 })
    }

    pub fn is_valid(key: &str) -> bool {
        !key.is_empty() && key.len() <= MAX_LENGTH && !key.chars().any(char::is_control)
    }

    pub fn contains(&self, key: &str) -> bool {
        self.seen.contains(key)
    }

    /// Notes a key. After an error nothing is noted, and it can be tried again.
    pub fn note(&mut self, key: &str) -> io::Result<()> {
        // At a fixed place, so that half a key (disk full) is written over by the next attempt.
        let line = format!("{key}\n");
        self.file.write_all_at(line.as_bytes(), self.length)?;
        self.length += line.len() as u64;
        self.seen.insert(key.to_owned());
        Ok(())
    }
}
