//! Faults of our own: a reference for the person and the log, and messages that fail again and again.

use adjutant_core::id::InboundSeq;
use adjutant_core::platform::{Button, Part};
use adjutant_store::change::Change;
use adjutant_store::error::StoreError;
use adjutant_store::record::{InboundState, Lane, PartKind};

use crate::buttons;
use crate::context::Context;
use crate::outbound::{self, Message};
use crate::words::trouble;

/// How often a message may fail on our side before it is set aside.
const ATTEMPTS: u32 = 3;

/// Four characters that a person can read out and an operator can search for.
#[must_use]
pub fn reference() -> String {
    const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let random = uuid::Uuid::new_v4();
    random.as_bytes()[..4].iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect()
}

/// The button below a failure.
#[must_use]
pub fn offer_button(message: InboundSeq) -> Button {
    Button { label: trouble::again_button(), token: buttons::again(message) }
}

/// Counts a failure against the message that was being handled; the third one sets it aside with a notice.
///
/// # Errors
/// When the store is away.
pub async fn count_poison(context: &Context, lane: Lane, reference: &str) -> Result<(), StoreError> {
    let snapshot = context.store.snapshot(lane.conversation).await?;
    let running = snapshot.turn.as_ref().map(|turn| turn.inbound);
    let suspect =
        snapshot.inbound.iter().find(|inbound| Some(inbound.seq) == running).or_else(|| snapshot.inbound.first());
    let Some(suspect) = suspect else { return Ok(()) };
    let now = context.clock.now();
    if suspect.attempts + 1 < ATTEMPTS {
        return context.store.commit(Some(lane), vec![Change::CountAttempt { seq: suspect.seq }]).await;
    }
    let mut notice = Message::new(&snapshot.conversation, PartKind::Notice, Part::text(trouble::set_aside(reference)));
    let mut changes = vec![Change::SetInbound { seq: suspect.seq, state: InboundState::Dead, at: now }];
    if suspect.message.content.text().is_some() {
        let (seq, part) = (suspect.seq, notice.id);
        changes = vec![Change::Offer { seq, state: InboundState::Dead, hold: None, part, at: now }];
        notice.part.buttons = vec![vec![offer_button(seq)]];
    }
    if let Some(turn) = &snapshot.turn {
        changes.push(Change::EndTurn {
            id: turn.id,
            state: adjutant_core::turn::TurnState::Failed,
            failure: Some("set_aside".to_owned()),
            at: now,
        });
    }
    outbound::commit(context, lane, changes, vec![notice]).await
}
