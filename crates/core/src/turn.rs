//! A turn: one prompt until the assistant is done.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::assistant::SpoolOffset;
use crate::id::{ConversationId, InboundSeq, RunId, SessionId, TurnId};

/// One prompt until the assistant is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub id: TurnId,
    pub conversation: ConversationId,
    pub session: SessionId,
    pub run: RunId,
    /// The message that asked for it.
    pub inbound: InboundSeq,
    /// The registered command it invokes, if it does.
    pub command: Option<String>,
    pub state: TurnState,
    /// Where in the run's spool the turn begins: a restarted gateway replays from here.
    pub spool_start: SpoolOffset,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// The states of a turn. It starts running in the same transaction that claims its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnState {
    Running,
    Completed,
    Interrupted,
    Failed,
}

impl TurnState {
    /// The stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}
