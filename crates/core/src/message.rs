//! What comes in from a platform, parsed once at the edge.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::kind::PlatformKind;

/// The platform's own name of a conversation, for example a chat id or `chat:topic`. Opaque outside the adapter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationKey(pub String);

/// The platform's own name of one message, unique inside its conversation. Opaque outside the adapter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageRef(pub String);

/// The platform's name of one delivery. A delivery seen before is dropped; it is never compared by order,
/// because Telegram's `update_id` restarts at a random number after a quiet week.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(pub String);

/// Who wrote or pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The platform's stable id. Display names are never an authority.
    pub id: String,
    /// The name as shown to others.
    pub name: String,
}

/// One message, as an adapter hands it over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMessage {
    pub platform: PlatformKind,
    pub delivery: DeliveryId,
    pub conversation: ConversationKey,
    pub sender: Sender,
    /// The message itself on the platform; `None` where the platform has no id for it.
    pub message: Option<MessageRef>,
    /// When the person sent it, by the platform's clock.
    pub sent_at: DateTime<Utc>,
    pub content: InboundContent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum InboundContent {
    /// A person wrote text, or sent files with or without words.
    Text {
        text: String,
        /// What they replied to or quoted, if the platform tells.
        quote: Option<String>,
        /// Who wrote that, by the name others see: a stranger's choice, never an authority.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quoted: Option<String>,
        /// Who that is, as far as the platform vouches for it.
        #[serde(default, skip_serializing_if = "Author::is_unknown")]
        author: Author,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<IncomingFile>,
    },
    /// A person changed the text of a message they had sent; the envelope names that message.
    Edited { text: String },
    /// A person pressed a button; `token` is what the button carried.
    Button { token: String },
    /// A person pressed the platform's own stop control.
    Stop,
    /// Something without text (a sticker, a voice message): answered politely, never run.
    Unsupported { what: String },
    /// The conversation goes on under another key (Telegram: group became supergroup).
    Moved { to: ConversationKey },
    /// The bot was blocked or removed: stop what runs, send nothing.
    Closed,
    /// The bot may speak here again: it was let in, or a topic was opened again.
    Opened,
}

/// Who wrote what is quoted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The gateway: an answer of an assistant, or a sentence of its own.
    Gateway,
    /// A person, by the platform's stable id.
    Person(String),
    /// Whoever wrote a forwarded message, a bot, a channel.
    #[default]
    Unknown,
}

impl Author {
    const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

/// A file that a person sent. It stays on the platform until it is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncomingFile {
    /// As the person's app names it; never used as a path as it stands.
    pub name: String,
    /// What the adapter fetches it by.
    pub reference: String,
    /// In bytes, if the platform tells.
    pub size: Option<u64>,
}

impl InboundContent {
    /// Words alone.
    #[must_use]
    pub fn words(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), quote: None, quoted: None, author: Author::Unknown, files: Vec::new() }
    }

    /// The files that came with it.
    #[must_use]
    pub fn files(&self) -> &[IncomingFile] {
        match self {
            Self::Text { files, .. } => files,
            _ => &[],
        }
    }

    /// Whether the platform itself says this, whoever's name stands on it.
    #[must_use]
    pub const fn is_of_platform(&self) -> bool {
        matches!(self, Self::Moved { .. } | Self::Closed | Self::Opened)
    }

    /// The text that the privacy promise blanks once the message is handled.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } | Self::Edited { text } => Some(text),
            _ => None,
        }
    }
}
