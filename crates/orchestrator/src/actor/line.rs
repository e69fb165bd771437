//! The prompts and waiting commands of a conversation, and what is next.

use std::sync::Arc;

use adjutant_core::assistant::Steering;
use adjutant_core::id::InboundSeq;
use adjutant_core::platform::{Button, Part, Preview};
use adjutant_store::change::Change;
use adjutant_store::record::{Inbound, InboundState, PartKind, PartState};
use futures_util::future::BoxFuture;
use sync_wrapper::SyncFuture;
use tokio::sync::mpsc;

use super::receive::text_of;
use super::steer::is_plain;
use super::{Actor, Halt, RunningCommand, Work, told};
use crate::buttons;
use crate::commands::{self, Command};
use crate::delivery::OpenPart;
use crate::language::parse::{self, Input};
use crate::outbound::{self, Message};
use crate::words::{steer as steer_words, turn as words};

impl Actor {
    /// Puts a prompt or a waiting command in line; says its place unless it is next at once.
    pub(super) async fn admit(&mut self, inbound: Inbound) -> Result<(), Halt> {
        let is_next = matches!(self.work, Work::Idle) && self.line.is_empty();
        // Found queued after a restart: the person knows its place already.
        if is_next || inbound.state == InboundState::Queued {
            self.line.push_back(inbound);
            return Ok(());
        }
        if self.line.len() >= self.context.settings.queue_limit {
            let clear = self.platform.spell_command("queue clear");
            let refused = self.answer_to(&inbound, words::queue_full(self.line.len(), &clear));
            return self.done(&inbound, Vec::new(), vec![refused]).await;
        }
        if let Some(notice) = self.behind_limit(&inbound).await? {
            return self.put_in_line(inbound, notice).await;
        }
        let place = self.line.len() + 1;
        let (steer, stop) = (self.platform.spell_command("steer"), self.platform.spell_command("stop"));
        let may_steer = is_plain(&inbound) && !self.would_lower(&inbound);
        let steering = if may_steer { self.can_steer() } else { Steering::TurnEnded };
        let text = match steering {
            Steering::Possible => words::queued_or_steered(place, &steer, &stop),
            Steering::TurnEnded | Steering::NotSupported => words::queued(place, &stop),
        };
        let mut notice = self.answer_to(&inbound, text);
        notice.part.buttons = vec![queue_buttons(&inbound, steering)];
        self.put_in_line(inbound, notice).await
    }

    /// It waits, and the person is told so.
    pub(super) async fn put_in_line(&mut self, mut inbound: Inbound, notice: Message) -> Result<(), Halt> {
        let queued = Change::SetInbound { seq: inbound.seq, state: InboundState::Queued, at: self.context.clock.now() };
        let told = told::tell(&mut inbound, &notice);
        self.commit(vec![queued, told], vec![notice]).await?;
        self.line.push_back(inbound);
        Ok(())
    }

    /// Starts what is first in line.
    pub(super) async fn start_next(&mut self) -> Result<(), Halt> {
        let Some(inbound) = self.line.pop_front() else { return Ok(()) };
        if let Input::Command { name, rest } = parse::parse(text_of(&inbound))
            && let Some(command) = commands::find(&name)
            && !command.is_prompt()
        {
            return self.start_command(inbound, command, rest).await;
        }
        match self.prepare(&inbound).await {
            Ok(prepared) => self.begin_in_place(inbound, prepared).await,
            Err(error) => self.command_failed(&inbound, error).await,
        }
    }

    /// Runs a command beside the actor, which goes on listening; its progress is a message that grows.
    pub(super) async fn start_command(
        &mut self,
        inbound: Inbound,
        command: &'static dyn Command,
        rest: String,
    ) -> Result<(), Halt> {
        self.refresh_codebase().await?;
        let mut call = self.call(&inbound);
        let (report, reports) = mpsc::unbounded_channel();
        call.progress = Arc::new(move |text| {
            // Nobody listens any more once the command was stopped.
            let _ = report.send(text);
        });
        let job = SyncFuture::new(Box::pin(async move { command.run(&call, &rest).await }) as BoxFuture<'static, _>);
        let working = self.context.delivery.working(&self.target());
        self.work = Work::Command(Box::new(RunningCommand { inbound, job, reports, shown: None, _working: working }));
        Ok(())
    }

    /// A command says how far it is: a message that grows and becomes its reply.
    pub(super) async fn on_progress(&mut self, text: String) -> Result<(), Halt> {
        let mut message = Message::new(&self.conversation, PartKind::Notice, Part::text(""));
        let Work::Command(command) = &mut self.work else { return Ok(()) };
        if let Some((_, draft)) = &command.shown {
            draft.replace(text);
            return Ok(());
        }
        if self.platform.capabilities(&self.conversation.key).preview == Preview::None {
            return Ok(());
        }
        message.part.reply_to = command.inbound.message.message.clone();
        let put = message.put(&self.context, PartState::Open);
        outbound::store(&self.context, self.lane, vec![put]).await?;
        let open = OpenPart {
            id: message.id,
            to: message.to.clone(),
            lane: Some(self.lane),
            part: message.part.clone(),
            message: None,
        };
        let draft = self.context.delivery.preview(open);
        draft.replace(text);
        command.shown = Some((message.id, draft));
        Ok(())
    }

    /// Takes one message out of the line.
    pub(super) async fn drop_waiting(&mut self, press: &Inbound, message: InboundSeq) -> Result<(), Halt> {
        if matches!(&self.work, Work::Waiting { inbound, .. } if inbound.seq == message) {
            self.stand_back();
        }
        let place = self.line.iter().position(|waiting| waiting.seq == message);
        let Some(dropped) = place.and_then(|place| self.line.remove(place)) else {
            let notice = self.answer_to(press, steer_words::not_waiting());
            return self.done(press, Vec::new(), vec![notice]).await;
        };
        let at = self.context.clock.now();
        let change = Change::SetInbound { seq: dropped.seq, state: InboundState::Done, at };
        let notice = self.in_its_place(press, &dropped, words::dropped(text_of(&dropped))).await?;
        self.done(press, vec![change], vec![notice]).await
    }

    /// Drops everything that waits, with its rows.
    pub(super) fn clear_line(&mut self) -> Vec<Change> {
        let at = self.context.clock.now();
        let mut dropped: Vec<Inbound> = self.line.drain(..).collect();
        if matches!(self.work, Work::Waiting { .. })
            && let Work::Waiting { inbound, .. } = std::mem::replace(&mut self.work, Work::Idle)
        {
            dropped.push(*inbound);
        }
        dropped
            .into_iter()
            .map(|inbound| Change::SetInbound { seq: inbound.seq, state: InboundState::Done, at })
            .collect()
    }
}

fn queue_buttons(inbound: &Inbound, steering: Steering) -> Vec<Button> {
    let steer = Button { label: steer_words::button(), token: buttons::steer(inbound.seq) };
    let stop = Button { label: words::stop_button(), token: buttons::command("stop") };
    if steering == Steering::Possible { vec![steer, stop] } else { vec![stop] }
}
