//! The protocol's state: which turn runs, what of its text is a draft, which questions are open, what was consumed.

use std::path::PathBuf;
use std::time::Duration;

use adjutant_core::assistant::{
    Answer, AssistantEvent, FailureClass, Notice, Outcome, PermissionRequest, Steering, Usage,
};
use adjutant_core::id::TurnId;
use chrono::DateTime;
use serde::Deserialize;
use uuid::Uuid;

use super::errors::{self, Circumstances};
use super::protocol::{
    ApiRetry, Asked, Block, CanUseTool, Content, ControlCancel, ControlRequest, DeltaKind, Init, Lifecycle,
    LifecycleState, LimitStatus, Line, LineKind, RateLimitEvent, Request, Spoken, Status, StreamEvent, StreamKind,
    Subtype, TurnResult, UserText, Written,
};
use super::usage::Meter;
use super::{asking, title};
use crate::held::codec::{Codec, End, Unreadable, Unwritable};

/// The text the program puts into a session that was cut off, as an answer nobody gave.
const NO_RESPONSE: &str = "No response requested.";

/// Reads what `claude` prints.
#[derive(Debug)]
pub struct ClaudeCodec {
    cwd: PathBuf,
    turn: Option<Running>,
    meter: Meter,
    /// The program says which prompts a result answers; an old one may not.
    names_prompts: bool,
    /// Permission requests that wait for an answer.
    open: Vec<OpenQuestion>,
}

/// The turn that runs.
#[derive(Debug)]
struct Running {
    id: TurnId,
    /// Deltas came since the last finished block.
    draft: bool,
    /// A finished block came.
    spoke: bool,
    /// A person asked to stop.
    interrupted: bool,
    /// `assistant.error` of a message that was an error in disguise.
    error: Option<String>,
    rejected: bool,
    resets_at: Option<i64>,
    /// Messages that were put into it and are not answered yet. What comes too late for the program's running turn
    /// becomes a turn of the program's own, with its own result: to us that is still the same turn.
    steered: Vec<Uuid>,
    /// How it went so far, once there was a result and steered messages are still to be answered.
    so_far: Option<Outcome>,
}

#[derive(Debug)]
struct OpenQuestion {
    request: String,
    tool_use: String,
}

type Events = Vec<AssistantEvent>;

impl ClaudeCodec {
    /// `cwd` is where the assistant works: titles are relative to it, and diffs read files below it.
    pub fn new(cwd: PathBuf) -> Self {
        Self { cwd, turn: None, meter: Meter::default(), names_prompts: false, open: Vec::new() }
    }

    fn system(&mut self, subtype: Subtype, line: &str, events: &mut Events) -> Result<(), Unreadable> {
        match subtype {
            Subtype::Init => {
                let init: Init = parse(line)?;
                events.push(AssistantEvent::SessionStarted { id: init.session_id, model: init.model });
            }
            Subtype::ApiRetry => {
                let retry: ApiRetry = parse(line)?;
                let wait = Duration::try_from_secs_f64(retry.retry_delay_ms / 1000.0).unwrap_or_default();
                let reason = errors::retry_class(retry.error_status, retry.error.as_deref());
                let notice = Notice::Retrying { attempt: retry.attempt, of: retry.max_retries, wait, reason };
                events.push(AssistantEvent::Notice(notice));
            }
            Subtype::Status => {
                // Compacting takes long and says nothing; it counts as a sign of life.
                if parse::<Status>(line)?.status.as_deref() == Some("compacting") {
                    thinking(events);
                }
            }
            Subtype::ThinkingTokens => thinking(events),
            Subtype::Other => {}
        }
        Ok(())
    }

