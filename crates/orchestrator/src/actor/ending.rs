//! A turn ends: its last parts and all its rows, in one commit.

use adjutant_core::assistant::{FailureClass, Outcome};
use adjutant_core::codebase::Codebase;
use adjutant_core::platform::{Part, Sign};
use adjutant_core::session::{EndReason, Session, SessionMetadata};
use adjutant_core::turn::TurnState;
use adjutant_store::change::Change;
use adjutant_store::record::{InboundState, PartKind, UsageRow};

use super::offer::may_be_tried_again;
use super::prepare::is_called;
use super::turn::{ActiveTurn, StopReason};
use super::{Actor, Halt, Work};
use crate::outbound::{self, Message};
use crate::reply::KeepLive;
use crate::words::{trouble, turn as words};

impl Actor {
    pub(super) async fn end_turn(&mut self, outcome: Outcome) -> Result<(), Halt> {
        let Work::Turn(turn) = &self.work else { return Ok(()) };
        let lost = matches!(outcome, Outcome::Failed { class: FailureClass::SessionLost, .. });
        if lost && !turn.restarted && self.session.is_some() {
            return self.restart_in_fresh_session().await;
        }
        let crashed = matches!(outcome, Outcome::Failed { class: FailureClass::Crashed, .. });
        if crashed && turn.reused && !turn.heard && turn.stopping.is_none() {
            // It ended between two turns and never looked at this prompt.
            return Box::pin(self.move_to_new_run()).await;
        }
        let outcome = judged(turn, outcome);
        if let Outcome::Failed { class, .. } = &outcome {
            tracing::warn!(turn = %turn.row.id, ?class, "turn {} failed: {class:?}", turn.row.id);
        }
        if let Some(hold) = self.hold_after(&outcome) {
            return Box::pin(self.end_turn_with_hold(&outcome, hold)).await;
        }
        let footer = if outcome == Outcome::Completed { self.footer().await } else { None };
        let (copies, notes) = self.copy_handed().await;
        let mut closing = self.closing(&outcome, footer);
        if may_be_tried_again(&outcome) {
            return Box::pin(self.end_turn_with_offer(&outcome, closing)).await;
        }
        if !notes.is_empty() {
            closing = notes
                .into_iter()
                .chain([closing].into_iter().filter(|line| !line.is_empty()))
                .collect::<Vec<_>>()
                .join("\n\n");
        }
        let mut parts = self.last_parts(&outcome, &closing);
        parts.extend(self.handed_parts(copies));
        let messages: Vec<Message> = parts.into_iter().filter_map(|part| self.finished_message(part)).collect();
        let mut changes = self.ending_changes(&outcome);
        changes.extend(self.answered());
        self.withdraw_approvals().await?;
        changes.extend(self.rest());
        self.commit(changes, notify_last(messages)).await?;
        self.after_turn(&outcome).await
    }

    pub(super) fn last_parts(&mut self, outcome: &Outcome, closing: &str) -> Vec<crate::reply::FinishedPart> {
        let keep = if *outcome == Outcome::Completed { KeepLive::No } else { KeepLive::Yes };
        self.on_paper(|turn, paper| turn.reply.finish(closing, keep, paper))
    }

    /// The last line of the reply; empty when the text speaks for itself.
    fn closing(&self, outcome: &Outcome, footer: Option<String>) -> String {
        let Work::Turn(turn) = &self.work else { return String::new() };
        let after = self.time_taken(turn);
        let assistant = self.session.as_ref().map(|session| session.assistant);
        match outcome {
            Outcome::Completed if turn.reply.said_something() => {
                self.first_note().into_iter().chain(footer).collect::<Vec<_>>().join("\n\n")
            }
            Outcome::Completed => footer.unwrap_or_else(|| words::silent(after)),
            Outcome::Interrupted if turn.stopping.is_some_and(|stopping| stopping.why == StopReason::Unreachable) => {
                words::stopped_unreachable(after)
            }
            Outcome::Interrupted => words::stopped(after),
            Outcome::Failed { class, message } => {
                assistant.map_or_else(String::new, |assistant| trouble::failed(assistant, *class, message))
            }
        }
    }

