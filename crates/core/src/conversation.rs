//! A conversation: one thread on one platform.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{CodebaseId, ConversationId};
use crate::kind::{AssistantKind, PlatformKind, UnknownKind};
use crate::message::ConversationKey;

/// One thread on one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub id: ConversationId,
    pub platform: PlatformKind,
    pub key: ConversationKey,
    pub codebase: Option<CodebaseId>,
    /// Absolute path; `None` until a codebase is bound.
    pub cwd: Option<String>,
    /// What the next session uses; `None`: the codebase's or the configured default.
    pub assistant: Option<AssistantKind>,
    /// How replies arrive here; `None`: the platform's setting.
    pub mode: Option<ReplyMode>,
    /// What the assistant is started with; `None`: what is configured.
    pub model: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How replies arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyMode {
    /// Text grows while it is written, tools move a status line.
    Stream,
    /// One reply with all text, when the turn has ended.
    Batch,
    /// Like stream, without the status line.
    Quiet,
}

impl ReplyMode {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Batch => "batch",
            Self::Quiet => "quiet",
        }
    }
}

impl fmt::Display for ReplyMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ReplyMode {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "stream" => Ok(Self::Stream),
            "batch" => Ok(Self::Batch),
            "quiet" => Ok(Self::Quiet),
            _ => Err(UnknownKind::new("reply mode", text)),
        }
    }
}
