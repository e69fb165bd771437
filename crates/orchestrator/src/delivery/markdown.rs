//! Just enough of CommonMark's block structure to cut a text: fences, tables, paragraphs and what must stay whole in them.
//!
//! A scanner of our own and not a parser, because texts end in the middle of everything here, and because what follows
//! a cut may not change what was cut before.

use std::ops::Range;

use super::inline::{break_inline, find_wholes};
use super::numbers::{Ordered, Renumbered};

/// Longer runs of fence marks are no fences to us: their repairs would eat the part.
const LONGEST_FENCE: usize = 16;

/// A fence's language is repeated up to so many bytes.
const LONGEST_INFO: usize = 32;

/// Fences below a list item may stand that far in; elsewhere four spaces make an indented block.
const DEEPEST_FENCE: usize = 12;

/// An open code fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fence {
    pub indent: usize,
    mark: char,
    length: usize,
    info: String,
}

/// What is open at some place of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Context {
    pub fence: Option<Fence>,
    /// The header and delimiter rows of the table that is open.
    pub table: Option<String>,
    /// The numbered list that is open.
    pub ordered: Option<Ordered>,
    in_list: bool,
}

/// Where a text may be cut, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Break {
    /// After a blank line.
    Blank,
    Line,
    TableRow,
    Sentence,
    /// After a line inside a fence.
    CodeLine,
    Word,
}

/// A text's structure.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub breaks: Vec<(usize, Break)>,
    /// Links, code spans and addresses, in order: nothing cuts through them.
    pub wholes: Vec<Range<usize>>,
    /// The number of the first item that goes on with a list of an earlier part, where it needs another one.
    pub renumbered: Option<Renumbered>,
    /// What is open at the end.
    pub end: Context,
}

impl Fence {
    fn open(line: &str, deepest: usize) -> Option<Self> {
        let rest = line.trim_start_matches(' ');
        let indent = line.len() - rest.len();
        if indent > deepest {
            return None;
        }
        let mark = rest.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let info = rest.trim_start_matches(mark);
        let length = rest.len() - info.len();
        let broken = mark == '`' && info.contains('`');
        (3..=LONGEST_FENCE).contains(&length).then_some(())?;
        (!broken).then(|| Self { indent, mark, length, info: short_info(info.trim()) })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let rest = line.trim_start_matches(' ');
        let after = rest.trim_start_matches(self.mark);
        let deepest = if self.indent > 3 { DEEPEST_FENCE + 3 } else { 3 };
        line.len() - rest.len() <= deepest && rest.len() - after.len() >= self.length && after.trim().is_empty()
    }

    /// The line that opens it again.
    pub fn opener(&self) -> String {
        format!("{}{}\n", self.marks(), self.info)
    }

    pub fn marks(&self) -> String {
        self.mark.to_string().repeat(self.length)
    }
}

impl Context {
    /// What goes on in the next part. Of a list only its numbers do: its items stand for themselves.
    pub fn carried(fence: Option<Fence>, table: Option<String>, ordered: Option<Ordered>) -> Self {
        Self { fence, table, ordered, in_list: false }
    }

    /// What a part that begins here needs above it.
    pub fn opener(&self) -> String {
        let table = || self.table.clone().unwrap_or_default();
        self.fence.as_ref().map_or_else(table, Fence::opener)
    }
}

impl Outline {
    /// Reads a text that begins in this context and may end anywhere.
    pub fn read(text: &str, start: &Context) -> Self {
        let mut reader = Reader { text, outline: Self { end: start.clone(), ..Self::default() }, ..Reader::default() };
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            reader.line(at..at + line.len());
            at += line.len();
        }
        reader.end();
        reader.outline
    }
}

#[derive(Default)]
struct Reader<'a> {
    text: &'a str,
    outline: Outline,
    /// The paragraph being read, and the ends of its lines.
    paragraph: Option<usize>,
    ends: Vec<usize>,
    /// Lines of the paragraph that may be rows of a table.
    rows: Vec<Range<usize>>,
    after_heading: bool,
}

