//! What the assistant asks, what people answer.

use adjutant_core::approval::{Approval, ApprovalState};
use adjutant_core::assistant::{Answer, PermissionRequest};
use adjutant_core::id::ApprovalId;
use adjutant_core::message::InboundContent;
use adjutant_core::platform::Part;
use adjutant_store::change::Change;
use adjutant_store::record::{Inbound, PartKind};

use super::{Actor, Halt, Work};
use crate::outbound::Message;
use crate::words::{approval as words, question, turn::tool_title};

impl Actor {
    pub(super) async fn on_permission_requested(&mut self, request: PermissionRequest) -> Result<(), Halt> {
        let closed = self.on_paper(|turn, paper| turn.reply.close_part(paper));
        let Work::Turn(turn) = &mut self.work else { return Ok(()) };
        // Others may use the place while a person thinks.
        turn.slot = None;
        turn.visible_since = None;
        let turn_id = turn.row.id;
        let known = self
            .approvals
            .values()
            .find(|approval| approval.turn == turn_id && approval.request.request == request.request)
            .map(|approval| approval.id);
        if let Some(id) = known {
            // Replayed after a restart: the question stands already; an answer that did not arrive is given again.
            self.commit_parts(closed, Vec::new()).await?;
            return self.pass_on(id, &request).await;
        }
        self.ask(request, closed).await
    }

    async fn ask(&mut self, request: PermissionRequest, closed: Vec<crate::reply::FinishedPart>) -> Result<(), Halt> {
        let id = self.context.store.reserve_approval().await?;
        let now = self.context.clock.now();
        let expires_at = now + chrono::Duration::from_std(self.context.settings.watchdogs.approval).unwrap_or_default();
        let Some(run) = &self.run else { return Ok(()) };
        let part = self.question_part(run.assistant, id, &request);
        let message = Message::new(&self.conversation, PartKind::Approval, part);
        run.control.keep_until(expires_at + chrono::Duration::hours(1)).await;
        let run_id = run.id;
        let Work::Turn(turn) = &mut self.work else { return Ok(()) };
        turn.draft = None;
        let approval = Approval {
            id,
            conversation: self.conversation.id,
            turn: turn.row.id,
            run: run_id,
            request,
            state: ApprovalState::Open,
            part: message.id,
            created_at: now,
            expires_at,
            awaits: None,
        };
        let mut messages: Vec<Message> = closed.into_iter().filter_map(|part| self.finished_message(part)).collect();
        messages.push(message);
        self.approvals.insert(id, approval.clone());
        self.context.metrics.approval_asked();
        self.commit(vec![Change::Ask(approval)], messages).await
    }

    /// A person answered, by button or by `/approve` and `/deny`.
    pub(super) async fn answer_approval(
        &mut self,
        inbound: &Inbound,
        id: ApprovalId,
        answer: Answer,
    ) -> Result<(), Halt> {
        let typed = !matches!(inbound.message.content, InboundContent::Button { .. });
        match self.approvals.get(&id).map(|approval| approval.state.clone()) {
            Some(ApprovalState::Open) => {}
            Some(state) => return self.late_answer(inbound, &state).await,
            None => {
                let earlier = self.context.store.find_approval(id).await?;
                return match earlier.filter(|approval| approval.conversation == self.conversation.id) {
                    Some(approval) => self.late_answer(inbound, &approval.state).await,
                    None => {
                        let notice = self.answer_to(inbound, words::unknown(id));
                        self.done(inbound, Vec::new(), vec![notice]).await
                    }
                };
            }
        }
        if !matches!(answer, Answer::Chosen { .. } | Answer::Deny { .. }) && self.has_choices(id) {
            let usage = self.platform.spell_command(&format!("answer {id}"));
            let notice = self.answer_to(inbound, question::needs_choice(&usage));
            return self.done(inbound, Vec::new(), vec![notice]).await;
        }
        let by = inbound.message.sender.name.clone();
        let state = ApprovalState::Answered { answer, by, at: self.context.clock.now() };
        let Some((settle, mut shown, request)) = self.settle(id, state.clone()).await? else { return Ok(()) };
        let mut changes = vec![settle];
        if !typed && let Some(pressed) = inbound.message.message.clone() {
            // Where a crash cut off the sending of the question, the press is what tells us its message.
            changes.push(Change::Shown { id: shown.id, message: pressed.clone() });
            shown.message = Some(pressed);
        }
        let mut messages = vec![shown];
        if typed {
            let title = tool_title(&request.title);
            messages.push(self.answer_to(inbound, words::settled(self.assistant_kind(), &title, &state)));
        }
        self.done(inbound, changes, messages).await?;
        self.pass_on(id, &request).await
    }

