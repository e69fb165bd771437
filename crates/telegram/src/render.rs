//! CommonMark → text and message entities, or the blocks of a rich message.
//!
//! No parse mode is used: a single unclosed mark would make Telegram refuse the whole message, while entities cannot
//! fail to parse. Offsets are UTF-16 units: <https://core.telegram.org/bots/api#messageentity>.

mod block;
mod commands;
mod entities;
mod guard;
pub mod rich;
mod table;

use std::collections::BTreeSet;

use teloxide::types::MessageEntity;

/// What goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub text: String,
    pub entities: Vec<MessageEntity>,
    /// The length of the text in Telegram's units.
    pub units: usize,
}

/// The commands that stay tappable in a text, as they stand in the menu.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeSet<String>);

impl FromIterator<String> for Names {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Names {
    fn has(&self, word: &str) -> bool {
        self.0.contains(&word.to_ascii_lowercase())
    }
}

/// Renders CommonMark with tables, strikethrough and task lists.
#[must_use]
pub fn render(source: &str, names: &Names) -> Rendered {
    let (mut text, mut spans) = block::lay_out(source);
    text.truncate(text.trim_end().len());
    if text.is_empty() {
        // Nothing of it is visible as CommonMark, for example a link definition alone.
        return plain(source);
    }
    for span in &mut spans {
        // What was trimmed away at the end takes its styles with it.
        span.range = span.range.start.min(text.len())..span.range.end.min(text.len());
    }
    guard::protect(&text, &mut spans, names);
    let entities = entities::number(&text, spans);
    let units = utf16_units(&text);
    Rendered { text, entities, units }
}

/// The source as it stands.
#[must_use]
pub fn plain(source: &str) -> Rendered {
    Rendered { text: source.to_owned(), entities: Vec::new(), units: utf16_units(source) }
}

/// The length in UTF-16 units, from UTF-8's lead bytes: one for each character, two for those of four bytes.
#[must_use]
pub fn utf16_units(text: &str) -> usize {
    text.bytes().map(|byte| usize::from(byte & 0xC0 != 0x80) + usize::from(byte >= 0xF0)).sum()
}