    fn stream_event(&mut self, line: &Line<'_>, events: &mut Events) -> Result<(), Unreadable> {
        let (Some(raw), Some(turn)) = (line.event, self.turn.as_mut()) else { return Ok(()) };
        if line.of_subagent() {
            return Ok(());
        }
        let event: StreamEvent<'_> = parse(raw.get())?;
        match (event.kind, event.delta) {
            (StreamKind::ContentBlockDelta, Some(delta)) => match delta.kind {
                DeltaKind::TextDelta if !delta.text.is_empty() => {
                    turn.draft = true;
                    events.push(AssistantEvent::TextDelta(delta.text.into_owned()));
                }
                DeltaKind::ThinkingDelta => thinking(events),
                _ => {}
            },
            (StreamKind::MessageStop, _) if line.is_broken_off() && turn.draft => {
                turn.draft = false;
                events.push(AssistantEvent::TextAbandoned);
            }
            _ => {}
        }
        Ok(())
    }

    fn assistant(&mut self, line: &str, events: &mut Events) -> Result<(), Unreadable> {
        let spoken: Spoken = parse(line)?;
        self.names_prompts |= spoken.user_message_uuids.is_some();
        let Some(turn) = self.turn.as_mut() else { return Ok(()) };
        if let Some(error) = spoken.error {
            // The text of an API error comes as if the model had said it; the result tells it again.
            turn.error = Some(error);
            return Ok(());
        }
        let blocks = match spoken.message.content {
            Content::Blocks(blocks) => blocks,
            Content::Text(text) => vec![Block::Text { text }],
        };
        for block in blocks {
            match block {
                Block::Text { text } if text.is_empty() || text == NO_RESPONSE => {}
                Block::Text { text } => {
                    turn.draft = false;
                    turn.spoke = true;
                    events.push(AssistantEvent::TextBlock(text));
                }
                Block::Thinking | Block::RedactedThinking => thinking(events),
                Block::ToolUse { id, name, input } => {
                    let title = title::title(&name, &input, &self.cwd);
                    events.push(AssistantEvent::ToolStarted { id, title });
                }
                Block::ToolResult { .. } | Block::Other => {}
            }
        }
        Ok(())
    }

    fn user(&mut self, line: &str, events: &mut Events) -> Result<(), Unreadable> {
        let spoken: Spoken = parse(line)?;
        let Content::Blocks(blocks) = spoken.message.content else { return Ok(()) };
        for block in blocks {
            if let Block::ToolResult { tool_use_id, is_error } = block {
                self.open.retain(|question| question.tool_use != tool_use_id);
                events.push(AssistantEvent::ToolFinished { id: tool_use_id, failed: is_error == Some(true) });
            }
        }
        Ok(())
    }

    fn asked(&mut self, request: String, asked: CanUseTool, events: &mut Events) {
        self.open.push(OpenQuestion { request: request.clone(), tool_use: asked.tool_use_id.clone() });
        events.push(AssistantEvent::PermissionRequested(asking::request(&request, asked, &self.cwd)));
    }

    fn rate_limit(&mut self, line: &str, events: &mut Events) -> Result<(), Unreadable> {
        let info = parse::<RateLimitEvent>(line)?.rate_limit_info;
        let reached = match info.status {
            LimitStatus::Rejected => true,
            LimitStatus::AllowedWarning => false,
            LimitStatus::Other => return Ok(()),
        };
        if let Some(turn) = self.turn.as_mut() {
            turn.rejected |= reached;
            turn.resets_at = info.resets_at.or(turn.resets_at);
        }
        events.push(AssistantEvent::Limit { reached, resets_at: info.resets_at.and_then(at) });
        Ok(())
    }

