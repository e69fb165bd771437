//! Reads what Git prints while it clones.

/// How many bytes of the messages are kept; the cause stands at the end.
const KEPT: usize = 8 * 1024;

/// A line that grows without end is cut here.
const LONGEST_LINE: usize = 4 * 1024;

/// What was printed so far.
#[derive(Debug, Default)]
pub struct Printed {
    line: Vec<u8>,
    messages: String,
    shown: Option<u8>,
}

impl Printed {
    /// Takes the next bytes. Gives the percentage when it has moved.
    pub fn take(&mut self, bytes: &[u8]) -> Option<u8> {
        let before = self.shown;
        for &byte in bytes {
            if byte == b'\n' || byte == b'\r' {
                self.end_line();
            } else if self.line.len() < LONGEST_LINE {
                self.line.push(byte);
            }
        }
        if self.shown == before { None } else { self.shown }
    }

    /// Everything that was no progress, the end of it.
    pub fn messages(mut self) -> String {
        self.end_line();
        self.messages
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        if let Some(percent) = percent(&line) {
            // Deltas are resolved while objects still arrive; a bar that goes back confuses.
            self.shown = Some(self.shown.map_or(percent, |shown| shown.max(percent)));
            return;
        }
        if line.is_empty() || line.contains("% (") {
            return;
        }
        self.messages.push_str(&line);
        self.messages.push('\n');
        if self.messages.len() > KEPT {
            let from = self.messages.len() - KEPT / 2;
            let from = (from..self.messages.len()).find(|&at| self.messages.is_char_boundary(at)).unwrap_or(0);
            self.messages.drain(..from);
        }
    }
}

/// Receiving is most of the work; resolving and writing the files share the rest.
fn percent(line: &str) -> Option<u8> {
    let (phase, rest) = line.split_once(':')?;
    let (from, upto) = match phase {
        "Receiving objects" => (0, 80),
        "Resolving deltas" => (80, 90),
        "Updating files" => (90, 100),
        _ => return None,
    };
    let number: u32 = rest.trim_start().split_once('%')?.0.parse().ok()?;
    u8::try_from(from + number.min(100) * (upto - from) / 100).ok()
}
