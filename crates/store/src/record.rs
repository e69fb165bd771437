//! Rows that are no entity of `core`.

use adjutant_core::assistant::{SpoolOffset, Usage};
use adjutant_core::codebase::Codebase;
use adjutant_core::conversation::Conversation;
use adjutant_core::id::{CodebaseId, ConversationId, InboundSeq, PartId, RunId, SessionId, TurnId};
use adjutant_core::kind::{AssistantKind, PlatformKind};
use adjutant_core::message::{ConversationKey, InboundMessage, MessageRef, Sender};
use adjutant_core::platform::Part;
use adjutant_core::session::Session;
use adjutant_core::turn::Turn;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// This gateway's membership: its name and the epoch of its lease, the fencing token of everything it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub epoch: i64,
}

/// A conversation's mailbox, held by this node. Every write for the conversation checks that it is still held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    pub conversation: ConversationId,
    pub epoch: i64,
}

/// A lane that somebody has to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub conversation: ConversationId,
    /// It waits since then.
    pub since: DateTime<Utc>,
}

/// What became of one message of an accepted batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub conversation: ConversationId,
    /// `None`: this delivery was seen before.
    pub seq: Option<InboundSeq>,
    /// The lane, if this node holds it now; `None`: another live node does, and was told.
    pub lane: Option<Lane>,
    /// The message made the conversation.
    pub created: bool,
}

/// An inbound message in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    pub seq: InboundSeq,
    pub conversation: ConversationId,
    pub state: InboundState,
    /// Its text is empty once the state is `Done` or `Dead`.
    pub message: InboundMessage,
    pub attempts: u32,
    pub received_at: DateTime<Utc>,
    /// Set while it is `Queued`: its turn has come, and it waits all the same.
    pub hold: Option<Hold>,
    /// The part that told its person what became of it so far.
    pub told: Option<PartId>,
}

/// A message waits for the end of a provider's limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Whose limit is reached.
    pub assistant: AssistantKind,
    /// When it ends.
    pub until: DateTime<Utc>,
    pub then: Then,
    /// A turn had begun to work on it when the limit was reached.
    pub begun: bool,
}

/// What becomes of the message when the limit has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Nobody has said yet; its person is asked again.
    Ask,
    /// Nobody has said, and its person was asked again.
    Asked,
    /// It starts by itself.
    Start,
}

/// `Received` → (`Queued` →) `Running` → `Done`; `Dead` after three failures of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboundState {
    Received,
    /// A prompt that waits behind a running turn; the person was told its place.
    Queued,
    /// The prompt of the running turn.
    Running,
    Done,
    Dead,
}

/// One platform message of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    pub id: PartId,
    /// Order of delivery inside its conversation.
    pub seq: i64,
    pub platform: PlatformKind,
    pub to: ConversationKey,
    /// `None` for what is said outside any conversation (pairing).
    pub conversation: Option<ConversationId>,
    /// The reply it belongs to and its place in it.
    pub turn: Option<(TurnId, u32)>,
    pub kind: PartKind,
    /// Blank while `Open` and once it is delivered for good.
    pub part: Part,
    pub state: PartState,
    /// Goes up whenever the body is replaced.
    pub revision: i64,
    /// The revision the platform has; 0: none.
    pub sent_revision: i64,
    /// The platform's id, once known.
    pub message: Option<MessageRef>,
    pub attempts: u32,
    pub due_at: Option<DateTime<Utc>>,
}

/// What a part is for; decides its priority in the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// A piece of an assistant's answer.
    Reply,
    /// A permission request or another question.
    Approval,
    /// Something the gateway says itself: a command's answer, an error, a queue place.
    Notice,
    /// The line a stranger gets while pairing is open.
    Pairing,
}

/// `Open` → `Pending` → `Sending` → `Sent`, and back to `Pending` with a new revision; `Dead` ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartState {
    /// Its text is still being written; only previews of it are shown.
    Open,
    Pending,
    /// A call may have been made whose answer is not recorded.
    Sending,
    Sent,
    /// The target is gone or every form was rejected; see the row's error.
    Dead,
}

/// A run: one process held by a runner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: RunId,
    pub conversation: ConversationId,
    pub session: SessionId,
    pub assistant: AssistantKind,
    /// How far its output is committed.
    pub offset: SpoolOffset,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Everything about a conversation that its actor starts from, read at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub conversation: Conversation,
    /// Since when nothing can be said in it; `None`: it can.
    pub away_since: Option<DateTime<Utc>>,
    pub codebase: Option<Codebase>,
    pub session: Option<Session>,
    /// The session's run that has not ended, if any.
    pub run: Option<Run>,
    pub turn: Option<Turn>,
    /// Not handled yet, in order.
    pub inbound: Vec<Inbound>,
    /// Open, or answered within a turn that still runs.
    pub approvals: Vec<adjutant_core::approval::Approval>,
    /// Of the running turn, by ordinal.
    pub reply: Vec<OutboxRow>,
}

impl Snapshot {
    /// That of a conversation which was just made: nothing has happened in it.
    #[must_use]
    pub fn of_new(conversation: Conversation) -> Self {
        Self {
            conversation,
            away_since: None,
            codebase: None,
            session: None,
            run: None,
            turn: None,
            inbound: Vec::new(),
            approvals: Vec::new(),
            reply: Vec::new(),
        }
    }
}

/// What a turn consumed. `None` is unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageRow {
    pub turn: TurnId,
    pub session: SessionId,
    pub conversation: ConversationId,
    pub codebase: Option<CodebaseId>,
    pub assistant: AssistantKind,
    pub model: Option<String>,
    pub usage: Usage,
    pub duration_ms: i64,
    pub at: DateTime<Utc>,
}

/// Sums of usage; `unknown_cost` and `unknown_tokens` count the turns of which nobody knows it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct UsageSum {
    pub turns: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost_usd: f64,
    pub unknown_cost: i64,
    pub unknown_tokens: i64,
}

/// Somebody on an allow-list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedSender {
    pub platform: PlatformKind,
    pub sender: Sender,
    pub allowed_at: DateTime<Utc>,
}

/// A stranger's pairing code, kept until it is used or has expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairingCode {
    pub code: String,
    pub platform: PlatformKind,
    pub sender: Sender,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}
