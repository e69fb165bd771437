//! Where a conversation stands: what its page shows besides the messages.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a conversation stands. All empty: nobody has written in it yet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Standing {
    /// The codebase's name.
    pub codebase: Option<String>,
    /// The working directory, as seen from the workspace.
    pub directory: Option<String>,
    pub branch: Option<String>,
    /// Who answers, as shown to people.
    pub assistant: Option<String>,
    pub session: Option<SessionStanding>,
    pub turn: Option<TurnStanding>,
    /// Everything that was said is carried out, and every answer is in the transcript.
    pub settled: bool,
    /// What waits, in order.
    pub queue: Vec<QueuedMessage>,
    pub today: UsageStanding,
    /// The sessions there were, the newest first; the active one is among them.
    #[serde(default)]
    pub sessions: Vec<PastSession>,
}

/// The active session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStanding {
    /// The short form that people see.
    pub id: String,
    pub started_at: DateTime<Utc>,
    pub turns: u32,
}

/// A session of the conversation, as `/sessions` numbers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastSession {
    pub number: i64,
    /// Who answered, as shown to people.
    pub assistant: String,
    /// Its last command, if it had one.
    pub command: Option<String>,
    pub turns: u32,
    pub started_at: DateTime<Utc>,
    pub active: bool,
    /// The assistant can go on with it: `/sessions resume <number>`.
    pub resumable: bool,
}

/// The running turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnStanding {
    /// How its prompt begins.
    pub title: String,
    pub started_at: DateTime<Utc>,
    pub waits_for_approval: bool,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedMessage {
    /// How it begins.
    pub text: String,
    pub at: DateTime<Utc>,
    /// The token of a button that takes it out of the line: `POST …/buttons`.
    pub drop: String,
    /// The token of a button that puts it into the running turn, where that may take it.
    pub steer: Option<String>,
}

/// What the conversation has used since midnight (UTC).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct UsageStanding {
    pub turns: i64,
    pub tokens: i64,
    /// Of the turns whose cost is known, in US dollars.
    pub cost_usd: f64,
    /// Turns whose cost is not known.
    pub unknown_cost: i64,
}
