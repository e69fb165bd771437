//! What a person sent as one message and Telegram delivers as several: albums, and texts longer than 4096 characters,
//! which people's apps cut.
//!
//! The pieces may come in different answers of `getUpdates`. So while the last one of a chat may have a sequel, nothing
//! of the answer is confirmed, and the same offset is asked for again after a moment: the pieces that came first come
//! again, together with the rest. A gateway that dies in between loses nothing.

use adjutant_core::message::{InboundContent, InboundMessage};
use chrono::TimeDelta;

/// One message as Telegram delivers it.
#[derive(Debug)]
pub struct Heard {
    pub message: InboundMessage,
    /// The album it is a piece of.
    pub album: Option<String>,
    /// The length of its text.
    pub units: usize,
    /// It says nothing to the bot by itself, only together with the rest of its album.
    pub follows: bool,
}

/// Apps cut at 4096 or at the end of a word before that.
const CUT: usize = 4_000;

/// An app sends the pieces of a text right after each other; Telegram's times are whole seconds.
const APART: TimeDelta = TimeDelta::seconds(2);

/// What was gathered.
#[derive(Debug, Default)]
pub struct Gathered {
    pub messages: Vec<InboundMessage>,
    /// A further piece may still come.
    pub open: bool,
}

impl Heard {
    /// A message that has no pieces.
    pub fn alone(message: InboundMessage) -> Self {
        Self { message, album: None, units: 0, follows: false }
    }

    fn may_go_on(&self) -> bool {
        self.album.is_some() || self.units >= CUT
    }

    /// Whether the other one is a further piece of this.
    fn goes_on_with(&self, next: &Self) -> bool {
        let (this, other) = (&self.message, &next.message);
        if this.conversation != other.conversation || this.sender.id != other.sender.id {
            return false;
        }
        if self.album.is_some() || next.album.is_some() {
            return self.album == next.album;
        }
        let words = other.content.text().filter(|text| !text.starts_with('/'));
        self.units >= CUT && words.is_some() && (other.sent_at - this.sent_at).abs() <= APART
    }

    /// Takes a further piece in. The message keeps the delivery of its first piece.
    fn join(&mut self, next: Self) {
        self.units = next.units;
        self.follows &= next.follows;
        self.message.sent_at = next.message.sent_at;
        let InboundContent::Text { text, quote, quoted, author, files } = &mut self.message.content else { return };
        let InboundContent::Text { text: more, quote: other, quoted: by, author: whose, files: further } =
            next.message.content
        else {
            return;
        };
        if quote.is_none() {
            *author = whose;
        }
        if self.album.is_some() && !text.is_empty() && !more.is_empty() {
            text.push('\n');
        }
        text.push_str(&more);
        *quote = quote.take().or(other);
        *quoted = quoted.take().or(by);
        files.extend(further);
    }
}

/// Puts the pieces together.
pub fn gather(heard: Vec<Heard>) -> Gathered {
    let mut whole: Vec<Heard> = Vec::with_capacity(heard.len());
    for next in heard {
        let last = whole.iter_mut().rev().find(|one| one.message.conversation == next.message.conversation);
        match last {
            Some(last) if last.goes_on_with(&next) => last.join(next),
            _ => whole.push(next),
        }
    }
    let is_last =
        |at: usize| whole[at + 1..].iter().all(|later| later.message.conversation != whole[at].message.conversation);
    let open = (0..whole.len()).any(|at| whole[at].may_go_on() && is_last(at));
    let messages = whole.into_iter().filter(|one| !one.follows).map(|one| one.message).collect();
    Gathered { messages, open }
}
