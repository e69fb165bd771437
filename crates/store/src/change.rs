//! Everything that can be written for a conversation, as plain data, so that a transaction can be gathered,
//! batched with others and run again.

use adjutant_core::approval::{Approval, ApprovalState, Awaits};
use adjutant_core::assistant::{PermissionDetail, SpoolOffset};
use adjutant_core::codebase::Codebase;
use adjutant_core::conversation::ReplyMode;
use adjutant_core::id::{ApprovalId, CodebaseId, ConversationId, InboundSeq, PartId, RunId, SessionId, TurnId};
use adjutant_core::kind::{AssistantKind, PlatformKind};
use adjutant_core::message::{ConversationKey, InboundContent, MessageRef};
use adjutant_core::platform::Part;
use adjutant_core::session::{EndReason, Session, SessionMetadata};
use adjutant_core::turn::{Turn, TurnState};
use chrono::{DateTime, Utc};

use crate::record::{Hold, InboundState, PartKind, PartState, Run, UsageRow};

/// One statement's worth of change. A change that finds nothing to change makes the whole commit fail as stale.
#[derive(Debug, Clone)]
pub enum Change {
    /// Binds the conversation to a codebase and directory.
    Bind {
        conversation: ConversationId,
        codebase: Option<CodebaseId>,
        cwd: Option<String>,
    },
    ChooseAssistant {
        conversation: ConversationId,
        assistant: Option<AssistantKind>,
    },
    ChooseMode {
        conversation: ConversationId,
        mode: Option<ReplyMode>,
    },
    ChooseModel {
        conversation: ConversationId,
        model: Option<String>,
    },
    /// The platform gave the conversation another key; an existing row under that key is merged into this one
    /// by moving its unhandled messages over.
    Rekey {
        conversation: ConversationId,
        key: ConversationKey,
    },
    /// Nothing can be said in the conversation: what is not delivered is kept for its return.
    SetAside {
        conversation: ConversationId,
        since: DateTime<Utc>,
    },
    /// The conversation has returned.
    TakeBack {
        conversation: ConversationId,
    },

    /// Inserts the codebase, or replaces every column of the one with its id.
    PutCodebase(Codebase),
    /// Forgets a codebase that was recorded by mistake: conversations bound to it are unbound, its folder stays.
    DropCodebase {
        id: CodebaseId,
    },

    StartSession(Session),
    /// Ends it with a reason and blanks its phases.
    EndSession {
        id: SessionId,
        reason: EndReason,
        at: DateTime<Utc>,
    },
    /// A session that has ended goes on. The active one has to be ended before.
    ResumeSession {
        id: SessionId,
    },
    /// Blanks everything but a session's number and its times, and ends it if it goes on. Its approvals go; what its
    /// turns cost stays.
    ForgetSession {
        id: SessionId,
        at: DateTime<Utc>,
    },
    AnnounceSession {
        id: SessionId,
        assistant_session_id: String,
    },
    SetSessionMetadata {
        id: SessionId,
        metadata: SessionMetadata,
    },

    StartRun(Run),
    AdvanceRun {
        id: RunId,
        offset: SpoolOffset,
    },
    EndRun {
        id: RunId,
        at: DateTime<Utc>,
    },

    StartTurn(Turn),
    /// A turn whose run never started goes on in another one.
    MoveTurn {
        id: TurnId,
        run: RunId,
        spool_start: SpoolOffset,
    },
    EndTurn {
        id: TurnId,
        state: TurnState,
        failure: Option<String>,
        at: DateTime<Utc>,
    },

    /// Moves a message along; `Done` and `Dead` blank its text.
    SetInbound {
        seq: InboundSeq,
        state: InboundState,
        at: DateTime<Utc>,
    },
    CountAttempt {
        seq: InboundSeq,
    },
    /// Puts it in line again, to be carried out later. Any other state ends the hold.
    Hold {
        seq: InboundSeq,
        hold: Hold,
    },
    /// Its person changed it while it waited.
    Rewrite {
        seq: InboundSeq,
        content: InboundContent,
    },
    /// Handled in vain: as `Done` or `Dead`, but its text is kept for a day, for its person may have it tried again.
    /// `part` offers that.
    Offer {
        seq: InboundSeq,
        state: InboundState,
        hold: Option<Hold>,
        part: PartId,
        at: DateTime<Utc>,
    },
    /// Puts an offered message in line again.
    TakeUp {
        seq: InboundSeq,
    },
    /// Nothing of this conversation is tried again.
    ForgetOffers {
        conversation: ConversationId,
    },
    /// This part tells its person what becomes of it.
    Tell {
        seq: InboundSeq,
        part: PartId,
    },

    Ask(Approval),
    /// What was picked so far of an open approval's choices.
    Pick {
        id: ApprovalId,
        detail: PermissionDetail,
    },
    /// Whose next message belongs to an approval; `None`: nobody's any more.
    Await {
        id: ApprovalId,
        awaits: Option<Awaits>,
    },
    /// Only an open approval can be settled. Blanks its detail and raw data.
    Settle {
        id: ApprovalId,
        state: ApprovalState,
    },

    PutPart(NewPart),
    /// A call is about to be made.
    Sending {
        id: PartId,
    },
    Sent {
        id: PartId,
        revision: i64,
        message: MessageRef,
    },
    /// A preview of the part stands on the platform under this id. The row stays `Open` and no revision counts as sent;
    /// the finished text then becomes an edit of this message.
    Shown {
        id: PartId,
        message: MessageRef,
    },
    /// To be tried again at `due_at`.
    Defer {
        id: PartId,
        error: String,
        due_at: DateTime<Utc>,
    },
    /// Never to be tried again; blanks its body.
    Abandon {
        id: PartId,
        error: String,
    },
    /// Delivered for good: blanks the bodies of everything sent in this turn.
    BlankReply {
        turn: TurnId,
    },

    AddUsage(UsageRow),

    /// When the lane's next message or timer is due; `None`: nothing to do.
    Due {
        conversation: ConversationId,
        at: Option<DateTime<Utc>>,
    },
    /// Gives the lane up: any node may take it.
    Release {
        conversation: ConversationId,
    },
}

/// A part that is created, or whose body is replaced when a row with its id exists (its revision goes up by one).
#[derive(Debug, Clone)]
pub struct NewPart {
    pub id: PartId,
    pub platform: PlatformKind,
    pub to: ConversationKey,
    pub conversation: Option<ConversationId>,
    pub turn: Option<(TurnId, u32)>,
    pub kind: PartKind,
    pub part: Part,
    /// `Open`, `Pending`, or `Sending` when the call follows at once (saves the commit of [`Change::Sending`]).
    pub state: PartState,
    pub at: DateTime<Utc>,
}
