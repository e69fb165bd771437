//! Cuts a run's output into lines, each with the offset behind it.

use std::borrow::Cow;

use memchr::memchr;

/// The runner cuts longer lines to exactly this, so a line of this length is a cut one, and nobody's JSON.
const CUT_AT: usize = 16 << 20;
/// What is kept allocated between lines.
const KEEP: usize = 4 << 10;

/// Collects bytes until a line is whole.
#[derive(Debug, Default)]
pub struct Lines {
    partial: Vec<u8>,
    next: u64,
}

/// A whole line.
#[derive(Debug, PartialEq, Eq)]
pub enum Whole<'a> {
    /// Without its newline.
    Line(&'a [u8]),
    /// It was too long and is not all there.
    Cut,
}

impl Lines {
    /// Begins at this offset.
    pub fn from(offset: u64) -> Self {
        Self { partial: Vec::new(), next: offset }
    }

    /// The offset behind everything that was fed.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Takes output, and gives each line that is whole with the offset behind it.
    pub fn feed(&mut self, offset: u64, bytes: &[u8], mut each: impl FnMut(u64, Whole<'_>)) {
        if offset > self.next {
            // Older output was forgotten meanwhile: the beginning of this line is not to be had.
            self.partial = Vec::new();
        }
        // Output that was seen before, after a reconnection.
        let seen = usize::try_from(self.next.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut rest = bytes.get(seen..).unwrap_or_default();
        self.next = self.next.max(offset);
        while let Some(at) = memchr(b'\n', rest) {
            let (line, behind) = (&rest[..at], &rest[at + 1..]);
            self.next += at as u64 + 1;
            if self.partial.is_empty() {
                each(self.next, whole(line));
            } else {
                self.partial.extend_from_slice(line);
                each(self.next, whole(&self.partial));
                self.partial.clear();
                self.partial.shrink_to(KEEP);
            }
            rest = behind;
        }
        self.next += rest.len() as u64;
        self.partial.extend_from_slice(rest);
    }

    /// What stood behind the last newline when the output ended.
    pub fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.partial)
    }
}

fn whole(line: &[u8]) -> Whole<'_> {
    if line.len() >= CUT_AT { Whole::Cut } else { Whole::Line(line) }
}

/// The line as text; what is not UTF-8 is replaced.
pub fn text(line: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(line)
}

/// The line with halves of surrogate pairs replaced, if it has any. JavaScript leaves such halves where it cuts a text
/// in the middle of a character, and JSON as Rust reads it does not know them.
pub fn mended(line: &str) -> Option<String> {
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = memchr(b'\\', &line.as_bytes()[at..]) {
        at += found;
        match escape(line, at) {
            // A pair is as it should be.
            Some(high) if is_high(high) && escape(line, at + 6).is_some_and(is_low) => at += 12,
            Some(half) if is_high(half) || is_low(half) => {
                mended.push_str(&line[copied..at]);
                mended.push_str("\\ufffd");
                at += 6;
                copied = at;
            }
            Some(_) => at += 6,
            // Another escape: the character behind the backslash is no backslash of its own.
            None => at = (at + 2).min(line.len()),
        }
        if !line.is_char_boundary(at) {
            return None;
        }
    }
    (copied > 0).then(|| mended + &line[copied..])
}

/// The code unit of a `\uXXXX` at this place.
fn escape(line: &str, at: usize) -> Option<u16> {
    let digits = line.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

fn is_low(unit: u16) -> bool {
    (0xdc00..0xe000).contains(&unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(lines: &mut Lines, offset: u64, bytes: &[u8]) -> Vec<(u64, String)> {
        let mut seen = Vec::new();
        lines.feed(offset, bytes, |after, whole| {
            let Whole::Line(line) = whole else { panic!("nothing is cut here") };
            seen.push((after, text(line).into_owned()));
        });
        seen
    }

    #[test]
    fn lines_come_out_the_same_however_the_bytes_are_dealt() {
        let all = "first\nsécond\n\nlast\n".as_bytes();
        let mut whole = Lines::from(10);
        let expected = collect(&mut whole, 10, all);
        assert_eq!(expected[0], (16, "first".to_owned()));
        for split in 0..all.len() {
            let mut lines = Lines::from(10);
            let mut seen = collect(&mut lines, 10, &all[..split]);
            seen.extend(collect(&mut lines, 10 + split as u64, &all[split..]));
            assert_eq!(seen, expected, "dealt at {split}");
            assert_eq!(lines.next(), 10 + all.len() as u64);
        }
    }

    #[test]
    fn output_that_was_seen_before_is_passed_over() {
        let mut lines = Lines::from(0);
        collect(&mut lines, 0, b"one\ntw");
        assert_eq!(collect(&mut lines, 2, b"e\ntwo\n"), [(8, "two".to_owned())]);
    }

    #[test]
    fn a_line_of_sixteen_mebibytes_is_a_cut_one() {
        let mut lines = Lines::from(0);
        let mut cut = 0;
        let mut bytes = vec![b'x'; CUT_AT];
        bytes.push(b'\n');
        lines.feed(0, &bytes, |_, whole| cut += usize::from(whole == Whole::Cut));
        assert_eq!(cut, 1);
    }

    #[test]
    fn halves_of_surrogate_pairs_are_replaced_and_pairs_are_kept() {
        assert_eq!(mended(r#"{"a":"\ud83d\ude00 \\ud83d"}"#), None);
        assert_eq!(mended(r#"{"a":"x\ud83d"}"#).as_deref(), Some(r#"{"a":"x\ufffd"}"#));
        assert_eq!(mended(r#""\ude00\ud83d\ude00""#).as_deref(), Some(r#""\ufffd\ud83d\ude00""#));
        assert_eq!(mended("\\é"), None);
    }
}
