//! A message waits for the end of its provider's limit, if its person wants that.
//!
//! The turn that met the limit has failed, and its message is in line again, at its front. That it waits, until when,
//! and what its person said about it stand in its row: so it starts once, after a restart, too.

use std::time::Instant;

use adjutant_core::assistant::{FailureClass, Outcome};
use adjutant_core::kind::AssistantKind;
use adjutant_core::platform::Button;
use adjutant_store::change::Change;
use adjutant_store::record::{Hold, Inbound, InboundState, Then};

use super::receive::text_of;
use super::{Actor, Halt, Work, told};
use crate::buttons;
use crate::commands::Lifted;
use crate::outbound::Message;
use crate::words::{limit as words, turn as turn_words};

impl Actor {
    /// What the turn's message waits for, if a limit ended the turn and it is known when that is over.
    pub(super) fn hold_after(&self, outcome: &Outcome) -> Option<Hold> {
        let Outcome::Failed { class: FailureClass::Quota, .. } = outcome else { return None };
        let Work::Turn(turn) = &self.work else { return None };
        let until = turn.limit_ends.filter(|until| *until > self.context.clock.now())?;
        let assistant = self.session.as_ref()?.assistant;
        let begun_before = turn.inbound.hold.as_ref().is_some_and(|hold| hold.begun);
        let begun = begun_before || turn.used_tools || turn.reply.said_something();
        Some(Hold { assistant, until, then: Then::Ask, begun })
    }

    /// Ends the turn; its message waits, and its person is asked what for.
    pub(super) async fn end_turn_with_hold(&mut self, outcome: &Outcome, hold: Hold) -> Result<(), Halt> {
        let parts = self.last_parts(outcome, "");
        let mut messages: Vec<Message> = parts.into_iter().filter_map(|part| self.finished_message(part)).collect();
        let mut changes = self.ending_changes(outcome);
        let Work::Turn(turn) = &self.work else { return Ok(()) };
        let mut first = turn.inbound.clone();
        let others = turn.steered.clone();
        let question = self.limit_question(&first, &hold, &messages).await;
        changes.push(Change::Hold { seq: first.seq, hold: hold.clone() });
        changes.push(told::tell(&mut first, &question));
        (first.state, first.hold) = (InboundState::Queued, Some(hold));
        let at = self.context.clock.now();
        changes.extend(others.iter().map(|other| Change::SetInbound {
            seq: other.seq,
            state: InboundState::Queued,
            at,
        }));
        messages.push(question);
        self.withdraw_approvals().await?;
        for other in others.into_iter().rev() {
            self.line.push_front(Inbound { state: InboundState::Queued, ..other });
        }
        self.line.push_front(first);
        self.is_due = true;
        changes.extend(self.rest());
        self.commit(changes, messages).await?;
        self.after_turn(outcome).await
    }

    /// What is asked.
    async fn limit_question(&mut self, inbound: &Inbound, hold: &Hold, said: &[Message]) -> Message {
        let mut text = words::reached(hold, self.context.clock.now());
        if !self.platform.capabilities(&self.conversation.key).buttons {
            let spell = |command| self.platform.spell_command(command);
            text = format!("{text} {}", words::by_command(&spell("queue start"), &spell("queue clear")));
        }
        let mut question = self.last_word(inbound, text, said);
        let start = Button { label: words::then_button(), token: buttons::command("queue start") };
        let others = self.context.assistants.others(hold.assistant).await;
        let others = others.into_iter().map(|other| Button {
            label: words::use_button(other),
            token: buttons::command(&format!("assistant {}", other.as_str())),
        });
        question.part.buttons = vec![std::iter::once(start).chain(others).chain([drop_button(inbound)]).collect()];
        question
    }

    /// Whether the first in line waits for the end of a limit.
    pub(super) fn is_held(&self) -> bool {
        let now = self.context.clock.now();
        let hold = self.line.front().and_then(|first| first.hold.as_ref());
        hold.is_some_and(|hold| hold.then != Then::Start || hold.until > now)
    }

    /// When the limit ends that the first in line waits for.
    pub(super) fn held_until(&self) -> Option<Instant> {
        let hold = self.line.front()?.hold.as_ref()?;
        let waits = matches!(self.work, Work::Idle) && self.away_since.is_none();
        if !waits || hold.then == Then::Asked {
            return None;
        }
        let (now, monotonic) = (self.context.clock.now(), self.context.clock.monotonic());
        Some(monotonic + (hold.until - now).to_std().unwrap_or_default())
    }

