//! What a message means: a prompt, a command, a button.

use std::sync::Arc;

use adjutant_core::message::InboundContent;
use adjutant_core::platform::{Hearing, Part};
use adjutant_store::change::Change;
use adjutant_store::record::{Inbound, InboundState, PartKind};

use super::offer::Which;
use super::{Actor, Halt, Work};
use crate::buttons::{self, Press};
use crate::commands::{self, Call, Command, CommandError, Outcome, TurnView, command_invoke};
use crate::language::parse::{self, Input};
use crate::outbound::Message;
use crate::registry;
use crate::words::{access, codebase as codebase_words, one_line, trouble, turn as turn_words};

impl Actor {
    /// Looks at everything received, in order, and starts what is next.
    pub(super) async fn catch_up(&mut self) -> Result<(), Halt> {
        loop {
            if let Some((_, inbound)) = self.inbox.pop_first() {
                self.receive(inbound).await?;
            } else if matches!(self.work, Work::Idle)
                && !self.line.is_empty()
                && self.away_since.is_none()
                && !self.is_held()
            {
                self.start_next().await?;
            } else {
                return Ok(());
            }
        }
    }

    async fn receive(&mut self, inbound: Inbound) -> Result<(), Halt> {
        // Checked at intake and again here: somebody may have been taken off the list in between.
        let open_to_all = inbound.message.content.is_of_platform();
        if !open_to_all && !self.context.people.allows(inbound.message.platform, &inbound.message.sender) {
            return self.done(&inbound, Vec::new(), Vec::new()).await;
        }
        if self.ends_absence(&inbound) {
            self.on_back().await?;
        } else if self.away_since.is_none() {
            // Should delivery know of an absence that was never recorded, this ends it.
            self.context.delivery.take_back(&self.target());
        }
        match inbound.message.content.clone() {
            InboundContent::Text { text, .. } => self.receive_text(inbound, &text).await,
            InboundContent::Edited { text } => self.on_edited(&inbound, &text).await,
            InboundContent::Button { token } => self.receive_press(inbound, &token).await,
            InboundContent::Stop => self.receive_command(inbound, &commands::STOP, "").await,
            InboundContent::Unsupported { what } => {
                let notice = self.answer_to(&inbound, access::unsupported(&what));
                self.done(&inbound, Vec::new(), vec![notice]).await
            }
            InboundContent::Moved { to } => {
                let changes = vec![Change::Rekey { conversation: self.conversation.id, key: to.clone() }];
                self.done(&inbound, changes, Vec::new()).await?;
                self.on_moved(to);
                Ok(())
            }
            InboundContent::Closed => {
                self.done(&inbound, Vec::new(), Vec::new()).await?;
                self.on_gone().await
            }
            InboundContent::Opened => self.done(&inbound, Vec::new(), Vec::new()).await,
        }
    }

    async fn receive_text(&mut self, inbound: Inbound, text: &str) -> Result<(), Halt> {
        let input = parse::parse(text);
        if matches!(input, Input::Command { .. }) {
            self.refresh_codebase().await?;
        }
        match input {
            // What waits in line already was written before anybody was asked.
            Input::Prompt(text)
                if !text.trim().is_empty() && inbound.state != InboundState::Queued && self.awaits(&inbound) =>
            {
                self.take_awaited(&inbound, text.trim()).await
            }
            Input::Prompt(text) if text.trim().is_empty() && !has_more(&inbound) => {
                let notice = self.answer_to(&inbound, turn_words::nothing_said());
                self.done(&inbound, Vec::new(), vec![notice]).await
            }
            Input::Prompt(_) => self.admit(inbound).await,
            Input::Command { name, rest } => match commands::find(&name) {
                Some(command) if command.name() == command_invoke::NAME => self.admit_invocation(inbound, &rest).await,
                Some(command) if command.decides_place(&rest) && self.waits_for_directory() => {
                    self.go_first(inbound, command, &rest).await
                }
                Some(command) if command.decides_who() && matches!(self.work, Work::Idle) && self.is_held() => {
                    self.receive_command(inbound, command, &rest).await
                }
                Some(command) if command.waits() && !command.is_quick(&rest) => self.admit(inbound).await,
                Some(command) => self.receive_command(inbound, command, &rest).await,
                None => self.receive_verb(inbound, &name).await,
            },
        }
    }

