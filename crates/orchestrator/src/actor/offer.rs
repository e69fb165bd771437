//! A message whose turn failed may be tried again, once for every failure.
//!
//! Its text stays in its row as long as the offer stands: until it is taken, until the line is emptied, or for a day.

use adjutant_core::assistant::{FailureClass, Outcome};
use adjutant_core::id::InboundSeq;
use adjutant_store::change::Change;
use adjutant_store::record::{Hold, Inbound, InboundState, Then};

use super::{Actor, Halt, Work};
use crate::fault::offer_button;
use crate::outbound::Message;
use crate::words::trouble as words;

/// Which of the messages that may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Newest,
    Message(InboundSeq),
}

/// Whether the same again may go better. A session that is lost or full stays so, and a limit of the turn's own is met
/// by going on.
pub(super) fn may_be_tried_again(outcome: &Outcome) -> bool {
    use FailureClass::{ContextFull, Limit, SessionLost};
    matches!(outcome, Outcome::Failed { class, .. } if !matches!(class, ContextFull | Limit | SessionLost))
}

impl Actor {
    /// Ends a turn that failed. Why stands in a message of its own, because its button goes when it is pressed.
    pub(super) async fn end_turn_with_offer(&mut self, outcome: &Outcome, why: String) -> Result<(), Halt> {
        let parts = self.last_parts(outcome, "");
        let mut messages: Vec<Message> = parts.into_iter().filter_map(|part| self.finished_message(part)).collect();
        let mut changes = self.ending_changes(outcome);
        let Work::Turn(turn) = &self.work else { return Ok(()) };
        let answered: Vec<Inbound> = std::iter::once(&turn.inbound).chain(&turn.steered).cloned().collect();
        let Some(first) = answered.first() else { return Ok(()) };
        let mut said = self.last_word(first, why, &messages);
        self.offer(&mut said, first);
        let hold = self.resumption();
        let at = self.context.clock.now();
        changes.extend(answered.iter().map(|inbound| Change::Offer {
            seq: inbound.seq,
            state: InboundState::Done,
            hold: hold.clone(),
            part: said.id,
            at,
        }));
        messages.push(said);
        self.withdraw_approvals().await?;
        changes.extend(self.rest());
        self.commit(changes, messages).await?;
        self.after_turn(outcome).await
    }

    /// A message could not be carried out, and no turn has begun on it.
    pub(super) async fn failed_in_vain(&mut self, inbound: &Inbound, why: String) -> Result<(), Halt> {
        let mut notice = self.answer_to(inbound, why);
        if inbound.message.content.text().is_none() {
            return self.done(inbound, Vec::new(), vec![notice]).await;
        }
        self.offer(&mut notice, inbound);
        let at = self.context.clock.now();
        let (seq, part) = (inbound.seq, notice.id);
        let mut changes = vec![Change::Offer { seq, state: InboundState::Done, hold: None, part, at }];
        if matches!(self.work, Work::Idle) {
            changes.extend(self.rest());
        }
        self.commit(changes, vec![notice]).await
    }

    /// Somebody wants a message tried again.
    pub(super) async fn try_again(&mut self, asking: &Inbound, which: Which) -> Result<(), Halt> {
        let offered = self.context.store.list_offered(&self.conversation).await?;
        let chosen = match which {
            Which::Newest => offered.last(),
            Which::Message(seq) => offered.iter().find(|inbound| inbound.seq == seq),
        };
        let Some(part) = chosen.and_then(|inbound| inbound.told) else {
            let notice = self.answer_to(asking, words::nothing_to_try().to_string());
            return self.done(asking, Vec::new(), vec![notice]).await;
        };
        // What was put into the turn later comes again behind its prompt.
        let again: Vec<Inbound> = offered.into_iter().filter(|inbound| inbound.told == Some(part)).collect();
        let changes = again.iter().map(|inbound| Change::TakeUp { seq: inbound.seq }).collect();
        let shown = match again.first() {
            Some(first) => self.told_anew(first, words::trying_again()).await?,
            None => None,
        };
        self.done(asking, changes, shown.into_iter().collect()).await?;
        self.is_due = true;
        for inbound in again {
            self.admit(Inbound { state: InboundState::Received, told: None, ..inbound }).await?;
        }
        Ok(())
    }

    /// The last message of a reply, apart from what the assistant said. Where it said nothing, this takes the place of
    /// what was shown of the reply.
    pub(super) fn last_word(&mut self, inbound: &Inbound, text: String, said: &[Message]) -> Message {
        let part = match &mut self.work {
            Work::Turn(turn) if said.is_empty() => Some(turn.reply.last_word(text.clone())),
            _ => None,
        };
        let shown = part.and_then(|part| self.finished_message(part));
        let mut message = shown.unwrap_or_else(|| self.answer_to(inbound, text));
        message.notify = true;
        message
    }

    fn offer(&self, message: &mut Message, inbound: &Inbound) {
        if self.platform.capabilities(&self.conversation.key).buttons {
            message.part.buttons = vec![vec![offer_button(inbound.seq)]];
        } else {
            let again = words::again_by_command(&self.platform.spell_command("again"));
            message.part.text = format!("{} {again}", message.part.text);
        }
    }

    /// How the turn's message is carried out when it is tried again.
    fn resumption(&self) -> Option<Hold> {
        let assistant = self.session.as_ref()?.assistant;
        let Work::Turn(turn) = &self.work else { return None };
        let begun = turn.used_tools || turn.reply.said_something();
        begun.then(|| Hold { assistant, until: self.context.clock.now(), then: Then::Start, begun })
    }
}
