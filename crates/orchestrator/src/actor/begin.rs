//! A turn starts: its session, its run, their rows in one commit, then the prompt.

use std::path::PathBuf;

use adjutant_core::assistant::{FailureClass, OpenError, OpenRun, Opening, Outcome, SessionSpec, SpoolOffset};
use adjutant_core::codebase::Codebase;
use adjutant_core::id::{RunId, SessionId, TurnId};
use adjutant_core::session::{EndReason, Session, SessionMetadata};
use adjutant_core::turn::{Turn, TurnState};
use adjutant_store::change::Change;
use adjutant_store::record::{Inbound, InboundState, Run};

use super::prepare::Prepared;
use super::turn::ActiveTurn;
use super::work::{Before, Tests};
use super::{Actor, Halt, LiveRun, Place, Work};
use crate::outbound::{self, Message};

impl Actor {
    /// Starts a turn. Its rows and the process come into being side by side; the prompt is given only when the
    /// rows are committed, so a crash in between leaves at most a process that was never told anything.
    pub(super) async fn begin(&mut self, inbound: Inbound, mut prepared: Prepared, place: Place) -> Result<(), Halt> {
        let now = self.context.clock.now();
        let mut changes = Vec::new();
        if prepared.fresh {
            changes.extend(self.replace_session(EndReason::FreshContext).await);
        }
        if self.session.is_none()
            && let Err(error) = self.start_session(&mut changes).await
        {
            return self.failed_in_vain(&inbound, error.to_string()).await;
        }
        if prepared.strange {
            changes.extend(self.take_in_strange(&inbound, &mut prepared).await?);
        }
        let Some(session) = self.session.clone() else { return Ok(()) };
        self.reattach_stored_run(&session).await;
        let reused = self.run.as_ref().filter(|run| run.session == session.id).map(|run| (run.id, run.cursor));
        let (run_id, spool_start) = reused.unwrap_or_else(|| (RunId::generate(), SpoolOffset::default()));
        if reused.is_none() {
            changes.push(self.new_run(run_id, &session));
        }
        let turn = Turn {
            id: TurnId::generate(),
            conversation: self.conversation.id,
            session: session.id,
            run: run_id,
            inbound: inbound.seq,
            command: prepared.command.clone(),
            state: TurnState::Running,
            spool_start,
            started_at: now,
            ended_at: None,
        };
        changes.push(Change::StartTurn(turn.clone()));
        changes.push(Change::SetInbound { seq: inbound.seq, state: InboundState::Running, at: now });
        let notes = self.notes_of(&inbound, &prepared).await?;
        let changes = self.with_pending(changes);
        let committed = outbound::commit(&self.context, self.lane, changes, notes);
        let opened = if reused.is_some() {
            committed.await?;
            None
        } else {
            let (committed, opened) = tokio::join!(committed, self.open(run_id, &session, Opening::Start));
            committed?;
            Some(opened)
        };
        self.set_turn(turn, inbound, prepared, place);
        if let Work::Turn(turn) = &mut self.work {
            turn.reused = reused.is_some();
        }
        self.look_before_turn().await;
        match opened {
            Some(Err(error)) => self.could_not_open(error).await,
            Some(Ok(open)) => {
                self.hold(run_id, &session, open, spool_start);
                self.give_prompt().await
            }
            None => self.give_prompt().await,
        }
    }

    /// What is said as the turn begins.
    async fn notes_of(&self, inbound: &Inbound, prepared: &Prepared) -> Result<Vec<Message>, Halt> {
        let started = self.told_started(inbound).await?;
        let notes = prepared.notes.iter().map(|note| self.answer_to(inbound, note));
        Ok(started.into_iter().chain(notes).collect())
    }