    /// The limit has ended, and nobody has said what becomes of the message. The end stands in its row, so it is a time
    /// of the wall clock.
    pub(super) fn is_to_ask_again(&self) -> bool {
        let now = self.context.clock.now();
        let hold = self.line.front().and_then(|first| first.hold.as_ref());
        let idle = matches!(self.work, Work::Idle) && self.away_since.is_none();
        idle && hold.is_some_and(|hold| hold.then == Then::Ask && hold.until <= now)
    }

    pub(super) async fn ask_again(&mut self) -> Result<(), Halt> {
        let now = self.context.clock.now();
        let Some(mut first) = self.line.front().cloned() else { return Ok(()) };
        let Some(hold) = first.hold.as_mut() else { return Ok(()) };
        hold.then = Then::Asked;
        let hold = hold.clone();
        let passed = self.told_anew(&first, words::passed(&hold, now)).await?;
        let mut again = self.answer_to(&first, words::over(&hold));
        let start = Button { label: words::now_button(), token: buttons::command("queue start") };
        again.part.buttons = vec![vec![start, drop_button(&first)]];
        again.notify = true;
        let changes = vec![Change::Hold { seq: first.seq, hold }, told::tell(&mut first, &again)];
        self.commit(changes, passed.into_iter().chain([again]).collect()).await?;
        if let Some(place) = self.line.front_mut() {
            *place = first;
        }
        Ok(())
    }

    /// The person wants what waits to start: when the limit has ended, or now.
    pub(super) async fn lift(&mut self, asking: &Inbound, lifted: Lifted) -> Result<(), Halt> {
        let now = self.context.clock.now();
        let changes = self.lifted(lifted);
        let Some(first) = self.line.front().cloned() else { return self.done(asking, changes, Vec::new()).await };
        let message = match &first.hold {
            Some(hold) if hold.until > now => {
                let mut starts = self.in_its_place(asking, &first, words::starts(hold, now)).await?;
                starts.part.buttons = vec![vec![drop_button(&first)]];
                Some(starts)
            }
            // It starts with the next step, and what was told of it says so then.
            _ => None,
        };
        self.done(asking, changes, message.into_iter().collect()).await
    }

    /// The same without a word.
    pub(super) fn lifted(&mut self, lifted: Lifted) -> Vec<Change> {
        let now = self.context.clock.now();
        let Some(first) = self.line.front_mut() else { return Vec::new() };
        let (seq, Some(hold)) = (first.seq, first.hold.as_mut()) else { return Vec::new() };
        hold.then = Then::Start;
        if lifted == Lifted::Now {
            hold.until = now;
        }
        let hold = hold.clone();
        self.is_due = true;
        let due = Change::Due { conversation: self.conversation.id, at: Some(hold.until) };
        vec![Change::Hold { seq, hold }, due]
    }

    /// Another assistant need not wait for the limit of the one before.
    pub(super) fn lifted_for(&mut self, assistant: AssistantKind) -> Vec<Change> {
        let hold = self.line.front().and_then(|first| first.hold.as_ref());
        match hold.is_some_and(|hold| hold.assistant != assistant) {
            true => self.lifted(Lifted::Now),
            false => Vec::new(),
        }
    }

    /// A prompt comes while the line is held. `None`: it is not, or is not any more because the limit has ended and
    /// somebody wants to go on.
    pub(super) async fn behind_limit(&mut self, inbound: &Inbound) -> Result<Option<Message>, Halt> {
        let now = self.context.clock.now();
        let Some(hold) = self.line.front().and_then(|first| first.hold.clone()).filter(|_| self.is_held()) else {
            return Ok(None);
        };
        if hold.until <= now {
            let lifted = self.lifted(Lifted::Then);
            self.commit(lifted, Vec::new()).await?;
            return Ok(None);
        }
        let mut notice = self.answer_to(inbound, words::queued_behind(self.line.len() + 1, &hold, now));
        notice.part.buttons = vec![vec![drop_button(inbound)]];
        Ok(Some(notice))
    }

    /// The line is about to be emptied: what was asked about its first is not a question any more.
    pub(super) async fn told_held_dropped(&self) -> Result<Option<Message>, Halt> {
        match self.line.front().filter(|first| first.hold.is_some()) {
            Some(first) => self.told_anew(first, turn_words::dropped(text_of(first))).await,
            None => Ok(None),
        }
    }

    /// What was told of a message that starts now says so, without buttons.
    pub(super) async fn told_started(&self, inbound: &Inbound) -> Result<Option<Message>, Halt> {
        self.told_anew(inbound, turn_words::started()).await
    }
}

fn drop_button(inbound: &Inbound) -> Button {
    Button { label: words::drop_button(), token: buttons::drop(inbound.seq) }
}
