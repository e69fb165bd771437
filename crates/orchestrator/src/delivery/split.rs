//! Cuts CommonMark into parts that stand alone.
//!
//! Lengths are estimated by UTF-16 units of the source and checked by the platform's own measure, one call per part as
//! a rule. The estimate also bounds the source itself, so that a part fits when it has to be sent as plain text.
//!
//! Cuts depend on nothing but the text up to the part's limit. So a text that arrives in chunks is cut in the same places
//! however it is chunked, and a replay makes the same parts.

use unicode_segmentation::GraphemeCursor;

use super::markdown::{Context, Outline, is_inside};
use super::numbers::{Ordered, Renumbered};

/// Smaller limits leave no room for repairs.
const SMALLEST_LIMIT: usize = 64;

/// Room for the end of a fence.
const CLOSER: usize = 20;

/// Tries to meet the platform's measure where it counts more than the estimate.
const TRIES: usize = 24;

/// One part of a longer text: a slice of it, and what had to be added so that it stands alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The fence or the table header opened again.
    pub opener: String,
    /// The slice of the text as it was.
    pub body: String,
    /// The end of a fence that goes on in the next piece.
    pub closer: String,
    /// A reopened fence stands at the margin, so its lines lose what they were set in by.
    dedent: usize,
    /// A list of an earlier part goes on with this number.
    renumbered: Option<Renumbered>,
}

/// Cuts a text while it grows.
#[derive(Debug)]
pub struct Splitter {
    limit: usize,
    text: String,
    /// What was cut off already, in bytes; removed now and then.
    start: usize,
    /// Of what is not cut off yet.
    estimate: usize,
    context: Context,
}

/// Cuts a whole text into parts within the limit, in units of `measure`. Blank parts are left out.
#[must_use]
pub fn split(text: &str, limit: usize, measure: &dyn Fn(&str) -> usize) -> Vec<String> {
    let mut splitter = Splitter::new(limit);
    let mut pieces = splitter.push(text, measure);
    pieces.extend(splitter.finish(measure));
    pieces.iter().map(Piece::text).collect()
}

/// Cuts at most so many parts off the front of a text, and none off one that is a single part. The rest stands alone,
/// too.
#[must_use]
pub fn cut_off(text: &str, limit: usize, most: usize, measure: &dyn Fn(&str) -> usize) -> (Vec<String>, String) {
    let mut splitter = Splitter::new(limit);
    splitter.add(text);
    let mut parts = Vec::new();
    while parts.len() < most && !splitter.is_last(measure) {
        let piece = splitter.cut(splitter.limit, measure);
        if !piece.is_blank() {
            parts.push(piece.text());
        }
    }
    (parts, splitter.tail())
}

impl Piece {
    /// The part as it is sent.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.opener.clone();
        if let Some(renumbered) = &self.renumbered {
            text.push_str(renumbered.apply(&self.body).trim_start_matches(['\n', '\r']));
        } else if self.dedent > 0 {
            for line in self.body.split_inclusive('\n') {
                let spaces = line.len() - line.trim_start_matches(' ').len();
                text.push_str(&line[spaces.min(self.dedent)..]);
            }
        } else if self.opener.is_empty() {
            text.push_str(self.body.trim_start_matches(['\n', '\r']));
        } else {
            text.push_str(&self.body);
        }
        text.truncate(text.trim_end().len().max(self.opener.trim_end().len()));
        if !self.closer.is_empty() {
            text.push('\n');
            text.push_str(&self.closer);
        }
        text
    }

    fn is_blank(&self) -> bool {
        self.body.trim().is_empty()
    }
}

