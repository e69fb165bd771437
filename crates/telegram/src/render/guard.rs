//! Keeps Telegram from making live what the model only mentions.
//!
//! Telegram looks for `@names`, `/commands` and web addresses in every text, whatever entities come with it; it leaves
//! alone only what is code, preformatted or a link already. So an `@name` becomes `code`: the text stays as it is, can
//! be copied, needs no invisible characters, and nobody is notified. The same for a `/word` that is none of the gateway's
//! commands (those stay tappable), and for file names such as `main.rs`, which would become links to Serbian sites.

use std::ops::Range;

use super::Names;
use super::entities::{Span, Style};

/// File endings that are also top-level domains, and far more often files when a coding assistant names them.
const FILE_ENDINGS: &[&str] = &["rs", "py", "md", "sh", "pl", "pm", "so", "cc", "ml", "mk", "tf", "zip"];

/// Adds a span for everything in `text` that would become live.
pub fn protect(text: &str, spans: &mut Vec<Span>, names: &Names) {
    let mut guards = Vec::new();
    find(text, spans, names, &mut guards);
    for span in spans.iter_mut() {
        for guard in &guards {
            give_way(&mut span.range, &guard.range);
        }
    }
    spans.append(&mut guards);
}

/// Of two entities with common characters one has to lie inside the other: a style that begins or ends in the middle of
/// a guarded word begins behind it, or ends before it.
fn give_way(style: &mut Range<usize>, guard: &Range<usize>) {
    if style.start < guard.start && guard.start < style.end && style.end < guard.end {
        style.end = guard.start;
    } else if guard.start < style.start && style.start < guard.end {
        style.start = guard.end.min(style.end);
    }
}

fn find(text: &str, spans: &[Span], names: &Names, guards: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut quiet: Vec<_> = spans.iter().filter(|span| span.style.stops_detection()).map(|s| s.range.clone()).collect();
    quiet.sort_by_key(|range| range.start);
    let mut quiet = quiet.into_iter().peekable();
    let mut at = 0;
    while at < bytes.len() {
        while quiet.next_if(|range| range.end <= at).is_some() {}
        if let Some(range) = quiet.peek().filter(|range| range.start <= at) {
            at = range.end;
            continue;
        }
        let limit = quiet.peek().map_or(bytes.len(), |range| range.start);
        let run = run_length(&bytes[at..limit]);
        // Most words are only words.
        if bytes[at..at + run].iter().any(|b| matches!(b, b'@' | b'/' | b'.')) {
            protect_run(text, at..at + run, names, guards);
        }
        at += run.max(1);
    }
}

/// The length of a run of characters that names, paths and addresses are made of.
fn run_length(bytes: &[u8]) -> usize {
    let belongs = |&byte: &u8| is_word(byte) || matches!(byte, b'@' | b'/' | b'.' | b'-' | b':');
    bytes.iter().position(|byte| !belongs(byte)).unwrap_or(bytes.len())
}

const fn is_word(byte: u8) -> bool {
    // Bytes of other scripts count as letters: `é@name` is no name for Telegram either.
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn protect_run(text: &str, run: Range<usize>, names: &Names, spans: &mut Vec<Span>) {
    let word = &text[run.clone()];
    if word.contains("://") {
        // An address stays one; Telegram takes no names out of it.
        return;
    }
    let bytes = word.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let before = at.checked_sub(1).map(|i| bytes[i]);
        let length = match byte {
            b'@' if !before.is_some_and(is_word) => word_length(&bytes[at + 1..]),
            _ => 0,
        };
        if length > 0 {
            let start = run.start + at;
            spans.push(Span { range: start..start + 1 + length, style: Style::GuardName });
        }
    }
    if let Some(length) = stray_command(word, names) {
        spans.push(Span { range: run.start..run.start + length, style: Style::GuardWord });
    }
    // `main.rs:42` is a file and a line.
    let place = word.trim_end_matches(['.', ':', '-', '/']);
    if !place.contains('@') && place.split(':').next().is_some_and(is_file) {
        spans.push(Span { range: run.start..run.start + place.len(), style: Style::GuardWord });
    }
}

fn word_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&b| is_word(b)).count()
}

/// The length of a `/word` that Telegram would make a command although the gateway has none of that name.
fn stray_command(run: &str, names: &Names) -> Option<usize> {
    let name = run.strip_prefix('/')?;
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(name.len());
    let (name, after) = name.split_at(end);
    // `/usr/bin` is no command to Telegram, because a slash follows.
    if name.is_empty() || after.starts_with('/') || names.has(name) || is_file(run) {
        return None;
    }
    Some(1 + name.len())
}

fn is_file(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && FILE_ENDINGS.iter().any(|file| file.eq_ignore_ascii_case(ending))
    })
}
