//! A session: an assistant's resumable memory. A row never changes but for its end, which is taken
//! back when it is resumed, and its metadata.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{CodebaseId, ConversationId, RunId, SessionId};
use crate::kind::AssistantKind;

/// An assistant's resumable memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub conversation: ConversationId,
    pub codebase: Option<CodebaseId>,
    pub assistant: AssistantKind,
    /// The assistant's own id, stored as soon as it is announced.
    pub assistant_session_id: Option<String>,
    pub active: bool,
    pub metadata: SessionMetadata,
    /// The session this one replaced.
    pub predecessor: Option<SessionId>,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub end_reason: Option<EndReason>,
}

impl Session {
    /// Whether it was deleted. Its row stays, so that the numbers of the others do not change.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        self.end_reason == Some(EndReason::Forgotten)
    }
}

/// What is kept of a session outside the database, by the names it has there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSession {
    /// The id that was offered to the assistant for it.
    pub id: SessionId,
    /// The assistant's own id, if it announced one.
    pub assistant_session_id: Option<String>,
    /// Every run it ever had.
    pub runs: Vec<RunId>,
}

/// Something of a session could not be deleted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotForgotten(pub String);

/// What a session carries beside the assistant's own memory. Values of `phases` are the only assistant's text that
/// a session row holds; they are blanked once the session is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionMetadata {
    /// The last command invoked in it, for the fresh-context pairs. Chat in between does not clear it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_command: Option<String>,
    /// Outputs of earlier phases by variable name: `PLAN`, `IMPLEMENTATION_SUMMARY`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub phases: BTreeMap<String, String>,
    /// It took in text of somebody who is not on the allow-list: from then on it may do nothing unasked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tainted: bool,
    /// Turns so far.
    #[serde(default)]
    pub turns: u32,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    Reset,
    DirectoryChanged,
    CodebaseChanged,
    AssistantChanged,
    /// A fresh-context pair such as plan → execute.
    FreshContext,
    /// Another session of the conversation was gone back to.
    Resumed,
    /// The assistant did not know it any more.
    Lost,
    /// The conversation was closed.
    Closed,
    /// Somebody had it deleted: its number is all that is left.
    Forgotten,
}

impl EndReason {
    /// The stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::DirectoryChanged => "directory_changed",
            Self::CodebaseChanged => "codebase_changed",
            Self::AssistantChanged => "assistant_changed",
            Self::FreshContext => "fresh_context",
            Self::Resumed => "resumed",
            Self::Lost => "lost",
            Self::Closed => "closed",
            Self::Forgotten => "forgotten",
        }
    }
}
