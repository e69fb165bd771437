//! What must stay whole inside a paragraph, and where it may be cut.

use std::ops::Range;

use super::markdown::{Break, is_inside};

/// Longer addresses and code spans are not looked for: that keeps the search linear.
const FARTHEST: usize = 1_024;

/// A bracket that is still open that close to the end may become a link.
const STILL_OPEN: usize = 300;

/// Links, images, code spans and addresses of a paragraph, in order. At the end of the text also those that have only
/// begun.
pub(super) fn find_wholes(text: &str, paragraph: Range<usize>) -> Vec<Range<usize>> {
    let mut search =
        Search { text: &text[..paragraph.end], open_end: paragraph.end == text.len(), ..Search::default() };
    let mut at = paragraph.start;
    while at < paragraph.end {
        at = search.step(at);
    }
    if search.open_end {
        let near = |start: &&usize| paragraph.end - **start <= STILL_OPEN;
        let open = search.brackets.iter().find(near).map(|start| *start..paragraph.end);
        search.found.extend(open);
    }
    search.found.sort_by_key(|whole| whole.start);
    merge(search.found)
}

/// Adds the ends of sentences and words of a range of text, but for those inside the given ranges.
pub(super) fn break_inline(text: &str, range: Range<usize>, wholes: &[Range<usize>], breaks: &mut Vec<(usize, Break)>) {
    let mut before = ['\0'; 2];
    let mut space = false;
    for (offset, letter) in text[range.clone()].char_indices() {
        let at = range.start + offset;
        if letter.is_whitespace() && letter != '\n' {
            space = true;
            continue;
        }
        let ended = is_wide_stop(before[1]) || (space && ends_sentence(before));
        if (space || ended) && at > range.start && letter != '\n' && may_begin(letter) && !is_inside(at, wholes) {
            breaks.push((at, if ended { Break::Sentence } else { Break::Word }));
        }
        space = false;
        // Closing marks after a full stop belong to the sentence.
        if !(matches!(letter, '"' | '\'' | ')' | ']' | '”' | '’' | '»' | '*' | '_') && is_stop(before[1])) {
            before = [before[1], letter];
        }
    }
}

#[derive(Default)]
struct Search<'a> {
    text: &'a str,
    open_end: bool,
    brackets: Vec<usize>,
    found: Vec<Range<usize>>,
}

/// What something ends with.
#[derive(Clone, Copy)]
enum End {
    /// With this mark; without it, it is nothing.
    With(u8),
    /// Before the first byte of which this is true.
    Before(fn(u8) -> bool),
}

impl Search<'_> {
    /// Looks at one place and says where to look next.
    fn step(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        match bytes[at] {
            b'\\' => at + 2,
            b'`' => self.code(at),
            b'[' => {
                let image = at > 0 && bytes[at - 1] == b'!';
                self.brackets.push(if image { at - 1 } else { at });
                at + 1
            }
            b']' => self.bracket_end(at),
            b'<' => self.upto(at, at + 1, End::With(b'>')),
            b'h' if self.begins_address(at) => self.upto(at, at + 4, End::Before(ends_address)),
            _ => at + 1,
        }
    }

    fn code(&mut self, at: usize) -> usize {
        let run = |from: usize| self.text.as_bytes()[from..].iter().take_while(|byte| **byte == b'`').count();
        let marks = run(at);
        let mut next = at + marks;
        let end = self.text.len().min(at + FARTHEST);
        while next < end {
            let found = run(next);
            if found == marks {
                self.found.push(at..next + found);
                return next + found;
            }
            next += found.max(1);
        }
        if self.open_end && end == self.text.len() {
            self.found.push(at..end);
            return end;
        }
        at + marks
    }

    fn bracket_end(&mut self, at: usize) -> usize {
        let Some(start) = self.brackets.pop() else { return at + 1 };
        match self.text.as_bytes().get(at + 1) {
            Some(b'(') => self.parenthesis(start, at + 1),
            Some(b'[') => self.upto(start, at + 2, End::With(b']')).max(at + 1),
            None if self.open_end => {
                self.found.push(start..at + 1);
                at + 1
            }
            _ => at + 1,
        }
    }

    /// The target of a link; parentheses may nest in it.
    fn parenthesis(&mut self, start: usize, open: usize) -> usize {
        let mut depth = 0;
        for (offset, byte) in self.text.as_bytes()[open..].iter().enumerate().take(FARTHEST) {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\n' => return open,
                _ => {}
            }
            if depth == 0 {
                self.found.push(start..open + offset + 1);
                return open + offset + 1;
            }
        }
        self.open(start, open)
    }

    /// From `start` to the end looked for from `from` on.
    fn upto(&mut self, start: usize, from: usize, end: End) -> usize {
        for (offset, byte) in self.text.as_bytes().get(from..).unwrap_or_default().iter().enumerate().take(FARTHEST) {
            let at = from + offset;
            let end = match end {
                End::With(mark) if *byte == mark => at + 1,
                End::Before(ends) if ends(*byte) => at,
                End::With(_) if byte.is_ascii_whitespace() => return start + 1,
                _ => continue,
            };
            self.found.push(start..end);
            return end;
        }
        self.open(start, from)
    }

    /// It has only begun where the text ends.
    fn open(&mut self, start: usize, from: usize) -> usize {
        if self.open_end && self.text.len() - from.min(self.text.len()) < FARTHEST {
            self.found.push(start..self.text.len());
            return self.text.len();
        }
        from
    }

    fn begins_address(&self, at: usize) -> bool {
        let rest = &self.text.as_bytes()[at..];
        rest.starts_with(b"http://") || rest.starts_with(b"https://")
    }
}

fn ends_address(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'<' | b'>' | b'"' | b'|' | b'`')
}

fn merge(found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for whole in found {
        match merged.last_mut() {
            Some(last) if whole.start < last.end => last.end = last.end.max(whole.end),
            _ => merged.push(whole),
        }
    }
    merged
}

fn is_stop(letter: char) -> bool {
    matches!(letter, '.' | '!' | '?' | '…') || is_wide_stop(letter)
}

fn is_wide_stop(letter: char) -> bool {
    matches!(letter, '。' | '！' | '？')
}

/// Whether a sentence ended before a space. "3. " is the number of a list item.
fn ends_sentence(before: [char; 2]) -> bool {
    is_stop(before[1]) && !before[0].is_ascii_digit()
}

/// Whether a part may begin with this: not with what would become a fence, a list, a heading, a quote or a row.
fn may_begin(letter: char) -> bool {
    !matches!(letter, '`' | '~' | '#' | '>' | '-' | '+' | '*' | '|' | '=')
        && !letter.is_ascii_digit()
        && !is_stop(letter)
}
