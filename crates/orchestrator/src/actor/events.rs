//! What an assistant says, folded into the turn.

use adjutant_core::assistant::{AssistantEvent, FailureClass, Notice, OpenError, Outcome, RunEvent, Usage};
use adjutant_core::conversation::ReplyMode;
use adjutant_store::change::Change;

use super::turn::ActiveTurn;
use super::work::ToolEnd;
use super::{Actor, Halt, LiveRun, Work};
use crate::outbound;
use crate::words::turn as words;

impl Actor {
    pub(super) async fn on_event(&mut self, event: RunEvent) -> Result<(), Halt> {
        let now = self.context.clock.monotonic();
        if let Some(run) = &mut self.run {
            run.cursor = event.after;
        }
        if let Work::Turn(turn) = &mut self.work {
            turn.last_heard = now;
            turn.heard |= !matches!(event.event, AssistantEvent::TurnEnded(_) | AssistantEvent::Exited { .. });
        }
        match event.event {
            AssistantEvent::TextDelta(text) => self.on_delta(&text),
            AssistantEvent::TextBlock(text) => self.on_block(text).await?,
            AssistantEvent::TextAbandoned => self.on_abandoned(),
            AssistantEvent::Thinking => {}
            AssistantEvent::ToolStarted { id, title } => {
                self.look_before();
                self.on_tool(|turn| {
                    turn.used_tools = true;
                    turn.tests.started(&id, &title);
                    turn.tools.push((id, title));
                });
            }
            AssistantEvent::ToolFinished { id, failed } => {
                let end = if failed { ToolEnd::Failure } else { ToolEnd::Success };
                self.on_tool(|turn| {
                    turn.tests.finished(&id, end);
                    turn.tools.retain(|(known, _)| *known != id);
                });
            }
            AssistantEvent::SessionStarted { id, model } => self.on_session_started(id, model),
            AssistantEvent::PermissionRequested(request) => self.on_permission_requested(request).await?,
            AssistantEvent::PermissionWithdrawn { request } => self.on_permission_withdrawn(&request).await?,
            AssistantEvent::Usage(usage) => self.on_usage(usage),
            AssistantEvent::Limit { reached, resets_at } => {
                tracing::info!(reached, ?resets_at, "the provider reports its limit");
                if let Work::Turn(turn) = &mut self.work
                    && reached
                {
                    turn.limit_ends = resets_at;
                }
            }
            AssistantEvent::Notice(notice) => self.on_notice(&notice).await?,
            AssistantEvent::TurnEnded(outcome) => self.end_turn(outcome).await?,
            AssistantEvent::Exited { description } => self.on_exited(&description).await?,
        }
        Ok(())
    }

    fn on_delta(&mut self, text: &str) {
        self.context.metrics.chunk();
        let now = self.context.clock.monotonic();
        let Work::Turn(turn) = &mut self.work else { return };
        if turn.mode == ReplyMode::Batch {
            return;
        }
        if let Some(draft) = &turn.draft {
            if turn.reply.begins_paragraph() {
                draft.push("\n\n");
            }
            draft.push(text);
        }
        turn.reply.delta(text);
        turn.visible_since.get_or_insert(now);
    }

    async fn on_block(&mut self, text: String) -> Result<(), Halt> {
        let now = self.context.clock.monotonic();
        let text = self.take_handed(text);
        let finished = self.on_paper(|turn, paper| {
            let batch = turn.mode == ReplyMode::Batch;
            turn.reply.block(text, (!batch).then_some(paper))
        });
        let Work::Turn(turn) = &mut self.work else { return Ok(()) };
        if turn.mode != ReplyMode::Batch {
            turn.visible_since.get_or_insert(now);
        }
        if finished.is_empty() {
            if let Some(draft) = &turn.draft {
                draft.replace(turn.reply.preview(""));
            }
            return Ok(());
        }
        turn.visible_since = Some(now);
        self.commit_parts(finished, Vec::new()).await
    }

    fn on_abandoned(&mut self) {
        let Work::Turn(turn) = &mut self.work else { return };
        turn.reply.abandon();
        if let Some(draft) = &turn.draft {
            draft.replace(turn.reply.preview(""));
        }
    }

