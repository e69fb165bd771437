//! Byte ranges with a style → Telegram's entities.

use std::ops::Range;

use teloxide::types::{MessageEntity, MessageEntityKind};
use url::Url;

use super::utf16_units;

/// Apps show the first hundred entities of a message and ignore the rest; undocumented, observed.
const SHOWN: usize = 100;

/// A styled byte range of the text.
#[derive(Debug, Clone)]
pub struct Span {
    pub range: Range<usize>,
    pub style: Style,
}

/// In the order of importance when there are too many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Style {
    /// Keeps an `@name` from pinging somebody.
    GuardName,
    Pre {
        language: Option<String>,
    },
    Link(Url),
    Code,
    Quote,
    /// Keeps `/word` from becoming a command, `main.rs` from becoming a web address.
    GuardWord,
    Bold,
    Strike,
    Italic,
}

impl Style {
    const fn rank(&self) -> u8 {
        match self {
            Self::GuardName => 0,
            Self::Pre { .. } => 1,
            Self::Link(_) => 2,
            Self::Code => 3,
            Self::Quote => 4,
            Self::GuardWord => 5,
            Self::Bold => 6,
            Self::Strike => 7,
            Self::Italic => 8,
        }
    }

    /// Telegram detects names, commands and addresses by itself, but not inside these.
    pub const fn stops_detection(&self) -> bool {
        matches!(self, Self::Pre { .. } | Self::Code | Self::Link(_))
    }
}

/// Turns byte ranges into UTF-16 offsets and keeps the most important hundred.
pub fn number(text: &str, mut spans: Vec<Span>) -> Vec<MessageEntity> {
    spans.retain(|span| !span.range.is_empty());
    if spans.len() > SHOWN {
        spans.sort_by_key(|span| span.style.rank());
        spans.truncate(SHOWN);
    }
    // An outer entity before those inside it.
    spans.sort_by_key(|span| (span.range.start, std::cmp::Reverse(span.range.end)));
    let mut cursor = Cursor::default();
    spans
        .into_iter()
        .map(|span| {
            let offset = cursor.advance(text, span.range.start);
            let length = utf16_units(&text[span.range]);
            MessageEntity::new(kind(span.style), offset, length)
        })
        .collect()
}

/// Walks a text once, however many offsets are asked for in rising order.
#[derive(Default)]
struct Cursor {
    byte: usize,
    units: usize,
}

impl Cursor {
    fn advance(&mut self, text: &str, to: usize) -> usize {
        self.units += utf16_units(&text[self.byte..to]);
        self.byte = to;
        self.units
    }
}

fn kind(style: Style) -> MessageEntityKind {
    match style {
        Style::GuardName | Style::GuardWord | Style::Code => MessageEntityKind::Code,
        Style::Pre { language } => MessageEntityKind::Pre { language },
        Style::Link(url) => MessageEntityKind::TextLink { url },
        Style::Quote => MessageEntityKind::Blockquote,
        Style::Bold => MessageEntityKind::Bold,
        Style::Strike => MessageEntityKind::Strikethrough,
        Style::Italic => MessageEntityKind::Italic,
    }
}
