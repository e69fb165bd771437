//! The spool as its runner writes it: the child's output in files of a bounded size, over-long lines cut.
//!
//! Bytes are appended to the file system's cache and never synced: a machine that loses its cache has lost the child,
//! too. What cannot be written (disk full) stays in memory, at most one read's worth, and the caller stops reading.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use crate::directory::segment_name;

/// The spool in the current directory.
pub(crate) struct Spool {
    segment_bytes: u64,
    line_bytes: u64,
    /// First offsets of the files there are; the last one is written to.
    starts: VecDeque<u64>,
    file: Option<File>,
    end: u64,
    /// Kept output that could not be written yet, and why.
    pending: Vec<u8>,
    fault: Option<String>,
    /// Bytes of the current line so far, its dropped ones not counted.
    line_length: u64,
    /// The older file that was read last.
    reading: Option<(u64, File)>,
}

impl Spool {
    pub fn new(segment_bytes: u64, line_bytes: u64) -> Spool {
        Spool {
            segment_bytes: segment_bytes.max(1),
            line_bytes,
            starts: VecDeque::new(),
            file: None,
            end: 0,
            pending: Vec::new(),
            fault: None,
            line_length: 0,
            reading: None,
        }
    }

    /// The offset of the first byte there still is.
    pub fn start(&self) -> u64 {
        self.starts.front().copied().unwrap_or(self.end)
    }

    pub fn end(&self) -> u64 {
        self.end
    }

    /// Why output is waiting to be written; while it is, nothing may be appended.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Appends output. Returns what of it was kept and written, which begins at the former end.
    pub fn append<'a>(&mut self, output: &'a [u8]) -> Cow<'a, [u8]> {
        let kept = self.cut(output);
        let written = self.write(&kept);
        self.pending.extend_from_slice(&kept[written..]);
        match kept {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[..written]),
            Cow::Owned(mut bytes) => {
                bytes.truncate(written);
                Cow::Owned(bytes)
            }
        }
    }

    /// Tries again to write what is waiting.
    pub fn retry(&mut self) {
        let waiting = std::mem::take(&mut self.pending);
        let written = self.write(&waiting);
        self.pending = waiting;
        self.pending.drain(..written);
    }

    /// Reads into `buffer` from `offset` on, up to the end of a file. Returns the number of bytes.
    pub fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(&start) = self.starts.iter().rev().find(|&&start| start <= offset) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let available = usize::try_from(self.end - offset).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = &mut buffer[..available];
        if let (Some(file), Some(&last)) = (&self.file, self.starts.back())
            && last == start
        {
            return file.read_at(buffer, offset - start);
        }
        let file = match self.reading.take() {
            Some((open, file)) if open == start => file,
            _ => File::open(segment_name(start))?,
        };
        let read = file.read_at(buffer, offset - start);
        self.reading = Some((start, file));
        read
    }

    /// Deletes the files that lie wholly below `offset`.
    pub fn forget_below(&mut self, offset: u64) {
        while self.starts.get(1).is_some_and(|&next| next <= offset) {
            if let Some(start) = self.starts.pop_front() {
                self.reading = None;
                // A file that cannot be deleted now is deleted with the directory.
                let _ = std::fs::remove_file(segment_name(start));
            }
        }
    }

    /// Drops what exceeds the limit of a line; its newline stays.
    fn cut<'a>(&mut self, output: &'a [u8]) -> Cow<'a, [u8]> {
        if self.line_length + output.len() as u64 <= self.line_bytes {
            self.line_length = match output.iter().rposition(|&byte| byte == b'\n') {
                Some(newline) => (output.len() - newline - 1) as u64,
                None => self.line_length + output.len() as u64,
            };
            return Cow::Borrowed(output);
        }
        let mut kept = Vec::with_capacity(output.len());
        for piece in output.split_inclusive(|&byte| byte == b'\n') {
            let (text, newline) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            let room = usize::try_from(self.line_bytes - self.line_length).unwrap_or(usize::MAX);
            let text = &text[..text.len().min(room)];
            kept.extend_from_slice(text);
            self.line_length += text.len() as u64;
            if newline {
                kept.push(b'\n');
                self.line_length = 0;
            }
        }
        Cow::Owned(kept)
    }

    /// Writes as much as can be written, and notes why not more.
    fn write(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        self.fault = None;
        while written < bytes.len() {
            match self.write_some(&bytes[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.fault = Some(error.to_string());
                    break;
                }
            }
        }
        written
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let full = self.starts.back().is_none_or(|start| self.end - start >= self.segment_bytes);
        let file = match &self.file {
            Some(file) if !full => file,
            _ => {
                let file = File::options()
                    .read(true)
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .mode(0o600)
                    .open(segment_name(self.end))?;
                self.starts.push_back(self.end);
                self.file.insert(file)
            }
        };
        let start = self.starts.back().copied().unwrap_or(self.end);
        let room = usize::try_from(self.segment_bytes - (self.end - start)).unwrap_or(usize::MAX);
        let count = file.write_at(&bytes[..bytes.len().min(room)], self.end - start)?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.end += count as u64;
        Ok(count)
    }
}
