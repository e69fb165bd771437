//! Reads the output that a gone run left behind.

use std::io;
use std::path::Path;

/// The leftover output of a run, read piece by piece.
#[derive(Debug)]
pub struct Leftover {}

/// Reads the spool of the run in `dir` from the offset `from`, or from the oldest byte there is behind it.
///
/// # Errors
/// Whatever the file system says. A directory that is missing has no output.
pub fn read_spool(dir: &Path, from: u64) -> io::Result<Leftover> {
    let _ = (dir, from);
    Ok(Leftover {})
}

/// Pieces of at most 64 KiB, each with its offset. Blocking.
impl Iterator for Leftover {
    type Item = io::Result<(u64, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        None
    }
}
