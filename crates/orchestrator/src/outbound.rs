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
use crate::delivery::{self, Outgoing, Target};

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

/// The most platform messages that one of ours becomes; what stands in the middle of a longer one is left out.
const MOST_PIECES: usize = 6;

/// A message that is longer than the platform takes, as several. The last one is the message itself, with its buttons;
/// of one that replaces an earlier text the first is, because that is where people look.
fn fitting(context: &Context, message: Message) -> Vec<Message> {
    let Some(platform) = context.platforms.get(&message.to.platform).filter(|_| message.turn.is_none()) else {
        return vec![message];
    };
    let limit = platform.capabilities(&message.to.key).part_limit;
    // Nothing is longer in the platform's units than in bytes, and counting those is free.
    if message.part.text.len() <= limit || platform.measure(&message.part.text) <= limit {
        return vec![message];
    }
    let texts = shortened(delivery::split(&message.part.text, limit, &|text| platform.measure(text)));
    if texts.is_empty() {
        return vec![message];
    }
    let keeps = if message.revision == 1 { texts.len() - 1 } else { 0 };
    let piece = |(place, text): (usize, String)| {
        let mut piece = message.clone();
        piece.part.text = text;
        if place > 0 {
            piece.part.reply_to = None;
        }
        if place != keeps {
            (piece.id, piece.kind, piece.revision, piece.message) = (PartId::generate(), PartKind::Notice, 1, None);
            piece.part.buttons.clear();
        }
        piece
    };
    texts.into_iter().enumerate().map(piece).collect()
}

/// The first ones and the last, with a word on what is missing between them.
fn shortened(mut texts: Vec<String>) -> Vec<String> {
    if texts.len() > MOST_PIECES {
        let left_out = texts.len() - MOST_PIECES + 1;
        let characters: usize =
            texts.drain(MOST_PIECES - 2..MOST_PIECES - 2 + left_out).map(|text| text.chars().count()).sum();
        texts.insert(MOST_PIECES - 2, format!("… {characters} characters are left out here …"));
    }
    texts
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
    let messages: Vec<Message> = messages.into_iter().flat_map(|message| fitting(context, message)).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_pieces_the_first_and_the_last_are_kept_and_it_is_said_how_much_is_missing() {
        let texts: Vec<String> = (0..20).map(|n| format!("piece {n:02}")).collect();
        assert_eq!(shortened(texts[..6].to_vec()), texts[..6]);
        let kept = shortened(texts);
        assert_eq!(
            kept,
            ["piece 00", "piece 01", "piece 02", "piece 03", "… 120 characters are left out here …", "piece 19"]
        );
    }
}
