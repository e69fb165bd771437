//! What a command changes, committed together with what it says.

use adjutant_core::codebase::Codebase;
use adjutant_core::id::CodebaseId;
use adjutant_core::platform::Part;
use adjutant_core::session::EndReason;
use adjutant_store::change::Change;
use adjutant_store::record::{Inbound, PartKind};
use adjutant_store::store::CodebaseLookup;
use futures_util::FutureExt;

use super::offer::Which;
use super::turn::{StopReason, Stopping};
use super::{Actor, Ending, Halt, Work};
use crate::binding;
use crate::commands::{Action, Outcome, Steered};
use crate::outbound::Message;

impl Actor {
    pub(super) async fn apply(&mut self, inbound: &Inbound, outcome: Outcome) -> Result<(), Halt> {
        let mut changes = Vec::new();
        let mut dropped = None;
        let mut stop = false;
        // A codebase that is made in the same commit is not in the store yet.
        let pending = outcome.actions.iter().find_map(|action| match action {
            Action::PutCodebase(codebase) => Some(codebase.clone()),
            _ => None,
        });
        for action in outcome.actions {
            match action {
                Action::Enqueue => return self.admit(inbound.clone()).await,
                Action::Steer(Steered::This) => return self.steer_this(inbound.clone()).await,
                Action::Steer(Steered::Newest) => return self.steer_newest(inbound).await,
                Action::Answer { approval, answer } => {
                    return self.answer_approval(inbound, approval, answer).await;
                }
                Action::Forget(what) => return self.forget(inbound, what).await,
                Action::Say { approval, text } => return self.answer_in_words(inbound, approval, &text).await,
                Action::TryAgain => return self.try_again(inbound, Which::Newest).await,
                Action::Lift(lifted) => return self.lift(inbound, lifted).await,
                Action::StopTurn => stop = true,
                Action::ClearQueue => {
                    dropped = self.told_held_dropped().await?;
                    changes.extend(self.clear_line());
                    changes.push(Change::ForgetOffers { conversation: self.conversation.id });
                }
                Action::StartBeside => self.stop_waiting_for_directory(),
                other => changes.extend(self.apply_action(other, pending.as_ref()).await?),
            }
        }
        let reply: Vec<Message> = outcome
            .reply
            .map(|answered| {
                let mut message = self.answer_to(inbound, answered.text);
                message.part.buttons = if answered.buttons.is_empty() { Vec::new() } else { vec![answered.buttons] };
                message
            })
            .into_iter()
            .chain(outcome.file.map(|(file, caption)| {
                Message::new(&self.conversation, PartKind::Notice, Part::attached(file, caption))
            }))
            .chain(dropped)
            .collect();
        self.done(inbound, changes, reply).await?;
        if stop { self.stop_turn(StopReason::Person).await } else { Ok(()) }
    }

    async fn apply_action(&mut self, action: Action, pending: Option<&Codebase>) -> Result<Vec<Change>, Halt> {
        let conversation = self.conversation.id;
        Ok(match action {
            Action::PutCodebase(codebase) => {
                if self.codebase.as_ref().is_some_and(|known| known.id == codebase.id) {
                    self.hold_codebase(Some(codebase.clone()));
                }
                vec![Change::PutCodebase(codebase)]
            }
            Action::DropCodebase(id) => {
                if self.conversation.codebase == Some(id) {
                    self.hold_codebase(None);
                    self.conversation.codebase = None;
                    self.conversation.cwd = None;
                }
                vec![Change::DropCodebase { id }]
            }
            Action::Bind { codebase, cwd } => {
                self.conversation.codebase = codebase;
                self.conversation.cwd.clone_from(&cwd);
                let known = match codebase {
                    Some(id) => self.known_codebase(id, pending).await?,
                    None => None,
                };
                self.hold_codebase(known);
                vec![Change::Bind { conversation, codebase, cwd }]
            }
            Action::EndSession(reason) => self.end_session(reason).await,
            Action::ResumeSession(session) => {
                let id = session.id;
                self.announced_model = None;
                self.session = Some(*session);
                vec![Change::ResumeSession { id }]
            }
            Action::ChooseAssistant(assistant) => {
                self.conversation.assistant = Some(assistant);
                // A model is one of an assistant's own.
                self.conversation.model = None;
                let mut changes = self.lifted_for(assistant);
                changes.push(Change::ChooseAssistant { conversation, assistant: Some(assistant) });
                changes.push(Change::ChooseModel { conversation, model: None });
                changes
            }
            Action::ChooseModel(model) => self.choose_model(model).await,
            Action::ChooseMode(mode) => {
                self.conversation.mode = Some(mode);
                vec![Change::ChooseMode { conversation, mode: Some(mode) }]
            }
            Action::StopTurn
            | Action::ClearQueue
            | Action::StartBeside
            | Action::Enqueue
            | Action::Steer(_)
            | Action::Forget(_)
            | Action::Lift(_)
            | Action::TryAgain
            | Action::Answer { .. }
            | Action::Say { .. } => Vec::new(),
        })
    }

