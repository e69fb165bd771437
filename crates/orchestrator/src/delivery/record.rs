//! What becomes of rows, as recorded in the ledger and told to the orchestrator.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use adjutant_core::id::PartId;
use adjutant_core::message::{ConversationKey, MessageRef};
use adjutant_core::platform::{Attachment, Content, Part};
use adjutant_store::change::Change;
use adjutant_store::record::Lane;

use super::desk::Desk;
use super::event::DeliveryEvent;
use super::ledger::LedgerError;
use super::row::{Outgoing, Stage, Target};
use super::sender::Office;

/// Between commits that the database could not take.
const COMMIT_BACKOFF: Duration = Duration::from_secs(2);

/// Whether there is more to do for a row, or why not.
pub(super) type Go<T = ()> = ControlFlow<End, T>;

/// How the work on a row ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Delivered, given up or somebody else's.
    Done,
    /// The process ends first. What stands behind it must wait for the next start as well, to keep the order.
    Left,
}

impl Office {
    /// Nothing can be sent there now. What belongs to a conversation is kept in the store for its return.
    pub(super) async fn gone(&self, desk: &Desk, to: &Target, row: Option<&Outgoing>, reason: String) {
        let reason = self.mask.apply(reason);
        // What was said outside any conversation says nothing about one that may begin there.
        if row.is_none_or(|row| row.lane.is_some()) {
            self.set_aside(to);
        }
        let waiting = desk.lock().take_rows(to);
        let mut seen: Vec<PartId> = Vec::new();
        for row in row.into_iter().chain(&waiting) {
            if seen.contains(&row.id) {
                continue;
            }
            seen.push(row.id);
            if self.commit(row.lane, row.id, self.kept(row, &reason)).await == Err(LedgerError::Fenced) {
                break;
            }
        }
        tracing::info!(platform = %to.platform, waiting = seen.len(), "nothing can be sent in a conversation: {reason}");
        self.tell(DeliveryEvent::Gone { to: to.clone(), reason });
    }

    /// What becomes of a row that cannot be sent now: nobody returns to what was said outside any conversation.
    fn kept(&self, row: &Outgoing, reason: &str) -> Vec<Change> {
        let (id, error) = (row.id, reason.to_owned());
        if row.lane.is_none() {
            self.counts.count_abandoned();
            return vec![Change::Abandon { id, error }];
        }
        match row.stage {
            // A copy may stand there: it stays marked as that.
            Stage::Unclear => Vec::new(),
            Stage::Pending | Stage::Sending => vec![Change::Defer { id, error, due_at: self.clock.now() }],
        }
    }

    /// The conversation has another key now: what waits is queued there.
    pub(super) fn moved(self: &Arc<Self>, desk: &Desk, from: &Target, key: ConversationKey, row: Option<Outgoing>) {
        let to = Target::new(from.platform, key);
        let waiting = desk.lock().take_rows(&to);
        if to == *from {
            tracing::warn!(platform = %to.platform, "a conversation was said to have moved to where it was");
            return;
        }
        self.tell(DeliveryEvent::Moved { from: from.clone(), to: to.key.clone() });
        let current = row.map(|row| Outgoing { to: to.clone(), stage: Stage::Sending, ..row });
        for row in current.into_iter().chain(waiting) {
            // Its message has another name there, or none.
            self.begin_anew(&to, row.id);
            self.submit(Outgoing { message: None, ..row });
        }
    }

    /// The process ends before the conversation's rows are through.
    pub(super) fn leave(&self, desk: &Desk) {
        desk.lock().rows.clear();
        self.left.fetch_add(1, Ordering::Relaxed);
    }

    /// Another node has the conversation: its queue is not ours any more.
    pub(super) fn fenced(&self, desk: &Desk, to: &Target) {
        desk.lock().take_rows(to);
        self.tell(DeliveryEvent::Fenced { to: to.clone() });
    }

    /// Commits, for as long as it takes until the database is there again.
    pub(super) async fn commit(&self, lane: Option<Lane>, id: PartId, changes: Vec<Change>) -> Result<(), LedgerError> {
        loop {
            match self.ledger.commit(lane, changes.clone()).await {
                Err(LedgerError::Unavailable(error)) => {
                    tracing::warn!(part = %id, error, "what became of part {id} could not be recorded yet");
                    if self.wait(COMMIT_BACKOFF).await.is_break() {
                        return Err(LedgerError::Unavailable(error));
                    }
                }
                Err(LedgerError::Stale) => {
                    tracing::debug!(part = %id, "part {id} has changed meanwhile");
                    return Err(LedgerError::Stale);
                }
                Err(LedgerError::Refused(error)) => {
                    tracing::error!(part = %id, error, "what became of part {id} cannot be recorded");
                    return Err(LedgerError::Refused(error));
                }
                other => return other,
            }
        }
    }

    /// The platform's id of a part, as the ledger has it.
    pub(super) async fn find_message(&self, id: PartId) -> Go<Option<MessageRef>> {
        loop {
            match self.ledger.find_message(id).await {
                Ok(message) => return Continue(message),
                Err(LedgerError::Refused(error)) => {
                    tracing::error!(part = %id, error, "part {id} cannot be looked up");
                    return Continue(None);
                }
                Err(error) => {
                    tracing::warn!(part = %id, %error, "part {id} could not be looked up yet");
                    self.wait(COMMIT_BACKOFF).await?;
                }
            }
        }
    }

    /// `Break` when the process is about to end.
    pub(super) async fn wait(&self, wait: Duration) -> Go {
        if wait.is_zero() {
            return Continue(());
        }
        tokio::select! {
            () = self.clock.sleep(wait) => Continue(()),
            () = self.closing.cancelled() => Break(End::Left),
        }
    }

    /// The part without secrets.
    pub(super) fn masked(&self, mut part: Part) -> Part {
        part.text = self.mask.apply(part.text);
        if let Some(Attachment { content: Content::Text(text), .. }) = &mut part.attachment
            && self.mask.finds(text)
        {
            *text = self.mask.apply(text.to_string()).into();
        }
        for button in part.buttons.iter_mut().flatten() {
            button.label = self.mask.apply(std::mem::take(&mut button.label));
        }
        part
    }
}