    fn result(&mut self, line: &str, events: &mut Events) -> Result<(), Unreadable> {
        let result: TurnResult = parse(line)?;
        let usage = self.meter.read(&result);
        let turn = match self.turn.take() {
            Some(turn) if self.answers(&result, &turn) => turn,
            other => {
                self.turn = other;
                unasked(result, usage, events);
                return Ok(());
            }
        };
        self.names_prompts |= result.user_message_uuids.is_some();
        let circumstances = Circumstances {
            error: turn.error.as_deref(),
            rejected: turn.rejected,
            resets_at: turn.resets_at.and_then(at),
            interrupted: turn.interrupted,
        };
        let outcome = errors::outcome(&result, &circumstances);
        match result.result {
            // The text of an answer that was not streamed in the end comes only here.
            Some(text) if outcome == Outcome::Completed && !turn.spoke && !text.is_empty() => {
                events.push(AssistantEvent::TextBlock(text));
            }
            _ if outcome == Outcome::Completed && turn.draft => events.push(AssistantEvent::TextAbandoned),
            _ => {}
        }
        if usage != Usage::default() {
            events.push(AssistantEvent::Usage(usage));
        }
        match self.goes_on(turn, result.user_message_uuids.unwrap_or_default(), outcome) {
            None => {}
            Some(outcome) => self.finish(outcome, events),
        }
        Ok(())
    }

    /// A turn with steered messages that this result has not answered goes on; else how it went.
    fn goes_on(&mut self, mut turn: Running, answered: Vec<Uuid>, outcome: Outcome) -> Option<Outcome> {
        turn.steered.retain(|message| !answered.contains(message));
        let failed_before = turn.so_far.take().filter(|so_far| *so_far != Outcome::Completed);
        let outcome = failed_before.unwrap_or(outcome);
        if turn.steered.is_empty() || turn.interrupted || answered.is_empty() {
            return Some(outcome);
        }
        self.turn = Some(Running { draft: false, spoke: false, error: None, so_far: Some(outcome), ..turn });
        None
    }

    /// Whether a result is that of this turn. One that answers nothing belongs to a turn nobody asked for.
    fn answers(&self, result: &TurnResult, turn: &Running) -> bool {
        let is_ours = |prompt: &Uuid| *prompt == turn.id.0 || turn.steered.contains(prompt);
        match &result.user_message_uuids {
            Some(prompts) if !prompts.is_empty() => prompts.iter().any(is_ours),
            // Failures of the start name no prompts, and old versions never do.
            _ => result.is_error || !self.names_prompts,
        }
    }

    fn lifecycle(&mut self, line: &str, events: &mut Events) -> Result<(), Unreadable> {
        let lifecycle: Lifecycle = parse(line)?;
        let Some(turn) = self.turn.as_mut().filter(|_| lifecycle.state == LifecycleState::Cancelled) else {
            return Ok(());
        };
        turn.steered.retain(|message| *message != lifecycle.command_uuid);
        // Interrupted before it had begun, or before what it still waited for had begun: no result follows.
        let not_begun = turn.so_far.is_none() && turn.id.0 == lifecycle.command_uuid;
        if not_begun || turn.so_far.is_some() && turn.steered.is_empty() {
            self.finish(Outcome::Interrupted, events);
        }
        Ok(())
    }

    fn finish(&mut self, outcome: Outcome, events: &mut Events) {
        self.turn = None;
        let withdrawn = self.open.drain(..);
        events.extend(withdrawn.map(|question| AssistantEvent::PermissionWithdrawn { request: question.request }));
        events.push(AssistantEvent::TurnEnded(outcome));
    }
}

impl Codec for ClaudeCodec {
    fn begin(&mut self, turn: TurnId) {
        if self.turn.as_ref().is_some_and(|running| running.id == turn) {
            return;
        }
        self.turn = Some(Running {
            id: turn,
            draft: false,
            spoke: false,
            interrupted: false,
            error: None,
            rejected: false,
            resets_at: None,
            steered: Vec::new(),
            so_far: None,
        });
    }

    fn can_steer(&self, turn: TurnId) -> Steering {
        match &self.turn {
            Some(running) if running.id == turn && !running.interrupted => Steering::Possible,
            _ => Steering::TurnEnded,
        }
    }

    fn steering(&mut self, turn: TurnId, message: Uuid) {
        if let Some(running) = self.turn.as_mut().filter(|running| running.id == turn)
            && !running.steered.contains(&message)
        {
            running.steered.push(message);
        }
    }