    pub(super) fn set_turn(&mut self, row: Turn, inbound: Inbound, prepared: Prepared, place: Place) {
        let target = self.target();
        if let Some(message) = inbound.message.message.clone() {
            self.context.delivery.sign(&target, message, Some(adjutant_core::platform::Sign::Seen));
        }
        self.context.live.not_idle(self.conversation.id);
        self.context.metrics.turn_started();
        let started = self.context.clock.monotonic();
        let mode = self.conversation.mode.unwrap_or_else(|| self.context.settings.mode(self.conversation.platform));
        self.work = Work::Turn(Box::new(ActiveTurn {
            row,
            inbound,
            steered: Vec::new(),
            title: prepared.title,
            mode,
            reply: self.new_reply(),
            rows: std::collections::BTreeMap::new(),
            draft: None,
            working: self.context.delivery.working(&target),
            visible_since: None,
            started,
            paused: std::time::Duration::ZERO,
            last_heard: started,
            heard: false,
            tools: Vec::new(),
            used_tools: false,
            limit_ends: None,
            handed: Vec::new(),
            tests: Tests::default(),
            before: Before::default(),
            usage: adjutant_core::assistant::Usage::default(),
            model: None,
            stopping: None,
            slot: place.slot,
            directory: place.directory,
            restarted: false,
            reused: false,
            last_tick: started,
            prompt: prepared.text,
        }));
    }

    /// Gives the prompt; a process that went away between two turns is replaced once.
    pub(super) async fn give_prompt(&mut self) -> Result<(), Halt> {
        let until = self.context.clock.now() + self.turn_time();
        let Work::Turn(turn) = &self.work else { return Ok(()) };
        let Some(run) = &self.run else { return Ok(()) };
        match run.control.prompt(turn.row.id, &turn.prompt).await {
            Ok(()) => {
                run.control.keep_until(until).await;
                self.give_steered().await
            }
            Err(gone) => {
                tracing::info!(run = %run.id, "the process is gone, another takes the prompt: {gone}");
                self.move_to_new_run().await
            }
        }
    }

    /// The turn's run never started or is gone before the prompt reached it: another one takes its place.
    pub(super) async fn move_to_new_run(&mut self) -> Result<(), Halt> {
        let Some(session) = self.session.clone() else { return Ok(()) };
        let at = self.context.clock.now();
        let run_id = RunId::generate();
        let mut changes = vec![self.new_run(run_id, &session)];
        if let Some(old) = self.run.take() {
            changes.push(Change::EndRun { id: old.id, at });
        }
        let Work::Turn(turn) = &mut self.work else { return Ok(()) };
        turn.reused = false;
        turn.row.run = run_id;
        turn.row.spool_start = SpoolOffset::default();
        changes.push(Change::MoveTurn { id: turn.row.id, run: run_id, spool_start: SpoolOffset::default() });
        outbound::store(&self.context, self.lane, changes).await?;
        self.open_and_prompt(run_id, &session).await
    }

    /// Opens a fresh run for the turn whose rows are committed, and gives it the prompt.
    pub(super) async fn open_and_prompt(&mut self, run_id: RunId, session: &Session) -> Result<(), Halt> {
        let Work::Turn(turn) = &self.work else { return Ok(()) };
        let (turn_id, prompt) = (turn.row.id, turn.prompt.clone());
        match self.open(run_id, session, Opening::Start).await {
            Ok(open) => {
                let until = self.context.clock.now() + self.turn_time();
                open.control.keep_until(until).await;
                let given = open.control.prompt(turn_id, &prompt).await;
                self.hold(run_id, session, open, SpoolOffset::default());
                if let Err(gone) = given {
                    // Its events say why it ended; the turn ends with them.
                    tracing::warn!(run = %run_id, "the new process did not take the prompt: {gone}");
                }
                self.give_steered().await
            }
            Err(error) => self.could_not_open(error).await,
        }
    }

    async fn could_not_open(&mut self, error: OpenError) -> Result<(), Halt> {
        let (class, message) = match error {
            OpenError::Failed { class, message } => (class, message),
            OpenError::Gone => (FailureClass::Crashed, String::new()),
        };
        // Ending a turn may start another run, which may not open either.
        Box::pin(self.end_turn(Outcome::Failed { class, message })).await
    }

    pub(super) async fn open(&self, run: RunId, session: &Session, opening: Opening) -> Result<OpenRun, OpenError> {
        let Some(assistant) = self.context.assistants.get(session.assistant) else {
            return Err(OpenError::Failed { class: FailureClass::NotInstalled, message: String::new() });
        };
        assistant.open(&self.spec(run, session), opening).await
    }