    /// The first reply of a session says where it works when nobody chose that: the default codebase.
    fn first_note(&self) -> Option<String> {
        let first = self.session.as_ref().is_some_and(|session| session.metadata.turns == 0);
        let wanted = self.context.settings.default_codebase.as_deref()?;
        let stayed = |codebase: &Codebase| self.conversation.cwd.as_deref() == Some(codebase.default_cwd.as_str());
        let codebase = self.codebase.as_ref().filter(|codebase| first && stayed(codebase))?;
        let is_default = codebase.name == wanted
            || self.context.workspace.shown(std::path::Path::new(&codebase.default_cwd)).as_deref() == Some(wanted);
        is_default.then(|| words::default_codebase(&codebase.name))
    }

    /// The messages it answered are not among them.
    pub(super) fn ending_changes(&mut self, outcome: &Outcome) -> Vec<Change> {
        let now = self.context.clock.now();
        let mut changes = Vec::with_capacity(7);
        let Work::Turn(turn) = &self.work else { return changes };
        let (state, failure) = match outcome {
            Outcome::Completed => (TurnState::Completed, None),
            Outcome::Interrupted => (TurnState::Interrupted, None),
            Outcome::Failed { class, .. } => (TurnState::Failed, Some(failure_name(*class))),
        };
        changes.push(Change::EndTurn { id: turn.row.id, state, failure, at: now });
        // What was sent while the turn ran; what is sent from now on is blanked when it has arrived.
        changes.push(Change::BlankReply { turn: turn.row.id });
        changes.extend(self.usage_row(turn));
        if let Some(run) = self.run.as_ref().filter(|run| run.id == turn.row.run) {
            changes.push(Change::AdvanceRun { id: run.id, offset: run.cursor });
        }
        let metadata = self.session.as_ref().map(|session| self.metadata_after(session, turn, outcome));
        if let (Some(metadata), Some(session)) = (metadata, &mut self.session) {
            session.metadata = metadata.clone();
            changes.push(Change::SetSessionMetadata { id: session.id, metadata });
        }
        changes
    }

    /// Every message that the turn has answered is handled.
    fn answered(&self) -> Vec<Change> {
        let Work::Turn(turn) = &self.work else { return Vec::new() };
        let at = self.context.clock.now();
        let answered = std::iter::once(&turn.inbound).chain(&turn.steered);
        answered.map(|inbound| Change::SetInbound { seq: inbound.seq, state: InboundState::Done, at }).collect()
    }

    fn usage_row(&self, turn: &ActiveTurn) -> Option<Change> {
        let session = self.session.as_ref()?;
        let took = self.context.clock.monotonic().saturating_duration_since(turn.started);
        Some(Change::AddUsage(UsageRow {
            turn: turn.row.id,
            session: session.id,
            conversation: self.conversation.id,
            codebase: self.conversation.codebase,
            assistant: session.assistant,
            model: turn.model.clone(),
            usage: turn.usage,
            duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
            at: self.context.clock.now(),
        }))
    }

    /// Remembers the last command and, where a fresh-context pair will need it, what it brought.
    fn metadata_after(&self, session: &Session, turn: &ActiveTurn, outcome: &Outcome) -> SessionMetadata {
        let mut metadata = session.metadata.clone();
        metadata.turns += 1;
        let Some(command) = turn.row.command.as_ref().filter(|_| *outcome == Outcome::Completed) else {
            return metadata;
        };
        metadata.last_command = Some(command.clone());
        let pairs = &self.context.settings.fresh_context_pairs;
        let text = turn.reply.last_block().to_owned();
        if pairs.iter().any(|(first, _)| is_called(first, command)) {
            metadata.phases.insert(super::prepare::PLAN.to_owned(), text);
        } else if pairs.iter().any(|(_, second)| is_called(second, command)) {
            metadata.phases.insert("IMPLEMENTATION_SUMMARY".to_owned(), text);
        }
        metadata
    }

