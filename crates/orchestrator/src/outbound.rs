//! Messages of ours on their way: committed with the state change that caused them, then handed to delivery.

use std::time::Duration;

use adjutant_core::conversation::Conversation;
use adjutant_core::id::{ConversationId, PartId, TurnId};
use adjutant_core::message::MessageRef;
use adjutant_core::platform::Part;
use adjutant_store::change::{Change, NewPart};
use adjutant_store::error::StoreError;
use adjutant_store::record::{Lane, PartKind, PartState};

use crate::context::Context;
use crate::delivery::{Outgoing, Target};

/// One platform message, new or a new revision of one that was sent before.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: PartId,
    pub to: Target,
    pub conversation: Option<ConversationId>,
    pub turn: Option<(TurnId, u32)>,
    pub kind: PartKind,
    pub part: Part,
    /// The revision this body will have; 1 for a new row.
    pub revision: i64,
    /// The platform's id, where it is known.
    pub message: Option<MessageRef>,
    pub notify: bool,
}

impl Message {
    /// A new message in a conversation.
    #[must_use]
    pub fn new(conversation: &Conversation, kind: PartKind, part: Part) -> Self {
        Self {
            id: PartId::generate(),
            to: Target::new(conversation.platform, conversation.key.clone()),
            conversation: Some(conversation.id),
            turn: None,
            kind,
            part,
            revision: 1,
            message: None,
            notify: false,
        }
    }

    /// The change that stores it in this state.
    #[must_use]
    pub fn put(&self, context: &Context, state: PartState) -> Change {
        Change::PutPart(self.row(context, state))
    }

    fn row(&self, context: &Context, state: PartState) -> NewPart {
        NewPart {
            id: self.id,
            platform: self.to.platform,
            to: self.to.key.clone(),
            conversation: self.conversation,
            turn: self.turn,
            kind: self.kind,
            part: self.part.clone(),
            state,
            at: context.clock.now(),
        }
    }
}

/// Commits changes together with the messages they cause, then hands the messages to delivery. Waits while the
/// database is away: nothing is lost, and everything goes on by itself when it is back.
///
/// # Errors
/// [`StoreError::Fenced`] when another node holds the conversation now; others are defects.
pub async fn commit(
    context: &Context,
    lane: Lane,
    mut changes: Vec<Change>,
    messages: Vec<Message>,
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(messages.len());
    for (place, message) in messages.iter().enumerate() {
        // Only the first can go out at once; the others wait behind it.
        let at_once = place == 0 && context.delivery.ready(&message.to);
        let row = message.row(context, if at_once { PartState::Sending } else { PartState::Pending });
        changes.push(Change::PutPart(row.clone()));
        rows.push(row);
    }
    store(context, lane, changes).await?;
    for (message, row) in messages.into_iter().zip(rows) {
        let mut outgoing = Outgoing::committed(row, Some(lane), message.revision);
        outgoing.message = message.message;
        outgoing.notify = message.notify;
        context.delivery.submit(outgoing);
    }
    Ok(())
}

/// Commits, waiting while the database is away.
///
/// # Errors
/// As [`commit`].
pub async fn store(context: &Context, lane: Lane, changes: Vec<Change>) -> Result<(), StoreError> {
    let mut pause = Duration::from_millis(100);
    loop {
        match context.store.commit(Some(lane), changes.clone()).await {
            Err(error) if error.is_temporary() => {
                tracing::warn!(conversation = %lane.conversation, %error, "waiting for the database: {error}");
                context.clock.sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(10));
            }
            result => return result,
        }
    }
}