    fn spec(&self, run: RunId, session: &Session) -> SessionSpec {
        let settings = &self.context.settings;
        let cwd = self.conversation.cwd.clone().unwrap_or_default();
        SessionSpec {
            run,
            system_prompt: crate::system_prompt::addition(
                &self.conversation,
                self.codebase.as_ref(),
                self.context.workspace.branch(std::path::Path::new(&cwd)).as_deref(),
                self.platform.capabilities(&self.conversation.key).attachment_limit,
            ),
            cwd: PathBuf::from(cwd),
            folders: self.upload_folder(),
            resume: session.assistant_session_id.clone(),
            new_session: session.id.0,
            model: self.conversation.model.clone().or_else(|| settings.codebase(self.codebase.as_ref()).model),
            permission_mode: self.permission_mode(session),
            trusted_codebase: self.codebase.as_ref().is_some_and(|codebase: &Codebase| codebase.trusted),
            environment: settings.environment.clone(),
        }
    }

    /// Made before anything is sent, because a program that runs already cannot be told of another folder.
    fn upload_folder(&self) -> Vec<PathBuf> {
        if self.platform.capabilities(&self.conversation.key).download_limit.is_none() {
            return Vec::new();
        }
        match self.context.uploads.make(self.conversation.id) {
            Ok(folder) => vec![folder],
            Err(error) => {
                tracing::warn!(%error, "the folder for uploads cannot be made: {error}");
                Vec::new()
            }
        }
    }

    pub(super) fn hold(&mut self, id: RunId, session: &Session, open: OpenRun, cursor: SpoolOffset) {
        self.stored_run = None;
        self.run = Some(LiveRun {
            id,
            session: session.id,
            assistant: session.assistant,
            control: open.control,
            events: sync_wrapper::SyncStream::new(open.events),
            cursor,
            idle_since: None,
            allows_unasked: false,
        });
    }

    /// A process of this session that an earlier life of the gateway left running is taken over.
    async fn reattach_stored_run(&mut self, session: &Session) {
        let Some((id, from)) = self.stored_run.take() else { return };
        match self.open(id, session, Opening::Attach { from, turn: None }).await {
            Ok(open) => self.hold(id, session, open, from),
            Err(error) => {
                tracing::debug!(run = %id, %error, "the earlier process is gone, a new one resumes its session: {error}");
                let at = self.context.clock.now();
                if let Err(error) = outbound::store(&self.context, self.lane, vec![Change::EndRun { id, at }]).await {
                    tracing::warn!(run = %id, %error, "the end of a run was not recorded: {error}");
                }
            }
        }
    }

    pub(super) fn new_run(&self, id: RunId, session: &Session) -> Change {
        Change::StartRun(Run {
            id,
            conversation: self.conversation.id,
            session: session.id,
            assistant: session.assistant,
            offset: SpoolOffset::default(),
            started_at: self.context.clock.now(),
            ended_at: None,
        })
    }

    /// Ends the session because its successor needs a fresh context, and starts that with the phases of the old one.
    async fn replace_session(&mut self, reason: EndReason) -> Vec<Change> {
        let Some(old) = self.session.take() else { return Vec::new() };
        let now = self.context.clock.now();
        let fresh = Session {
            id: SessionId::generate(),
            conversation: self.conversation.id,
            codebase: self.conversation.codebase,
            assistant: old.assistant,
            assistant_session_id: None,
            active: true,
            metadata: SessionMetadata {
                last_command: None,
                phases: old.metadata.phases,
                // The plan was made by one who had read it.
                tainted: old.metadata.tainted,
                turns: 0,
            },
            predecessor: Some(old.id),
            started_at: now,
            ended_at: None,
            end_reason: None,
        };
        let mut changes = vec![Change::EndSession { id: old.id, reason, at: now }, Change::StartSession(fresh.clone())];
        changes.extend(self.close_run().await);
        self.session = Some(fresh);
        changes
    }

    async fn start_session(&mut self, changes: &mut Vec<Change>) -> Result<(), adjutant_core::error::UserError> {
        let assistant = self.context.assistants.choose(self.conversation.assistant, self.codebase.as_ref()).await?;
        let session = Session {
            id: SessionId::generate(),
            conversation: self.conversation.id,
            codebase: self.conversation.codebase,
            assistant,
            assistant_session_id: None,
            active: true,
            metadata: SessionMetadata::default(),
            predecessor: None,
            started_at: self.context.clock.now(),
            ended_at: None,
            end_reason: None,
        };
        changes.push(Change::StartSession(session.clone()));
        self.session = Some(session);
        Ok(())
    }
}
