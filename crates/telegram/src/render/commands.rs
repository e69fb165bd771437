//! The gateway's own commands in a text.

use std::ops::Range;

use super::Names;

/// Where a command stands that a tap may send: `/status`, but not in `/status/x` or `a/status`.
pub fn tappable(text: &str, names: &Names) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('/') {
        let after = &text[at + 1..];
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
        let stands_alone =
            |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '/' | '-' | '@'));
        let alone = stands_alone(text[..at].chars().next_back()) && stands_alone(after[end..].chars().next());
        if alone && names.has(&after[..end]) {
            found.push(at..at + 1 + end);
        }
    }
    found
}