    /// `/plan x` is `/command-invoke plan x` where the codebase has such a command.
    async fn receive_verb(&mut self, inbound: Inbound, name: &str) -> Result<(), Halt> {
        let known = self.codebase.as_ref().is_some_and(|codebase| registry::find(&codebase.commands, name).is_some());
        if known || !self.line.is_empty() {
            return self.admit(inbound).await;
        }
        let call = self.call(&inbound);
        if self.is_for_all(&inbound) && codebase_words::near_slash(&call, name).is_none() {
            return self.done(&inbound, Vec::new(), Vec::new()).await;
        }
        let error = codebase_words::unknown_slash(&call, name);
        let notice = self.answer_to(&inbound, error.to_string());
        self.done(&inbound, Vec::new(), vec![notice]).await
    }

    /// Whether a command was called into a room where others listen, too, without a name: it may be another one's.
    fn is_for_all(&self, inbound: &Inbound) -> bool {
        let hearing = self.platform.hearing(&self.conversation.key);
        let named = text_of(inbound).split_whitespace().next().is_some_and(|token| token.contains('@'));
        matches!(hearing, Hearing::Addressed { .. }) && !named
    }

    /// An invocation that cannot work is refused at once, unless something in line may still change the codebase.
    async fn admit_invocation(&mut self, inbound: Inbound, rest: &str) -> Result<(), Halt> {
        if self.line.is_empty() {
            let call = self.call(&inbound);
            if let Err(error) = commands::INVOKE.run(&call, rest).await {
                return self.command_failed(&inbound, error).await;
            }
        }
        self.admit(inbound).await
    }

    async fn receive_press(&mut self, inbound: Inbound, token: &str) -> Result<(), Halt> {
        self.acknowledge(&inbound);
        match buttons::parse(token) {
            Some(Press::Approval { id, answer }) => self.answer_approval(&inbound, id, answer).await,
            Some(Press::DenyWhy { id }) => self.await_reason(&inbound, id).await,
            Some(Press::Pick { id, question, pick }) => self.on_pick(&inbound, (id, question), pick).await,
            Some(Press::Steer { message }) => self.steer_waiting(&inbound, message).await,
            Some(Press::Again { message }) => self.try_again(&inbound, Which::Message(message)).await,
            Some(Press::Drop { message }) => self.drop_waiting(&inbound, message).await,
            Some(Press::Command { text }) => {
                let (name, rest) = text.split_once(' ').unwrap_or((text.as_str(), ""));
                match commands::find(name) {
                    Some(command)
                        if command.decides_place(rest) && matches!(self.work, Work::Idle | Work::Waiting { .. }) =>
                    {
                        self.go_first(inbound, command, rest).await
                    }
                    Some(command) => self.receive_command(inbound, command, rest).await,
                    None => self.done(&inbound, Vec::new(), Vec::new()).await,
                }
            }
            None => self.done(&inbound, Vec::new(), Vec::new()).await,
        }
    }

    /// Carries a command out at once, also while a turn runs.
    async fn receive_command(&mut self, inbound: Inbound, command: &dyn Command, rest: &str) -> Result<(), Halt> {
        let call = self.call(&inbound);
        match command.run(&call, rest).await {
            Ok(outcome) => self.apply(&inbound, outcome).await,
            Err(error) => self.command_failed(&inbound, error).await,
        }
    }

    pub(super) async fn on_command_done(&mut self, outcome: Result<Outcome, CommandError>) -> Result<(), Halt> {
        let Work::Command(command) = std::mem::replace(&mut self.work, Work::Idle) else { return Ok(()) };
        self.growing = command.shown.map(|(id, _)| id);
        let done = match outcome {
            Ok(outcome) => self.apply(&command.inbound, outcome).await,
            Err(error) => self.command_failed(&command.inbound, error).await,
        };
        self.growing = None;
        done
    }

    pub(super) async fn command_failed(&mut self, inbound: &Inbound, error: CommandError) -> Result<(), Halt> {
        match error {
            CommandError::User(error) => {
                let notice = self.answer_to(inbound, error.to_string());
                self.done(inbound, Vec::new(), vec![notice]).await
            }
            CommandError::Store(error) => {
                let reference = crate::fault::reference();
                tracing::error!(%error, reference, "a command failed (reference {reference}): {error}");
                self.failed_in_vain(inbound, trouble::own_fault(&reference)).await
            }
        }
    }