impl Reader<'_> {
    fn line(&mut self, range: Range<usize>) {
        let whole = &self.text[range.clone()];
        let complete = self.is_complete(&range);
        let line = whole.trim_end_matches(['\n', '\r']);
        if let Some(fence) = self.outline.end.fence.take() {
            return self.code_line(fence, line, range);
        }
        let (ordered, renumbered) = Ordered::after(self.outline.end.ordered.take(), line, range.start);
        self.outline.end.ordered = ordered;
        if self.outline.renumbered.is_none() {
            self.outline.renumbered = renumbered;
        }
        if line.trim().is_empty() {
            self.end_paragraph(range.start);
            self.outline.end.table = None;
            if complete && range.start > 0 && !self.after_heading {
                self.outline.breaks.push((range.end, Break::Blank));
            }
            return;
        }
        self.after_heading = false;
        let deepest = if self.outline.end.in_list { DEEPEST_FENCE } else { 3 };
        if let Some(fence) = Fence::open(line, deepest) {
            self.end_paragraph(range.start);
            self.outline.end.table = None;
            self.outline.end.fence = Some(fence);
        } else if self.outline.end.table.is_some() && (line.contains('|') || !complete) {
            if complete {
                self.outline.breaks.push((range.end, Break::TableRow));
            }
        } else {
            self.outline.end.table = None;
            self.text_line(line, range);
        }
    }

    fn code_line(&mut self, fence: Fence, line: &str, range: Range<usize>) {
        let complete = self.is_complete(&range);
        if fence.is_closed_by(line) {
            // A part that begins with the end of a fence would show an empty one.
            if self.outline.breaks.last().is_some_and(|last| *last == (range.start, Break::CodeLine)) {
                self.outline.breaks.pop();
            }
            if complete {
                self.outline.breaks.push((range.end, Break::Line));
            }
            return;
        }
        break_inline(self.text, range.clone(), &[], &mut self.outline.breaks);
        if complete {
            self.outline.breaks.push((range.end, Break::CodeLine));
        }
        self.outline.end.fence = Some(fence);
    }

    fn text_line(&mut self, line: &str, range: Range<usize>) {
        if is_delimiter_row(line)
            && let Some(header) = self.rows.pop_if(|header| header.end == range.start)
        {
            self.ends.pop_if(|end| *end == range.start);
            self.end_paragraph(header.start);
            // A delimiter row that has only begun to arrive is still held together with its header.
            self.outline.end.table = Some(self.text[header.start..range.end].to_owned());
            return;
        }
        self.outline.end.in_list = is_list_item(line) || (self.outline.end.in_list && line.starts_with([' ', '\t']));
        self.after_heading = line.starts_with('#');
        self.paragraph.get_or_insert(range.start);
        if line.contains('|') {
            self.rows.push(range.clone());
        }
        if self.is_complete(&range) && !self.after_heading {
            self.ends.push(range.end);
        }
    }

    fn is_complete(&self, line: &Range<usize>) -> bool {
        self.text[line.clone()].ends_with('\n')
    }

    fn end(&mut self) {
        // The last line may be a table's header: that shows only with the next line.
        let rest_is_open =
            |end: usize| self.text[end..].chars().all(|mark| matches!(mark, '|' | ':' | '-' | ' ' | '\t'));
        if let Some(row) = self.rows.last()
            && rest_is_open(row.end)
        {
            let end = row.end;
            self.ends.retain(|line_end| *line_end != end);
        }
        self.end_paragraph(self.text.len());
    }

    fn end_paragraph(&mut self, end: usize) {
        if let Some(start) = self.paragraph.take().filter(|start| *start < end) {
            let mut wholes = find_wholes(self.text, start..end);
            let lines = self.ends.iter().filter(|end| !is_inside(**end, &wholes)).map(|end| (*end, Break::Line));
            self.outline.breaks.extend(lines);
            let links = wholes.clone();
            wholes.append(&mut self.rows);
            wholes.sort_by_key(|whole| whole.start);
            break_inline(self.text, start..end, &wholes, &mut self.outline.breaks);
            self.outline.wholes.extend(links);
        }
        self.ends.clear();
        self.rows.clear();
    }
}

/// Whether a cut there would go through one of these ranges, which are in order.
pub(super) fn is_inside(at: usize, ranges: &[Range<usize>]) -> bool {
    let next = ranges.partition_point(|range| range.end <= at);
    ranges[next..].iter().take_while(|range| range.start < at).next().is_some()
}

/// The first word of a fence's info string: the language. What follows matters to nobody in a later part.
fn short_info(info: &str) -> String {
    let word = info.split_whitespace().next().unwrap_or_default();
    if word.len() > LONGEST_INFO { String::new() } else { word.to_owned() }
}

fn is_delimiter_row(line: &str) -> bool {
    let line = line.trim();
    line.contains('-') && line.contains('|') && line.chars().all(|mark| matches!(mark, '|' | ':' | '-' | ' ' | '\t'))
}

fn is_list_item(line: &str) -> bool {
    let line = line.trim_start();
    let numbered = line.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let bullet = ["- ", "* ", "+ "].iter().any(|mark| line.starts_with(mark));
    bullet || (numbered.len() < line.len() && (numbered.starts_with(". ") || numbered.starts_with(") ")))
}
