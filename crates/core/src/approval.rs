//! An approval: a person's answer to an assistant's permission request.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::assistant::{Answer, PermissionRequest};
use crate::id::{ApprovalId, ConversationId, PartId, RunId, TurnId};

/// One question and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    pub id: ApprovalId,
    pub conversation: ConversationId,
    pub turn: TurnId,
    pub run: RunId,
    /// Its detail and raw data are blank once it is answered.
    pub request: PermissionRequest,
    pub state: ApprovalState,
    /// The message that shows it.
    pub part: PartId,
    pub created_at: DateTime<Utc>,
    /// Silence until then is a denial.
    pub expires_at: DateTime<Utc>,
    /// Somebody was asked for words, and their next message is these.
    pub awaits: Option<Awaits>,
}

/// Whose next message belongs to an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaits {
    /// The platform's stable id of the person.
    pub sender: String,
    pub what: Awaited,
}

/// What that message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Awaited {
    /// Why it is denied.
    Reason,
    /// The answer in other words.
    Answer,
}

/// An approval is open until exactly one of these happens; the first wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ApprovalState {
    Open,
    Answered {
        answer: Answer,
        /// The name of the person.
        by: String,
        at: DateTime<Utc>,
    },
    /// The assistant does not wait any more.
    Withdrawn,
    /// Nobody answered in time, which denies.
    Expired,
}

impl ApprovalState {
    /// The answer that reaches the assistant, if there is one.
    #[must_use]
    pub fn answer(&self) -> Option<Answer> {
        match self {
            Self::Answered { answer, .. } => Some(answer.clone()),
            Self::Expired => Some(Answer::Deny { reason: Some("Nobody answered in time.".to_owned()) }),
            Self::Open | Self::Withdrawn => None,
        }
    }
}
