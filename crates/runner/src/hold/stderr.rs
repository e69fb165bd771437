//! The end of the child's stderr.

/// The last bytes of a stream, and how many there were.
pub(super) struct StderrTail {
    limit: usize,
    bytes: Vec<u8>,
    pub total: u64,
}

impl StderrTail {
    pub fn new(limit: usize) -> StderrTail {
        StderrTail { limit, bytes: Vec::new(), total: 0 }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        // Twice the limit before anything moves, so that much stderr is not copied over and over.
        if self.bytes.len() > self.limit * 2 {
            self.bytes.drain(..self.bytes.len() - self.limit);
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes[self.bytes.len().saturating_sub(self.limit)..]).into_owned()
    }
}
