//! A turn that runs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use adjutant_core::assistant::{ToolTitle, Usage};
use adjutant_core::conversation::ReplyMode;
use adjutant_core::id::PartId;
use adjutant_core::message::MessageRef;
use adjutant_core::platform::Part;
use adjutant_core::turn::Turn;
use adjutant_store::change::Change;
use adjutant_store::record::{Inbound, OutboxRow, PartKind, PartState};
use chrono::{DateTime, Utc};

use super::work::{Before, Tests};
use super::{Actor, Halt, Work};
use crate::delivery::{Draft, OpenPart, Paper, Working};
use crate::directories::Hold;
use crate::handed::Handed;
use crate::outbound::{self, Message};
use crate::reply::{FinishedPart, Reply};
use crate::slots::Slot;
use crate::words::turn as words;

/// A turn that runs.
pub(super) struct ActiveTurn {
    pub row: Turn,
    pub inbound: Inbound,
    /// Messages that were put into it while it ran: its answer is theirs, too.
    pub steered: Vec<Inbound>,
    pub title: String,
    pub mode: ReplyMode,
    pub reply: Reply,
    /// The rows of the reply that exist, by ordinal.
    pub rows: BTreeMap<u32, KnownRow>,
    pub draft: Option<Draft>,
    #[expect(dead_code, reason = "held for its drop: while it lives, the person sees that work goes on")]
    pub working: Working,
    /// Since when there is something to show.
    pub visible_since: Option<Instant>,
    pub started: Instant,
    /// How long people were waited for; that time is not the turn's.
    pub paused: Duration,
    pub last_heard: Instant,
    pub heard: bool,
    /// Those that run now.
    pub tools: Vec<(String, ToolTitle)>,
    pub used_tools: bool,
    /// Files to be sent with the end of the reply.
    pub handed: Vec<Handed>,
    pub tests: Tests,
    /// The working tree as it was.
    pub before: Before,
    /// When the provider's limit ends, if it was reached in this turn.
    pub limit_ends: Option<DateTime<Utc>>,
    pub usage: Usage,
    pub model: Option<String>,
    pub stopping: Option<Stopping>,
    /// Its place among the concurrent turns; given to others while it waits for an approval.
    pub slot: Option<Slot>,
    #[expect(dead_code, reason = "held for its drop: until the turn has ended nobody else writes there")]
    pub directory: Option<Hold>,
    /// The session was lost once already and started afresh.
    pub restarted: bool,
    /// Its process served turns before, and may have ended just when this one began.
    pub reused: bool,
    pub last_tick: Instant,
    pub prompt: String,
}

/// A row of the reply that is committed.
#[derive(Debug, Clone)]
pub(super) struct KnownRow {
    pub id: PartId,
    pub revision: i64,
    pub message: Option<MessageRef>,
    /// Only previews of it are shown so far.
    pub open: bool,
}

impl From<&OutboxRow> for KnownRow {
    fn from(row: &OutboxRow) -> Self {
        Self { id: row.id, revision: row.revision, message: row.message.clone(), open: row.state == PartState::Open }
    }
}

/// A turn that was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stopping {
    pub since: Instant,
    pub why: StopReason,
    /// The interrupt was not confirmed in time, so the process is being ended.
    pub ended: bool,
}

/// Who ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopReason {
    Person,
    /// A watchdog: nothing was heard for this long.
    Silence(Duration),
    /// The turn had taken this long, the longest it may.
    TimeOver(Duration),
    /// Nothing can be said in the conversation any more.
    Unreachable,
}

impl ActiveTurn {
    pub(super) fn current_tool(&self) -> Option<&ToolTitle> {
        self.tools.last().map(|(_, title)| title)
    }

    /// The line below the growing reply.
    pub(super) fn status_line(&self, now: Instant) -> String {
        if self.mode != ReplyMode::Stream {
            return String::new();
        }
        let since = chrono::Duration::from_std(now.saturating_duration_since(self.started)).unwrap_or_default();
        words::status_line(self.current_tool(), since)
    }
}