    async fn known_codebase(&self, id: CodebaseId, pending: Option<&Codebase>) -> Result<Option<Codebase>, Halt> {
        if let Some(codebase) = pending.or(self.codebase.as_ref()).filter(|codebase| codebase.id == id) {
            return Ok(Some(codebase.clone()));
        }
        Ok(self.context.store.find_codebase(CodebaseLookup::Id(id)).await?)
    }

    /// The session stays; its process goes, because the next one is started with the model.
    async fn choose_model(&mut self, model: Option<String>) -> Vec<Change> {
        self.conversation.model.clone_from(&model);
        self.announced_model = None;
        let mut changes = vec![Change::ChooseModel { conversation: self.conversation.id, model }];
        if matches!(self.work, Work::Turn(_)) {
            self.close_after_turn = true;
        } else {
            changes.extend(self.close_run().await);
        }
        changes
    }

    /// Ends the active session and its process. A running turn keeps its process until it has stopped.
    async fn end_session(&mut self, reason: EndReason) -> Vec<Change> {
        let Some(session) = self.session.take() else { return Vec::new() };
        self.announced_model = None;
        let mut changes = vec![Change::EndSession { id: session.id, reason, at: self.context.clock.now() }];
        if matches!(self.work, Work::Turn(_)) {
            self.close_after_turn = true;
        } else {
            changes.extend(self.close_run().await);
        }
        changes
    }

    /// The session's process is not needed any more. It is ended once that is committed: a gateway that dies in
    /// between must not find a run in its rows that is just ending.
    pub(super) async fn close_run(&mut self) -> Vec<Change> {
        self.context.live.not_idle(self.conversation.id);
        let at = self.context.clock.now();
        if let Some(run) = self.run.take() {
            self.endings.push(Ending::Held(run.control));
            return vec![Change::EndRun { id: run.id, at }];
        }
        let Some((id, _)) = self.stored_run.take() else { return Vec::new() };
        let assistant = self.session.as_ref().and_then(|session| self.context.assistants.get(session.assistant));
        self.endings.extend(assistant.map(|assistant| Ending::Stored(std::sync::Arc::clone(assistant), id)));
        vec![Change::EndRun { id, at }]
    }

    /// Ends what was closed, without making anybody wait for it.
    pub(super) fn end_closed_runs(&mut self) {
        for ending in self.endings.drain(..) {
            tokio::spawn(async move {
                match ending {
                    Ending::Held(control) => control.end().await,
                    Ending::Stored(assistant, id) => {
                        if let Err(error) = assistant.end(id).await {
                            tracing::warn!(run = %id, %error, "a process that is not needed any more did not end: {error}");
                        }
                    }
                }
            });
        }
    }

    /// Binds the conversation outside a command: the default codebase of a first message.
    pub(super) fn bind_now(&mut self, found: binding::Found) {
        let codebase = found.codebase;
        self.later(Change::Bind {
            conversation: self.conversation.id,
            codebase: Some(codebase.id),
            cwd: Some(codebase.default_cwd.clone()),
        });
        self.conversation.codebase = Some(codebase.id);
        self.conversation.cwd = Some(codebase.default_cwd.clone());
        self.hold_codebase(Some(codebase));
    }

    /// Asks the running turn to end. Its own reply says so once nothing of it lives.
    pub(super) async fn stop_turn(&mut self, why: StopReason) -> Result<(), Halt> {
        let now = self.context.clock.monotonic();
        match &mut self.work {
            Work::Turn(turn) => {
                if turn.stopping.is_some() {
                    return Ok(());
                }
                turn.stopping = Some(Stopping { since: now, why, ended: false });
                let id = turn.row.id;
                let Some(run) = &self.run else { return Ok(()) };
                let control = std::sync::Arc::clone(&run.control);
                let mut interrupting = Box::pin(async move {
                    if let Err(gone) = control.interrupt(id).await {
                        tracing::info!(turn = %id, "nothing to interrupt: {gone}");
                    }
                });
                // It is on its way to the runner at once. That takes as long as the assistant reads nothing, and the
                // watchdog, which ends such an assistant, is this task's as well.
                if (&mut interrupting).now_or_never().is_none() {
                    tokio::spawn(interrupting);
                }
                Ok(())
            }
            Work::Command(_) => {
                let Work::Command(command) = std::mem::replace(&mut self.work, Work::Idle) else { return Ok(()) };
                self.growing = command.shown.as_ref().map(|(id, _)| *id);
                let stopped = self.answer_to(&command.inbound, crate::words::turn::command_stopped());
                self.growing = None;
                self.done(&command.inbound, Vec::new(), vec![stopped]).await
            }
            Work::Idle | Work::Waiting { .. } => Ok(()),
        }
    }
}