    pub(super) async fn after_turn(&mut self, outcome: &Outcome) -> Result<(), Halt> {
        let target = self.target();
        let Work::Turn(turn) = std::mem::replace(&mut self.work, Work::Idle) else { return Ok(()) };
        self.context
            .metrics
            .turn_ended(outcome, self.context.clock.monotonic().saturating_duration_since(turn.started));
        let messages: Vec<_> = std::iter::once(&turn.inbound)
            .chain(&turn.steered)
            .filter_map(|inbound| inbound.message.message.clone())
            .collect();
        // First, so that no status says behind the sign that work goes on.
        drop(turn);
        for message in messages {
            let known = self.failed.iter().position(|failed| *failed == message);
            let stands = known.map(|place| self.failed.swap_remove(place)).is_some();
            if matches!(outcome, Outcome::Failed { .. }) {
                // Nobody goes back to an older one.
                self.failed.truncate(7);
                self.failed.insert(0, message.clone());
                self.context.delivery.sign(&target, message, Some(Sign::Failed));
            } else if stands {
                self.context.delivery.unsign(&target, message);
            } else {
                self.context.delivery.sign(&target, message, None);
            }
        }
        if std::mem::take(&mut self.close_after_turn) {
            return self.close_idle_run().await;
        }
        let now = self.context.clock.monotonic();
        let until = self.context.clock.now() + self.idle_time();
        if let Some(run) = &mut self.run {
            run.idle_since = Some(now);
            run.control.taken(run.cursor).await;
            run.control.keep_until(until).await;
            self.context.live.idle(self.conversation.id, now, &self.close_run);
        }
        Ok(())
    }

    /// The assistant does not know the session any more: a fresh one takes the same prompt, once, and says so.
    async fn restart_in_fresh_session(&mut self) -> Result<(), Halt> {
        let Some(old) = self.session.take() else { return Ok(()) };
        let now = self.context.clock.now();
        let fresh = Session {
            id: adjutant_core::id::SessionId::generate(),
            assistant_session_id: None,
            metadata: SessionMetadata { turns: 0, ..old.metadata.clone() },
            predecessor: Some(old.id),
            started_at: now,
            ..old.clone()
        };
        let mut changes = vec![
            Change::EndSession { id: old.id, reason: EndReason::Lost, at: now },
            Change::StartSession(fresh.clone()),
        ];
        changes.extend(self.close_run().await);
        let Work::Turn(turn) = &mut self.work else { return Ok(()) };
        turn.restarted = true;
        turn.draft = None;
        changes.push(Change::EndTurn {
            id: turn.row.id,
            state: TurnState::Failed,
            failure: Some(failure_name(FailureClass::SessionLost)),
            at: now,
        });
        turn.row.id = adjutant_core::id::TurnId::generate();
        turn.row.session = fresh.id;
        let run = adjutant_core::id::RunId::generate();
        turn.row.run = run;
        turn.row.spool_start = adjutant_core::assistant::SpoolOffset::default();
        turn.rows.clear();
        let row = turn.row.clone();
        changes.push(self.new_run(run, &fresh));
        changes.push(Change::StartTurn(row));
        let mut part = Part::text(trouble::session_lost(fresh.assistant));
        part.silent = true;
        let notice = Message::new(&self.conversation, PartKind::Notice, part);
        self.session = Some(fresh.clone());
        outbound::commit(&self.context, self.lane, changes, vec![notice]).await?;
        self.open_and_prompt(run, &fresh).await
    }
}

/// What an interrupted or ended process means, given why it was interrupted.
fn judged(turn: &ActiveTurn, outcome: Outcome) -> Outcome {
    match (turn.stopping.map(|stopping| stopping.why), outcome) {
        (_, Outcome::Completed) => Outcome::Completed,
        (Some(StopReason::Person | StopReason::Unreachable), _) => Outcome::Interrupted,
        (Some(StopReason::Silence(time)), _) => {
            Outcome::Failed { class: FailureClass::Stalled, message: trouble::silence(time) }
        }
        (Some(StopReason::TimeOver(time)), _) => {
            Outcome::Failed { class: FailureClass::Limit, message: trouble::time_over(time) }
        }
        (None, outcome) => outcome,
    }
}

fn notify_last(mut messages: Vec<Message>) -> Vec<Message> {
    if let Some(last) = messages.last_mut() {
        last.notify = true;
    }
    messages
}

fn failure_name(class: FailureClass) -> String {
    match serde_json::to_value(class) {
        Ok(serde_json::Value::String(name)) => name,
        _ => "other".to_owned(),
    }
}