    /// What a command sees of this conversation now.
    pub(super) fn call(&self, inbound: &Inbound) -> Call {
        Call {
            context: Arc::clone(&self.context),
            platform: Arc::clone(&self.platform),
            conversation: self.conversation.clone(),
            codebase: self.codebase.clone(),
            session: self.session.clone(),
            model: self.model(),
            turn: self.turn_view(),
            hold: self.line.front().filter(|_| self.is_held()).and_then(|first| first.hold.clone()),
            queue: self.waiting_prompt().chain(&self.line).map(title_of).collect(),
            approvals: self.approvals.values().cloned().collect(),
            sender: inbound.message.sender.clone(),
            now: self.context.clock.now(),
            progress: Arc::new(|_| {}),
        }
    }

    fn model(&self) -> Option<String> {
        let configured = || self.context.settings.codebase(self.codebase.as_ref()).model;
        self.conversation.model.clone().or_else(|| self.announced_model.clone()).or_else(configured)
    }

    /// The prompt that waits for a place among the concurrent turns: first of all that wait.
    fn waiting_prompt(&self) -> impl Iterator<Item = &Inbound> {
        match &self.work {
            Work::Waiting { inbound, .. } => Some(inbound.as_ref()),
            Work::Idle | Work::Command(_) | Work::Turn(_) => None,
        }
        .into_iter()
    }

    fn turn_view(&self) -> Option<TurnView> {
        let now = self.context.clock.now();
        match &self.work {
            Work::Turn(turn) => Some(TurnView {
                title: turn.title.clone(),
                since: turn.row.started_at,
                tool: turn.current_tool().map(turn_words::tool_title),
                waits_for_approval: self.has_open_approval(),
            }),
            Work::Command(command) => {
                Some(TurnView { title: title_of(&command.inbound), since: now, tool: None, waits_for_approval: false })
            }
            Work::Idle | Work::Waiting { .. } => None,
        }
    }

    /// A notice that answers this message.
    pub(super) fn answer_to(&self, inbound: &Inbound, text: impl Into<String>) -> Message {
        let mut part = Part::text(text);
        part.reply_to = inbound.message.message.clone();
        let mut message = Message::new(&self.conversation, PartKind::Notice, part);
        if let Some(growing) = self.growing {
            message.id = growing;
            message.revision = 2;
        }
        message
    }

    /// The message is handled: its state, what it changes and what is said, in one commit.
    pub(super) async fn done(
        &mut self,
        inbound: &Inbound,
        mut changes: Vec<Change>,
        messages: Vec<Message>,
    ) -> Result<(), Halt> {
        let at = self.context.clock.now();
        changes.push(Change::SetInbound { seq: inbound.seq, state: InboundState::Done, at });
        if matches!(self.work, Work::Idle) {
            changes.extend(self.rest());
        }
        self.commit(changes, messages).await
    }

    /// Ends the spinner of a pressed button. It is only a courtesy: a failure is of no consequence.
    fn acknowledge(&self, inbound: &Inbound) {
        let platform = Arc::clone(&self.platform);
        let press = inbound.message.delivery.clone();
        tokio::spawn(async move {
            if let Err(error) = platform.acknowledge(&press).await {
                tracing::debug!(%error, "a button press was not acknowledged: {error}");
            }
        });
    }
}

/// A bare mention below a quoted message still says something, and so does a file without words.
fn has_more(inbound: &Inbound) -> bool {
    !inbound.message.content.files().is_empty()
        || matches!(&inbound.message.content, InboundContent::Text { quote: Some(quote), .. } if !quote.trim().is_empty())
}

/// The text of a message, empty if it has none.
pub(super) fn text_of(inbound: &Inbound) -> &str {
    inbound.message.content.text().unwrap_or_default()
}

/// How a message is told of in a line. In a group a command may carry the gateway's own name.
pub(super) fn title_of(inbound: &Inbound) -> String {
    let text = text_of(inbound);
    let (token, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    match token.split_once('@') {
        Some((name, _)) if name.starts_with('/') => one_line(&format!("{name}{rest}"), 60),
        _ => one_line(text, 60),
    }
}
