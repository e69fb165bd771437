//! The protocol's state: which turn runs, what of its text is a draft, which questions are open, what was consumed.

use std::path::PathBuf;
use std::time::Duration;

use adjutant_core::assistant::{Answer, AssistantEvent, FailureClass, Notice, Outcome, PermissionRequest, Usage};
use adjutant_core::id::TurnId;
use chrono::DateTime;
use serde::Deserialize;

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
            Some(turn) if self.answers(&result, turn.id) => turn,
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
        self.finish(outcome, events);
        Ok(())
    }

    /// Whether a result is that of this turn. One that answers nothing belongs to a turn nobody asked for.
    fn answers(&self, result: &TurnResult, turn: TurnId) -> bool {
        match &result.user_message_uuids {
            Some(prompts) if !prompts.is_empty() => prompts.contains(&turn.0),
            // Failures of the start name no prompts, and old versions never do.
            _ => result.is_error || !self.names_prompts,
        }
    }

    fn lifecycle(&mut self, line: &str, events: &mut Events) -> Result<(), Unreadable> {
        let lifecycle: Lifecycle = parse(line)?;
        let running = self.turn.as_ref().is_some_and(|turn| turn.id.0 == lifecycle.command_uuid);
        if running && lifecycle.state == LifecycleState::Cancelled {
            // Interrupted before it had begun: no result follows.
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
        });
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
        line(&Written::User {
            uuid: turn.0,
            client_composed: true,
            message: UserText { role: "user", content: text },
            parent_tool_use_id: (),
            session_id: "",
        })
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

fn line(written: &Written<'_>) -> Result<Vec<u8>, Unwritable> {
    Ok(serde_json::to_vec(written)?)
}

fn parse<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, Unreadable> {
    serde_json::from_str(line).map_err(|_| Unreadable)
}