impl Splitter {
    /// A splitter for parts of at most so many of the platform's units (at least 64).
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let limit = limit.max(SMALLEST_LIMIT);
        Self { limit, text: String::new(), start: 0, estimate: 0, context: Context::default() }
    }

    /// Takes a chunk in and returns the pieces that are certain now, usually none.
    pub fn push(&mut self, chunk: &str, measure: &dyn Fn(&str) -> usize) -> Vec<Piece> {
        self.add(chunk);
        let mut pieces = Vec::new();
        while units(&self.context.opener()) + self.estimate > self.limit {
            pieces.push(self.cut(self.limit, measure));
        }
        pieces.retain(|piece| !piece.is_blank());
        pieces
    }

    /// The part that is still growing, as it would stand alone but for its open end.
    #[must_use]
    pub fn tail(&self) -> String {
        Piece { closer: String::new(), ..self.piece(self.rest().len()) }.text()
    }

    /// The text has ended: the pieces that are left. The splitter is as new afterwards.
    pub fn finish(&mut self, measure: &dyn Fn(&str) -> usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while !self.rest().trim().is_empty() {
            if self.is_last(measure) {
                pieces.push(self.piece(self.rest().len()));
                break;
            }
            pieces.push(self.cut(self.limit, measure));
        }
        *self = Self::new(self.limit);
        pieces.retain(|piece| !piece.is_blank());
        pieces
    }

    fn add(&mut self, chunk: &str) {
        self.text.push_str(chunk);
        self.estimate += units(chunk);
    }

    /// Whether what is left is one part, or nothing.
    fn is_last(&self, measure: &dyn Fn(&str) -> usize) -> bool {
        if self.rest().trim().is_empty() {
            return true;
        }
        if self.estimate > self.limit {
            return false;
        }
        let text = self.piece(self.rest().len()).text();
        units(&text) <= self.limit && measure(&text) <= self.limit
    }

    fn rest(&self) -> &str {
        &self.text[self.start..]
    }

    /// Cuts the next piece off.
    fn cut(&mut self, limit: usize, measure: &dyn Fn(&str) -> usize) -> Piece {
        let opener = units(&self.context.opener());
        let mut room = limit.saturating_sub(opener + CLOSER).max(1);
        let mut end = self.find_cut(room);
        let mut piece = self.piece(end);
        for _ in 0..TRIES {
            let measured = measure(&piece.text());
            if measured <= limit || room == 1 {
                break;
            }
            // In proportion to what was too much, and a little less, so that it converges.
            room = (room.min(units(&piece.body)) * limit / measured * 19 / 20).max(1);
            end = self.find_cut(room);
            piece = self.piece(end);
        }
        self.drop_front(end);
        piece
    }

    /// The piece that ends so many bytes from here.
    fn piece(&self, end: usize) -> Piece {
        let body = &self.rest()[..end];
        let outline = Outline::read(body, &self.context);
        let opener = self.context.opener();
        Piece {
            body: body.to_owned(),
            closer: outline.end.fence.map(|fence| fence.marks()).unwrap_or_default(),
            dedent: self.context.fence.as_ref().map_or(0, |fence| fence.indent),
            renumbered: outline.renumbered.filter(|_| opener.is_empty()),
            opener,
        }
    }

    fn drop_front(&mut self, end: usize) {
        let body = &self.text[self.start..self.start + end];
        let after = Outline::read(body, &self.context).end;
        // A header that would fill much of every part is not repeated.
        let table = after.table.filter(|header| units(header) <= self.limit / 4 && header.ends_with('\n'));
        self.estimate -= units(body);
        self.context = Context::carried(after.fence, table, after.ordered.map(Ordered::carried));
        self.start += end;
        if self.start > self.text.len() / 2 {
            self.text.drain(..self.start);
            self.start = 0;
        }
    }

    /// The best cut within so many units.
    fn find_cut(&self, room: usize) -> usize {
        let prefix = prefix(self.rest(), room);
        let outline = Outline::read(prefix, &self.context);
        let best = |least: usize| {
            let far = outline.breaks.iter().filter(|(at, _)| *at > least);
            far.min_by_key(|(at, kind)| (*kind, std::cmp::Reverse(*at))).map(|(at, _)| *at)
        };
        best(prefix.len() / 3).or_else(|| best(0)).unwrap_or_else(|| {
            let mut at = last_grapheme(prefix);
            if is_inside(at, &outline.wholes) {
                let whole = outline.wholes.iter().find(|whole| whole.contains(&at)).map_or(0, |whole| whole.start);
                at = if whole > 0 { whole } else { at };
            }
            at
        })
    }
}

/// What Telegram counts, and an upper bound of what most platforms do.
pub(super) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The longest beginning of so many units, one character at least.
fn prefix(text: &str, room: usize) -> &str {
    let mut left = room;
    for (at, letter) in text.char_indices() {
        if letter.len_utf16() > left && at > 0 {
            return &text[..at];
        }
        left = left.saturating_sub(letter.len_utf16());
    }
    text
}

/// Where the last grapheme begins, which may go on behind the end; the end itself if there is only one.
pub(super) fn last_grapheme(text: &str) -> usize {
    let mut cursor = GraphemeCursor::new(text.len(), text.len(), true);
    match cursor.prev_boundary(text, 0) {
        Ok(Some(at)) if at > 0 => at,
        _ => text.len(),
    }
}
