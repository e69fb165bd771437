//! A message goes into the turn that runs, instead of waiting for its end.
//!
//! It is marked as running before it is given to the assistant, and every message that runs is handled with the end of
//! the turn. So a crash at any point neither loses it nor makes it a turn of its own as well: whoever goes on with the
//! turn gives it again, and the runner drops what it has written before.

use adjutant_core::assistant::Steering;
use adjutant_core::id::InboundSeq;
use adjutant_core::platform::Sign;
use adjutant_store::change::Change;
use adjutant_store::record::{Inbound, InboundState};

use super::prepare::quoted;
use super::receive::text_of;
use super::{Actor, Halt, Work};
use crate::commands::{self, steer};
use crate::language::parse::{self, Input};
use crate::outbound::{self, Message};
use crate::words::steer as words;

impl Actor {
    /// Whether the running turn takes a message now.
    pub(super) fn can_steer(&self) -> Steering {
        match (&self.work, &self.run) {
            (Work::Turn(turn), Some(run)) if turn.stopping.is_none() => run.control.can_steer(turn.row.id),
            _ => Steering::TurnEnded,
        }
    }

    /// `/steer <text>`: into the turn, or in line like any other prompt.
    pub(super) async fn steer_this(&mut self, inbound: Inbound) -> Result<(), Halt> {
        match self.can_steer() {
            Steering::Possible if self.would_lower(&inbound) => self.admit(inbound).await,
            Steering::Possible => {
                let notice = self.answer_to(&inbound, words::sent());
                self.put_into_turn(inbound, Vec::new(), notice).await
            }
            Steering::NotSupported if self.line.len() < self.context.settings.queue_limit => {
                let stop = self.platform.spell_command("stop");
                let text = words::not_supported(self.assistant_kind(), self.line.len() + 1, &stop);
                let notice = self.answer_to(&inbound, text);
                self.put_in_line(inbound, notice).await
            }
            Steering::NotSupported | Steering::TurnEnded => self.admit(inbound).await,
        }
    }

    /// `/steer` alone: the newest message that waits.
    pub(super) async fn steer_newest(&mut self, asking: &Inbound) -> Result<(), Halt> {
        let newest = self.line.iter().rev().find(|waiting| is_plain(waiting)).or(self.line.back());
        match newest.map(|waiting| waiting.seq) {
            Some(seq) => self.steer_waiting(asking, seq).await,
            None => self.say_done(asking, words::no_turn()).await,
        }
    }

    /// A message that waits goes into the turn.
    pub(super) async fn steer_waiting(&mut self, asking: &Inbound, seq: InboundSeq) -> Result<(), Halt> {
        let stop = self.platform.spell_command("stop");
        let Some(place) = self.line.iter().position(|waiting| waiting.seq == seq) else {
            return self.say_done(asking, words::not_waiting()).await;
        };
        if !is_plain(&self.line[place]) || self.would_lower(&self.line[place]) {
            return self.say_done(asking, words::is_a_command(&stop)).await;
        }
        match self.can_steer() {
            Steering::Possible => {}
            Steering::TurnEnded => return self.say_done(asking, words::no_turn()).await,
            Steering::NotSupported => {
                let text = words::not_supported(self.assistant_kind(), place + 1, &stop);
                return self.say_done(asking, text).await;
            }
        }
        let Some(inbound) = self.line.remove(place) else { return Ok(()) };
        let notice = self.in_its_place(asking, &inbound, words::sent()).await?;
        let at = self.context.clock.now();
        let asked = Change::SetInbound { seq: asking.seq, state: InboundState::Done, at };
        self.put_into_turn(inbound, vec![asked], notice).await
    }

    async fn put_into_turn(&mut self, inbound: Inbound, mut changes: Vec<Change>, notice: Message) -> Result<(), Halt> {
        let at = self.context.clock.now();
        changes.push(Change::SetInbound { seq: inbound.seq, state: InboundState::Running, at });
        if self.is_strange(&inbound) {
            changes.extend(self.taint());
        }
        self.commit(changes, vec![notice]).await?;
        if let Some(message) = inbound.message.message.clone() {
            self.context.delivery.sign(&self.target(), message, Some(Sign::Seen));
        }
        let Work::Turn(turn) = &mut self.work else { return Ok(()) };
        turn.steered.push(inbound);
        self.give_steered().await
    }

    /// Gives the assistant what was put into the turn; what it has already is not given twice. What does not arrive
    /// because the process is ending waits for the next turn.
    pub(super) async fn give_steered(&mut self) -> Result<(), Halt> {
        let (Work::Turn(turn), Some(run)) = (&mut self.work, &self.run) else { return Ok(()) };
        let mut missed = Vec::new();
        for inbound in std::mem::take(&mut turn.steered) {
            match run.control.steer(turn.row.id, inbound.seq, &steered_text(&inbound)).await {
                Ok(()) => turn.steered.push(inbound),
                Err(gone) => {
                    tracing::info!(run = %run.id, "a message did not reach the turn any more and waits: {gone}");
                    missed.push(inbound);
                }
            }
        }
        if missed.is_empty() {
            return Ok(());
        }
        let at = self.context.clock.now();
        let queued = |inbound: &Inbound| Change::SetInbound { seq: inbound.seq, state: InboundState::Queued, at };
        outbound::store(&self.context, self.lane, missed.iter().map(queued).collect()).await?;
        for mut inbound in missed.into_iter().rev() {
            inbound.state = InboundState::Queued;
            self.line.push_front(inbound);
        }
        Ok(())
    }

    async fn say_done(&mut self, asking: &Inbound, text: String) -> Result<(), Halt> {
        let notice = self.answer_to(asking, text);
        self.done(asking, Vec::new(), vec![notice]).await
    }
}

/// Whether a message is a person's own words alone. A registered command is a turn of its own: it may need a fresh
/// session; files are fetched when their turn begins.
pub(super) fn is_plain(inbound: &Inbound) -> bool {
    if !inbound.message.content.files().is_empty() {
        return false;
    }
    match parse::parse(text_of(inbound)) {
        Input::Prompt(_) => true,
        Input::Command { name, .. } => commands::find(&name).is_some_and(|command| command.name() == steer::NAME),
    }
}

fn steered_text(inbound: &Inbound) -> String {
    match parse::parse(text_of(inbound)) {
        Input::Prompt(text) => quoted(inbound, &text),
        Input::Command { rest, .. } => quoted(inbound, &rest),
    }
}
