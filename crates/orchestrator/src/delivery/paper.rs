//! What one reply is written on: parts of a limited size, and perhaps only so many of them.

use super::split::cut_off;
use super::tail::ending;

/// The parts of a reply on one platform.
#[derive(Clone, Copy)]
pub struct Paper<'a> {
    /// Units of one part.
    pub limit: usize,
    /// The length of a text in the platform's units.
    pub measure: &'a dyn Fn(&str) -> usize,
}

impl Paper<'_> {
    /// Cuts at most so many parts off the front; the rest stands alone, too.
    #[must_use]
    pub fn cut(&self, text: &str, most: usize) -> (Vec<String>, String) {
        cut_off(text, self.limit, most, self.measure)
    }

    /// The text's end, as much as stands on so many parts.
    #[must_use]
    pub fn newest(&self, text: &str, parts: usize) -> String {
        ending(text, self.limit.saturating_mul(parts), self.measure)
    }

    /// A part with these words first, and below them as much of the text's end as has room.
    #[must_use]
    pub fn end(&self, text: &str, words: &str) -> String {
        let room = self.limit.saturating_sub((self.measure)(words) + 2).max(1);
        format!("{words}\n\n{}", ending(text, room, self.measure))
    }
}

impl std::fmt::Debug for Paper<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Paper").field("limit", &self.limit).finish_non_exhaustive()
    }
}
