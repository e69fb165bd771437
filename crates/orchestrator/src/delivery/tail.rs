//! What is shown of a text that is still being written: its newest part, with everything closed that is still open.

use super::markdown::{Context, Outline};
use super::split::units;

/// Put at the end of it.
pub const CURSOR: char = '▍';

/// Put where older text is left out.
const ELISION: &str = "…\n";

/// Room for what closes and reopens.
const REPAIRS: usize = 80;

/// Emphasis is looked for in so many bytes before the end; in longer paragraphs a stray mark shows for a moment.
const EMPHASIS_SPAN: usize = 4_096;

/// The text as it can be shown now: unfinished table rows and links held back, fences and emphasis closed, the cursor at
/// the end, the beginning left out if it is longer than `limit` units of `measure`.
#[must_use]
pub fn preview_tail(text: &str, limit: usize, measure: &dyn Fn(&str) -> usize) -> String {
    let mut room = limit;
    let mut shown = repair(newest(text, room));
    for _ in 0..8 {
        let measured = measure(&shown);
        if measured <= limit {
            return shown;
        }
        room = (room.min(units(text)) * limit / measured.max(1) * 9 / 10).max(1);
        shown = repair(newest(text, room));
    }
    CURSOR.to_string()
}

/// The end of a text, as much as has room, with what it begins in opened again.
#[must_use]
pub fn ending(text: &str, limit: usize, measure: &dyn Fn(&str) -> usize) -> String {
    let mut room = limit;
    loop {
        let newest = newest(text, room);
        let end = format!("{}{}", newest.context.opener(), newest.text.trim());
        let measured = measure(&end).max(units(&end));
        if measured <= limit || room <= 1 {
            return end;
        }
        room = (room.min(units(text)) * limit / measured * 9 / 10).max(1);
    }
}

/// The end of a text, and what it begins in.
struct Newest<'a> {
    text: &'a str,
    context: Context,
    whole: bool,
}

/// The newest part of so many units. It begins with a line, unless a single line is longer.
fn newest(text: &str, room: usize) -> Newest<'_> {
    if units(text) <= room.saturating_sub(CURSOR.len_utf16() + 4) {
        return Newest { text, context: Context::default(), whole: true };
    }
    let mut left = room.saturating_sub(REPAIRS.min(room / 2));
    let mut from = text.len();
    for (at, letter) in text.char_indices().rev() {
        if letter.len_utf16() > left {
            break;
        }
        left -= letter.len_utf16();
        from = at;
    }
    let line = text[from..].find('\n').map_or(from, |end| from + end + 1);
    let from = if text[line..].trim().is_empty() { from } else { line };
    let before = Outline::read(&text[..from], &Context::default()).end;
    Newest { text: &text[from..], context: Context::carried(before.fence, before.table, None), whole: false }
}

fn repair(newest: Newest<'_>) -> String {
    let outline = Outline::read(newest.text, &newest.context);
    let mut text = newest.text.trim_end();
    if let Some(fence) = outline.end.fence {
        // On the opening line the cursor would be taken for the language.
        let last_line = text.rsplit('\n').next().unwrap_or_default();
        let opened = Outline::read(last_line, &Context::default()).end.fence.is_some();
        let gap = if opened { "\n" } else { "" };
        return assemble(&newest, text, &format!("{gap}{CURSOR}\n{}", fence.marks()));
    }
    if outline.end.table.is_some() && !newest.text.ends_with('\n') {
        text = text.rfind('\n').map_or("", |end| text[..end].trim_end());
        return assemble(&newest, text, &format!("\n\n{CURSOR}"));
    }
    if let Some(open) = open_link(text, &outline) {
        text = text[..open].trim_end();
    }
    let closers = open_emphasis(last_paragraph(text));
    assemble(&newest, text, &format!("{CURSOR}{closers}"))
}

fn assemble(newest: &Newest<'_>, text: &str, end: &str) -> String {
    let elision = if newest.whole { "" } else { ELISION };
    format!("{elision}{}{text}{end}", newest.context.opener())
}

/// Where a link begins that is not finished yet.
fn open_link(text: &str, outline: &Outline) -> Option<usize> {
    let last = outline.wholes.last().filter(|whole| whole.end >= text.len())?;
    let link = text.get(last.start..)?;
    let unfinished = link.starts_with(['[', '!', '<']) && !link.ends_with([')', ']', '>']);
    unfinished.then_some(last.start)
}

fn last_paragraph(text: &str) -> &str {
    let from = text.rfind("\n\n").map_or(0, |at| at + 2);
    let mut from = from.max(text.len().saturating_sub(EMPHASIS_SPAN));
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

/// What closes the emphasis and code that is open at the end, the innermost first.
fn open_emphasis(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut open: Vec<String> = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let mark = letters[at];
        let length = letters[at..].iter().take_while(|letter| **letter == mark).count();
        let before = at.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(at + length).copied();
        at += match mark {
            '\\' => 2,
            '`' | '*' | '_' | '~' => {
                turn(&mut open, &mark.to_string().repeat(length), before, after);
                length
            }
            _ => 1,
        };
    }
    open.into_iter().rev().collect()
}

/// A run of marks opens or closes.
fn turn(open: &mut Vec<String>, run: &str, before: Option<char>, after: Option<char>) {
    let in_code = open.last().is_some_and(|mark| mark.starts_with('`'));
    let is_text = |letter: Option<char>| letter.is_some_and(|letter| !letter.is_whitespace());
    if open.last().is_some_and(|mark| mark == run) && (in_code || is_text(before)) {
        open.pop();
        return;
    }
    let within_word = run.starts_with('_') && before.is_some_and(char::is_alphanumeric);
    let strike = !run.starts_with('~') || run.len() == 2;
    let emphasis = run.len() <= 3 && is_text(after) && !within_word && strike;
    if !in_code && (run.starts_with('`') || emphasis) {
        open.push(run.to_owned());
    }
}
