//! The lines of a transcript and the events of a watcher. Both are one JSON object a line.

use adjutant_core::platform::{Button, Form, Part, Sign};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A numbered line. Numbers increase inside a conversation; they have gaps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered<T> {
    pub n: u64,
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    pub what: T,
}

/// What a transcript keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Entry {
    /// A person wrote. The id is the client's own.
    User {
        id: String,
        text: String,
        /// The names of the files that came with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<String>,
    },
    /// A person pressed a button.
    Press { id: String, token: String },
    /// A message of the gateway, new or changed: the last one of an id counts.
    Part { id: String, part: Part },
    /// A message of the gateway was taken away.
    Delete { id: String },
    /// The gateway's one reaction to a person's message.
    Reaction { id: String, sign: Option<SignName> },
}

impl Entry {
    /// The message it is about.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::User { id, .. }
            | Self::Press { id, .. }
            | Self::Part { id, .. }
            | Self::Delete { id }
            | Self::Reaction { id, .. } => id,
        }
    }
}

/// What only those see who watch at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Passing {
    /// A part ends in this text now, instead of its last `cut` UTF-16 units, and is otherwise as it was.
    Append { id: String, cut: usize, add: String },
    /// The assistant works; said again while it does.
    Status,
    /// A button press has arrived.
    Acknowledged { press: String },
    /// The transcript is no longer what it was: fetch it again.
    Reload,
}

/// The stored form of [`Sign`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignName {
    Seen,
    Done,
    Failed,
}

impl From<Sign> for SignName {
    fn from(sign: Sign) -> Self {
        match sign {
            Sign::Seen => Self::Seen,
            Sign::Done => Self::Done,
            Sign::Failed => Self::Failed,
        }
    }
}

/// One message as it stands, folded from all lines about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    pub id: String,
    /// The number of its first line: pages of a transcript end at it.
    pub n: u64,
    pub at: DateTime<Utc>,
    pub from: Author,
    pub text: String,
    pub form: Form,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Vec<Button>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign: Option<SignName>,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    User,
    Gateway,
}
