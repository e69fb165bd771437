//! Reads the output that a gone run left behind.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::directory::{segment_name, segments};
use crate::wire::CHUNK;

/// The leftover output of a run, in pieces of at most 64 KiB, each with its offset. Reading blocks.
#[derive(Debug)]
pub struct Leftover {
    dir: PathBuf,
    /// What is still to be read, the next file last.
    segments: Vec<(u64, u64)>,
    open: Option<(u64, File)>,
    at: u64,
}

/// Reads the spool of the run in `dir` from the offset `from`, or from the oldest byte there is behind it.
///
/// # Errors
/// Whatever the file system says. A directory that is missing has no output.
pub fn read_spool(dir: &Path, from: u64) -> io::Result<Leftover> {
    let mut segments = segments(dir)?;
    segments.retain(|(start, length)| start + length > from);
    segments.reverse();
    Ok(Leftover { dir: dir.to_owned(), segments, open: None, at: from })
}

impl Leftover {
    fn read(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        while let Some(&(start, length)) = self.segments.last() {
            self.at = self.at.max(start);
            if self.at >= start + length {
                self.segments.pop();
                continue;
            }
            let file = match self.open.take() {
                Some((open, file)) if open == start => file,
                _ => File::open(self.dir.join(segment_name(start)))?,
            };
            let wanted = (start + length - self.at).min(CHUNK as u64);
            let mut bytes = vec![0; usize::try_from(wanted).unwrap_or(CHUNK)];
            file.read_exact_at(&mut bytes, self.at - start)?;
            let offset = self.at;
            self.at += wanted;
            self.open = Some((start, file));
            return Ok(Some((offset, bytes)));
        }
        Ok(None)
    }
}

impl Iterator for Leftover {
    type Item = io::Result<(u64, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.read().transpose();
        if matches!(item, Some(Err(_))) {
            // The same error again and again would be an endless iterator.
            self.segments.clear();
        }
        item
    }
}