    pub(super) async fn late_answer(&mut self, inbound: &Inbound, state: &ApprovalState) -> Result<(), Halt> {
        let notice = self.answer_to(inbound, words::already(state));
        self.done(inbound, Vec::new(), vec![notice]).await
    }

    /// The changes and the edited message that settle an approval; the request as it was, to answer it with.
    async fn settle(
        &mut self,
        id: ApprovalId,
        state: ApprovalState,
    ) -> Result<Option<(Change, Message, PermissionRequest)>, Halt> {
        let assistant = self.assistant_kind();
        let conversation = self.conversation.clone();
        let revision = self.next_revision(id).await?;
        let Some(approval) = self.approvals.get_mut(&id) else { return Ok(None) };
        let title = tool_title(&approval.request.title);
        let mut message =
            Message::new(&conversation, PartKind::Approval, Part::text(words::settled(assistant, &title, &state)));
        message.id = approval.part;
        message.revision = revision;
        approval.state = state.clone();
        approval.awaits = None;
        Ok(Some((Change::Settle { id, state }, message, approval.request.clone())))
    }

    /// Gives the answer to the assistant, if there is one. Writing it twice does no harm.
    async fn pass_on(&mut self, id: ApprovalId, request: &PermissionRequest) -> Result<(), Halt> {
        let Some(answer) = self.approvals.get(&id).and_then(|approval| approval.state.answer()) else { return Ok(()) };
        let until = self.context.clock.now() + self.turn_time();
        let now = self.context.clock.monotonic();
        if let Work::Turn(turn) = &mut self.work {
            turn.paused += now.saturating_duration_since(turn.last_heard);
            turn.last_heard = now;
            turn.slot = turn.slot.take().or_else(|| self.context.slots.take_now());
            if matches!(answer, Answer::Deny { .. }) {
                turn.tests.not_run();
            }
        }
        let Some(run) = &mut self.run else { return Ok(()) };
        run.allows_unasked |= answer == Answer::AllowSession;
        if let Err(gone) = run.control.answer(id, request, &answer).await {
            tracing::info!(approval = %id, "the answer to approval {id} found nobody: {gone}");
            return Ok(());
        }
        run.control.keep_until(until).await;
        Ok(())
    }

    pub(super) async fn on_permission_withdrawn(&mut self, request: &str) -> Result<(), Halt> {
        let open = self
            .approvals
            .values()
            .find(|approval| approval.request.request == request && approval.state == ApprovalState::Open)
            .map(|approval| approval.id);
        match open {
            Some(id) => self.close_approval(id, ApprovalState::Withdrawn).await,
            None => Ok(()),
        }
    }

    /// Ends an approval that no person answered.
    pub(super) async fn close_approval(&mut self, id: ApprovalId, state: ApprovalState) -> Result<(), Halt> {
        let Some((settle, shown, request)) = self.settle(id, state).await? else { return Ok(()) };
        self.commit(vec![settle], vec![shown]).await?;
        self.pass_on(id, &request).await
    }

    /// The turn has ended: nobody waits for its questions any more.
    pub(super) async fn withdraw_approvals(&mut self) -> Result<(), Halt> {
        let open: Vec<ApprovalId> = self
            .approvals
            .values()
            .filter(|approval| approval.state == ApprovalState::Open)
            .map(|approval| approval.id)
            .collect();
        for id in open {
            self.close_approval(id, ApprovalState::Withdrawn).await?;
        }
        self.approvals.clear();
        Ok(())
    }

    pub(super) fn has_open_approval(&self) -> bool {
        self.approvals.values().any(|approval| approval.state == ApprovalState::Open)
    }

    pub(super) fn assistant_kind(&self) -> adjutant_core::kind::AssistantKind {
        self.run
            .as_ref()
            .map(|run| run.assistant)
            .or_else(|| self.session.as_ref().map(|session| session.assistant))
            .unwrap_or(adjutant_core::kind::AssistantKind::ALL[0])
    }
}