    fn on_tool(&mut self, change: impl FnOnce(&mut ActiveTurn)) {
        let now = self.context.clock.monotonic();
        let Work::Turn(turn) = &mut self.work else { return };
        change(turn);
        if turn.mode == ReplyMode::Stream {
            turn.visible_since.get_or_insert(now);
        }
        if let Some(draft) = &turn.draft {
            draft.status(turn.status_line(now));
        }
    }

    /// Stored with the next commit; until then the spool announces it again after a restart.
    fn on_session_started(&mut self, id: String, model: Option<String>) {
        self.announced_model.clone_from(&model);
        if let Work::Turn(turn) = &mut self.work {
            turn.model = model.or(turn.model.take());
        }
        let Some(session) = &mut self.session else { return };
        if session.assistant_session_id.as_deref() == Some(id.as_str()) {
            return;
        }
        session.assistant_session_id = Some(id.clone());
        let announce = Change::AnnounceSession { id: session.id, assistant_session_id: id };
        self.later(announce);
    }

    fn on_usage(&mut self, usage: Usage) {
        let Work::Turn(turn) = &mut self.work else { return };
        turn.usage = Usage {
            input_tokens: add(turn.usage.input_tokens, usage.input_tokens),
            output_tokens: add(turn.usage.output_tokens, usage.output_tokens),
            cost_usd: match (turn.usage.cost_usd, usage.cost_usd) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            },
        };
    }

    async fn on_notice(&mut self, notice: &Notice) -> Result<(), Halt> {
        tracing::info!(?notice, "the assistant's codec remarks");
        let Some(assistant) = self.run.as_ref().map(|run| run.assistant) else { return Ok(()) };
        let Some(text) = words::notice(assistant, notice) else { return Ok(()) };
        // While a turn runs a remark would only be noise between its parts; words the assistant says by itself
        // after a turn are the exception.
        match (&self.work, notice) {
            (Work::Turn(_), Notice::Said(_)) | (_, Notice::LineCut) => self.on_block(text).await,
            (_, Notice::Said(_)) => self.commit(Vec::new(), vec![self.notice(text)]).await,
            _ => Ok(()),
        }
    }

    /// The process has ended in order; its turn, if one ran, has ended before.
    async fn on_exited(&mut self, description: &str) -> Result<(), Halt> {
        tracing::debug!("the assistant's process has ended: {description}");
        if matches!(self.work, Work::Turn(_)) {
            self.end_turn(Outcome::Failed { class: FailureClass::Crashed, message: String::new() }).await?;
        }
        self.forget_run().await
    }

    /// The connection to the runner broke without an end: attach again, once per break.
    pub(super) async fn on_run_lost(&mut self) -> Result<(), Halt> {
        let Some(run) = self.run.take() else { return Ok(()) };
        let turn = match &self.work {
            Work::Turn(turn) => Some(turn.row.id),
            _ => None,
        };
        let opening = adjutant_core::assistant::Opening::Attach { from: run.cursor, turn };
        let again = match self.session.clone().filter(|session| session.id == run.session) {
            Some(session) => self.open(run.id, &session, opening).await.map(|open| (session, open)),
            // The session was ended while its turn was being stopped: there is nothing to go on with.
            None => Err(OpenError::Gone),
        };
        match again {
            Ok((session, open)) => {
                self.hold(run.id, &session, open, run.cursor);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(run = %run.id, %error, "the runner is gone: {error}");
                self.run = Some(run);
                if turn.is_some() {
                    let outcome = Outcome::Failed { class: FailureClass::Crashed, message: String::new() };
                    self.end_turn(outcome).await?;
                }
                self.forget_run().await
            }
        }
    }

    /// Records that the run has ended.
    pub(super) async fn forget_run(&mut self) -> Result<(), Halt> {
        self.context.live.not_idle(self.conversation.id);
        let Some(LiveRun { id, control, cursor, .. }) = self.run.take() else { return Ok(()) };
        control.taken(cursor).await;
        let at = self.context.clock.now();
        Ok(outbound::store(&self.context, self.lane, vec![Change::EndRun { id, at }]).await?)
    }
}

fn add(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}
