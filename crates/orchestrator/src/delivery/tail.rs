//! What is shown of a text that is still being written.

/// Put at the end of it.
pub const CURSOR: char = '▍';

/// The text as it can be shown now.
#[must_use]
pub fn preview_tail(text: &str, limit: usize, measure: &dyn Fn(&str) -> usize) -> String {
    let _ = (limit, measure);
    format!("{text}{CURSOR}")
}