    fn interrupting(&mut self, turn: TurnId) {
        if let Some(running) = self.turn.as_mut().filter(|running| running.id == turn) {
            running.interrupted = true;
        }
    }

    fn read(&mut self, text: &str, events: &mut Events) -> Result<(), Unreadable> {
        let text = text.trim_end_matches('\r');
        if text.is_empty() {
            return Ok(());
        }
        let line: Line<'_> = parse(text)?;
        match line.kind {
            LineKind::StreamEvent => self.stream_event(&line, events),
            LineKind::Assistant | LineKind::User if line.of_subagent() => {
                thinking(events);
                Ok(())
            }
            LineKind::Assistant => self.assistant(text, events),
            LineKind::User => self.user(text, events),
            LineKind::System => self.system(line.subtype, text, events),
            LineKind::Result => self.result(text, events),
            LineKind::ControlRequest => {
                let request: ControlRequest = parse(text)?;
                if let Asked::CanUseTool(asked) = request.request {
                    self.asked(request.request_id, asked, events);
                }
                Ok(())
            }
            LineKind::ControlCancelRequest => {
                let cancel: ControlCancel = parse(text)?;
                self.open.retain(|question| question.request != cancel.request_id);
                events.push(AssistantEvent::PermissionWithdrawn { request: cancel.request_id });
                Ok(())
            }
            LineKind::CommandLifecycle => self.lifecycle(text, events),
            LineKind::RateLimitEvent => self.rate_limit(text, events),
            LineKind::Other => Ok(()),
        }
    }

    fn end(&mut self, end: &End, events: &mut Events) {
        let Some(turn) = &self.turn else { return };
        let outcome = match end {
            End::Exited { .. } if turn.interrupted => Outcome::Interrupted,
            End::Exited { status, stderr } => errors::crashed(status, stderr),
            End::Lost => errors::failed(FailureClass::MachineRestarted, ""),
        };
        self.finish(outcome, events);
    }

    fn prompt(&self, turn: TurnId, text: &str) -> Result<Vec<u8>, Unwritable> {
        said(turn.0, text)
    }

    /// A message written during a tool call joins the program's running turn; one written later becomes its next.
    fn steer(&self, message: Uuid, text: &str) -> Result<Vec<u8>, Unwritable> {
        said(message, text)
    }

    fn interrupt(&self, turn: TurnId) -> Result<Vec<u8>, Unwritable> {
        let request_id = format!("interrupt:{turn}");
        line(&Written::ControlRequest { request_id: &request_id, request: Request::Interrupt { cancel_queued: true } })
    }

    fn answer(&self, request: &PermissionRequest, answer: &Answer) -> Result<Vec<u8>, Unwritable> {
        Ok(asking::answer(request, answer)?)
    }
}

/// The words of a turn nobody asked for.
fn unasked(result: TurnResult, usage: Usage, events: &mut Events) {
    if usage != Usage::default() {
        events.push(AssistantEvent::Usage(usage));
    }
    if let Some(text) = result.result.filter(|text| !text.is_empty() && !result.is_error) {
        events.push(AssistantEvent::Notice(Notice::Said(text)));
    }
}

/// One sign of thinking in a row is enough.
fn thinking(events: &mut Events) {
    if events.last() != Some(&AssistantEvent::Thinking) {
        events.push(AssistantEvent::Thinking);
    }
}

fn at(seconds: i64) -> Option<DateTime<chrono::Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

/// The line with something a person said.
fn said(uuid: Uuid, text: &str) -> Result<Vec<u8>, Unwritable> {
    line(&Written::User {
        uuid,
        client_composed: true,
        message: UserText { role: "user", content: text },
        parent_tool_use_id: (),
        session_id: "",
    })
}

fn line(written: &Written<'_>) -> Result<Vec<u8>, Unwritable> {
    Ok(serde_json::to_vec(written)?)
}

fn parse<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, Unreadable> {
    serde_json::from_str(line).map_err(|_| Unreadable)
}