impl Actor {
    /// Shows the open part for the first time, once there has been something to show for a moment.
    pub(super) async fn open_part(&mut self) -> Result<(), Halt> {
        let target = self.target();
        let now = self.context.clock.monotonic();
        let Work::Turn(turn) = &mut self.work else { return Ok(()) };
        let ordinal = turn.reply.ordinal();
        let known = turn.rows.get(&ordinal).cloned();
        let row = match known {
            Some(row) if !row.open => return Ok(()),
            Some(row) => row,
            None => {
                let mut message = Message::new(&self.conversation, PartKind::Reply, Part::text(""));
                message.turn = Some((turn.row.id, ordinal));
                let put = message.put(&self.context, PartState::Open);
                outbound::store(&self.context, self.lane, vec![put]).await?;
                let row = KnownRow { id: message.id, revision: 1, message: None, open: true };
                turn.rows.insert(ordinal, row.clone());
                row
            }
        };
        let mut part = Part::text("");
        part.reply_to = turn.inbound.message.message.clone();
        let open = OpenPart { id: row.id, to: target, lane: Some(self.lane), part, message: row.message };
        let draft = self.context.delivery.preview_since(open, turn.visible_since);
        draft.replace(turn.reply.preview(""));
        draft.status(turn.status_line(now));
        turn.draft = Some(draft);
        Ok(())
    }

    /// A finished part as a message: a new one, or the final text of the one that was previewed. `None`: committed
    /// already, in an earlier life of the gateway.
    pub(super) fn finished_message(&mut self, part: FinishedPart) -> Option<Message> {
        let conversation = self.conversation.clone();
        let Work::Turn(turn) = &mut self.work else { return None };
        let mut body = Part { attachment: part.attachment, ..Part::text(part.text) };
        body.reply_to = turn.inbound.message.message.clone().filter(|_| part.ordinal == 0);
        let mut message = Message::new(&conversation, PartKind::Reply, body);
        message.turn = Some((turn.row.id, part.ordinal));
        match turn.rows.get_mut(&part.ordinal) {
            Some(row) if !row.open => return None,
            Some(row) => {
                row.open = false;
                row.revision += 1;
                message.id = row.id;
                message.revision = row.revision;
                message.message = row.message.clone();
            }
            None => {
                let row = KnownRow { id: message.id, revision: 1, message: None, open: false };
                turn.rows.insert(part.ordinal, row);
            }
        }
        Some(message)
    }

    /// Works on the reply with the paper it is written on.
    pub(super) fn on_paper(
        &mut self,
        work: impl FnOnce(&mut ActiveTurn, &Paper<'_>) -> Vec<FinishedPart>,
    ) -> Vec<FinishedPart> {
        let platform = std::sync::Arc::clone(&self.platform);
        let measure = |text: &str| platform.measure(text);
        let limit = platform.capabilities(&self.conversation.key).part_limit;
        let Work::Turn(turn) = &mut self.work else { return Vec::new() };
        work(turn, &Paper { limit, measure: &measure })
    }

    /// An empty reply, limited where what is too long can be attached.
    pub(super) fn new_reply(&self) -> Reply {
        let capabilities = self.platform.capabilities(&self.conversation.key);
        match capabilities.attachment_limit {
            Some(_) => Reply::limited_to(capabilities.parts_before_overflow),
            None => Reply::default(),
        }
    }

    /// Commits parts that are complete while the turn goes on.
    pub(super) async fn commit_parts(&mut self, parts: Vec<FinishedPart>, extra: Vec<Change>) -> Result<(), Halt> {
        let messages: Vec<Message> = parts.into_iter().filter_map(|part| self.finished_message(part)).collect();
        if let Work::Turn(turn) = &mut self.work {
            turn.draft = None;
        }
        if messages.is_empty() && extra.is_empty() {
            return Ok(());
        }
        self.commit(extra, messages).await
    }

    /// When the open part is to be shown for the first time.
    pub(super) fn first_preview_at(&self) -> Option<Instant> {
        let Work::Turn(turn) = &self.work else { return None };
        if turn.draft.is_some() || turn.mode == ReplyMode::Batch {
            return None;
        }
        let pace = self.platform.capabilities(&self.conversation.key).preview.pace()?;
        turn.visible_since.map(|since| since + pace.first)
    }
}
