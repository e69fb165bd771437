//! A committed part on its way.

use adjutant_core::id::PartId;
use adjutant_core::kind::PlatformKind;
use adjutant_core::message::{ConversationKey, MessageRef};
use adjutant_core::platform::Part;
use adjutant_store::change::NewPart;
use adjutant_store::record::{Lane, OutboxRow, PartKind, PartState};
use chrono::{DateTime, Utc};

/// Where things are sent: a conversation as its platform names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    pub platform: PlatformKind,
    pub key: ConversationKey,
}

impl Target {
    #[must_use]
    pub fn new(platform: PlatformKind, key: ConversationKey) -> Self {
        Self { platform, key }
    }
}

/// One revision of an outbox row that is committed and shall be on the platform.
///
/// A further revision of the same row may be submitted at any time: what has not gone out yet is replaced in place.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    pub id: PartId,
    pub to: Target,
    /// The lane under which results are recorded, so that a node that lost it records nothing; `None` for what is
    /// said outside any conversation. The lane must be kept until the conversation is [`settled`].
    ///
    /// [`settled`]: super::Delivery::settled
    pub lane: Option<Lane>,
    pub kind: PartKind,
    pub part: Part,
    /// The row's revision that carries this body; 1 for a row just created.
    pub revision: i64,
    pub stage: Stage,
    /// The platform's id where the caller knows it. Unknown ones are looked up.
    pub message: Option<MessageRef>,
    /// A long answer ends here: the person's phone shall notify, see `Capabilities::renotify_after`.
    pub notify: bool,
    /// Tries that failed before a restart.
    pub attempts: u32,
    /// Not to be tried before.
    pub due_at: Option<DateTime<Utc>>,
}

impl Outgoing {
    /// A row that was just committed with this content. `revision` is 1 for a new row, one more for each replacement.
    #[must_use]
    pub fn committed(new: NewPart, lane: Option<Lane>, revision: i64) -> Self {
        let stage = if new.state == PartState::Sending { Stage::Sending } else { Stage::Pending };
        Self {
            id: new.id,
            to: Target::new(new.platform, new.to),
            lane,
            kind: new.kind,
            part: new.part,
            revision,
            stage,
            message: None,
            notify: false,
            attempts: 0,
            due_at: None,
        }
    }

    /// A row as the store gives it. `Sending` rows count as unclear: their call may have been made.
    #[must_use]
    pub fn recovered(row: OutboxRow, lane: Option<Lane>) -> Self {
        let stage = if row.state == PartState::Sending { Stage::Unclear } else { Stage::Pending };
        Self {
            id: row.id,
            to: Target::new(row.platform, row.to),
            lane,
            kind: row.kind,
            part: row.part,
            revision: row.revision,
            stage,
            message: row.message,
            notify: false,
            attempts: row.attempts,
            due_at: row.due_at,
        }
    }
}

/// How far the row's commits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Committed as `Pending`: `Sending` is committed before the call.
    Pending,
    /// Committed as `Sending`, no call was made yet (allowed when [`Delivery::ready`] said so).
    ///
    /// [`Delivery::ready`]: super::Delivery::ready
    Sending,
    /// Found as `Sending` after a restart: a call may have been made.
    Unclear,
}

/// An open row whose text is still being written. It must be committed as `PartState::Open` before it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenPart {
    pub id: PartId,
    pub to: Target,
    pub lane: Option<Lane>,
    /// Everything but the text, which comes from the draft: form, buttons (a stop button), what it answers.
    pub part: Part,
    /// The platform's id if it was shown before a restart.
    pub message: Option<MessageRef>,
}
