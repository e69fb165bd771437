//! One committed row, until it is on the platform or given up. Steps 8 and 9 of the durability promise.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adjutant_core::id::PartId;
use adjutant_core::message::{ConversationKey, MessageRef};
use adjutant_core::platform::{Form, Part, SendError};
use adjutant_store::change::Change;
use adjutant_store::record::Lane;

use super::counts::{Call, Outcome};
use super::desk::{Desk, Shown};
use super::event::DeliveryEvent;
use super::ledger::LedgerError;
use super::row::{Outgoing, Stage, Target};
use super::sender::{Line, Office};

/// Put before a text that may be on the platform already.
pub const SENT_AGAIN: &str = "(sent again: the first try was cut off)";

/// A wait longer than this is written down, so that a restart keeps it; shorter ones are not worth a commit.
const WORTH_NOTING: Duration = Duration::from_secs(2);

const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LAST_BACKOFF: Duration = Duration::from_secs(60);

/// A row is tried for so long, and, across restarts, so many times (a day at the longest backoff).
const PATIENCE: Duration = Duration::from_secs(24 * 3600);
const MOST_ATTEMPTS: u32 = 24 * 60;

/// So often a send may end unclear. The first repeat is the one that usually matters; the others are for a network
/// that is down in a way that looks like that, and are spaced out.
const MOST_UNCLEAR: u32 = 12;

/// Between commits that the database could not take.
const COMMIT_BACKOFF: Duration = Duration::from_secs(2);

/// The next call for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    Edit(MessageRef),
    Send,
}

/// A row and how far its delivery is.
struct Trip<'a> {
    line: &'a Line,
    desk: &'a Desk,
    row: Outgoing,
    way: Way,
    form: Form,
    /// The row stands as `Sending` in the ledger.
    committed: bool,
    /// A copy may be on the platform already.
    unclear: u32,
    /// A preview to be removed once the new message stands.
    replaces: Option<MessageRef>,
    failures: u32,
    started: Instant,
}

impl Office {
    /// Delivers a row taken from the desk.
    pub(super) async fn deliver(self: &Arc<Self>, desk: &Desk, row: Outgoing) {
        let Some(line) = self.line(row.to.platform) else { return };
        let Some(mut trip) = self.set_out(line, desk, row).await else { return };
        while self.go(&mut trip).await.is_continue() {}
    }

    async fn set_out<'a>(self: &Arc<Self>, line: &'a Line, desk: &'a Desk, row: Outgoing) -> Option<Trip<'a>> {
        let started = self.clock.monotonic();
        if let Some(due_at) = row.due_at {
            let wait = (due_at - self.clock.now()).to_std().unwrap_or_default();
            if self.wait(wait).await.is_break() {
                return None;
            }
        }
        let shown = desk.lock().shown(row.id);
        let mut message = row.message.clone().or_else(|| shown.as_ref().map(|shown| shown.message.clone()));
        if message.is_none() && (row.revision > 1 || row.stage == Stage::Unclear) {
            message = self.find_message(row.id).await?;
        }
        let mut trip = Trip {
            line,
            desk,
            form: row.part.form,
            committed: row.stage != Stage::Pending,
            unclear: u32::from(row.stage == Stage::Unclear && message.is_none()),
            way: message.map_or(Way::Send, Way::Edit),
            replaces: None,
            failures: row.attempts,
            started,
            row,
        };
        trip.notify_anew(shown.and_then(|shown| shown.since), started);
        Some(trip)
    }

    /// One try: budget, commit, call, and what follows from its result.
    async fn go(self: &Arc<Self>, trip: &mut Trip<'_>) -> ControlFlow<()> {
        self.take_turn(trip.line, trip.desk).await?;
        trip.take_newer();
        if !trip.committed {
            self.record(trip, vec![Change::Sending { id: trip.row.id }]).await?;
            trip.committed = true;
        }
        match self.call(trip).await {
            Ok(message) => {
                self.arrived(trip, message).await;
                Break(())
            }
            Err(SendError::RetryAfter(wait)) => self.told_to_wait(trip, wait).await,
            Err(SendError::NotSent(reason)) => self.try_later(trip, reason).await,
            Err(SendError::Ambiguous(reason)) => {
                if trip.way == Way::Send {
                    trip.unclear += 1;
                }
                if trip.unclear > MOST_UNCLEAR {
                    return self.give_up(trip, reason).await;
                }
                self.try_later(trip, reason).await
            }
            Err(SendError::Rejected(reason)) => match trip.next_form() {
                true => Continue(()),
                false => self.give_up(trip, reason).await,
            },
            Err(SendError::Gone(reason)) => {
                self.gone(trip.desk, &trip.row.to, Some(&trip.row), reason).await;
                Break(())
            }
            Err(SendError::Moved(to)) => {
                self.moved(trip.desk, &trip.row.to, to, Some(trip.row.clone()));
                Break(())
            }
        }
    }

    /// Waits until the budget has room; a platform that asked to wait meanwhile is obeyed.
    async fn take_turn(&self, line: &Line, desk: &Desk) -> ControlFlow<()> {
        let buckets = &desk.capabilities.budget.buckets;
        let now = self.clock.monotonic();
        let mut at = line.budgets.reserve(buckets, now);
        while at > self.clock.monotonic() {
            let wait = at.saturating_duration_since(self.clock.monotonic());
            // What cannot go before the process ends is left to the next start.
            if self.closing.is_cancelled() && wait > WORTH_NOTING {
                return Break(());
            }
            self.clock.sleep_until(at).await;
            at = line.budgets.blocked_until(buckets, self.clock.monotonic()).unwrap_or(at);
        }
        Continue(())
    }

    async fn call(&self, trip: &Trip<'_>) -> Result<MessageRef, SendError> {
        let platform = &trip.line.platform;
        let to = &trip.row.to;
        let part = self.masked(trip.shape());
        let (call, result) = match &trip.way {
            Way::Edit(at) => (Call::Edit, platform.edit(&to.key, at, &part).await.map(|()| at.clone())),
            Way::Send => {
                if trip.unclear > 0 {
                    self.counts.count_ambiguous_repeat();
                }
                (Call::Send, platform.send(&to.key, &part).await)
            }
        };
        self.counts.count(to.platform, call, Outcome::of(&result));
        trip.desk.lock().last_call = Some(self.clock.monotonic());
        result
    }

    async fn arrived(&self, trip: &mut Trip<'_>, message: MessageRef) {
        let (id, revision, to) = (trip.row.id, trip.row.revision, trip.row.to.clone());
        trip.desk.lock().show(Shown { id, message: message.clone(), since: None });
        let sent = Change::Sent { id, revision, message: message.clone() };
        let _ = self.record(trip, vec![sent]).await;
        if let Some(old) = trip.replaces.take() {
            let result = trip.line.platform.delete(&to.key, &old).await;
            self.counts.count(to.platform, Call::Delete, Outcome::of(&result));
        }
        self.tell(DeliveryEvent::Delivered { id, to, revision, message });
    }

    async fn told_to_wait(&self, trip: &mut Trip<'_>, wait: Duration) -> ControlFlow<()> {
        let now = self.clock.monotonic();
        let buckets = &trip.desk.capabilities.budget.buckets;
        self.counts.count_retry_wait(wait);
        trip.line.budgets.block(buckets, wait, now);
        let until = trip.line.budgets.blocked_until(buckets, now).unwrap_or(now);
        self.hold(trip, until.saturating_duration_since(now), format!("asked to wait {wait:?}")).await
    }

    async fn try_later(&self, trip: &mut Trip<'_>, reason: String) -> ControlFlow<()> {
        let wait = backoff(trip.row.id, trip.failures);
        trip.failures += 1;
        let passed = self.clock.monotonic().saturating_duration_since(trip.started);
        if passed + wait > PATIENCE || trip.failures > MOST_ATTEMPTS {
            return self.give_up(trip, reason).await;
        }
        self.hold(trip, wait, reason).await
    }

    /// Waits, and writes a long wait down. What may have arrived stays `Sending`, so that a restart repeats it marked.
    async fn hold(&self, trip: &mut Trip<'_>, wait: Duration, reason: String) -> ControlFlow<()> {
        let closing = self.closing.is_cancelled();
        let certain = trip.unclear == 0;
        if certain && (wait > WORTH_NOTING || closing) {
            self.defer(trip, wait, reason.clone()).await?;
        }
        if closing || self.wait(wait).await.is_break() {
            if certain && trip.committed {
                let _ = self.defer(trip, wait, reason).await;
            }
            return Break(());
        }
        Continue(())
    }

    async fn defer(&self, trip: &mut Trip<'_>, wait: Duration, reason: String) -> ControlFlow<()> {
        let due_at = self.clock.now() + chrono::Duration::from_std(wait).unwrap_or_default();
        let error = self.mask.apply(reason);
        self.record(trip, vec![Change::Defer { id: trip.row.id, error, due_at }]).await?;
        trip.committed = false;
        Continue(())
    }

    async fn give_up(&self, trip: &Trip<'_>, reason: String) -> ControlFlow<()> {
        let error = self.mask.apply(reason);
        let (id, to) = (trip.row.id, trip.row.to.clone());
        tracing::warn!(part = %id, platform = %to.platform, error, "part {id} is given up");
        self.counts.count_abandoned();
        let _ = self.record(trip, vec![Change::Abandon { id, error: error.clone() }]).await;
        self.tell(DeliveryEvent::Dead { id, to, error });
        Break(())
    }

    /// Nothing can be sent there any more: gives up everything that waits.
    pub(super) async fn gone(&self, desk: &Desk, to: &Target, row: Option<&Outgoing>, reason: String) {
        let reason = self.mask.apply(reason);
        let waiting = desk.lock().take_rows(to);
        let mut given_up: Vec<PartId> = Vec::new();
        for row in row.into_iter().chain(&waiting) {
            if given_up.contains(&row.id) {
                continue;
            }
            given_up.push(row.id);
            self.counts.count_abandoned();
            let change = Change::Abandon { id: row.id, error: reason.clone() };
            if self.commit(row.lane, row.id, vec![change]).await == Err(LedgerError::Fenced) {
                break;
            }
        }
        tracing::info!(platform = %to.platform, waiting = given_up.len(), "a conversation is gone: {reason}");
        self.tell(DeliveryEvent::Gone { to: to.clone(), reason });
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
            self.submit(row);
        }
    }

    /// Commits for a trip; `Break` when there is nothing left to do for this row here.
    async fn record(&self, trip: &Trip<'_>, changes: Vec<Change>) -> ControlFlow<()> {
        match self.commit(trip.row.lane, trip.row.id, changes).await {
            Ok(()) => Continue(()),
            Err(LedgerError::Fenced) => {
                self.fenced(trip.desk, &trip.row.to);
                Break(())
            }
            Err(_) => Break(()),
        }
    }

    /// Another node has the conversation: its queue is not ours any more.
    pub(super) fn fenced(&self, desk: &Desk, to: &Target) {
        desk.lock().take_rows(to);
        self.tell(DeliveryEvent::Fenced { to: to.clone() });
    }

    /// Commits, for as long as it takes until the database is there again.
    pub(super) async fn commit(
        &self,
        lane: Option<Lane>,
        id: PartId,
        changes: Vec<Change>,
    ) -> Result<(), LedgerError> {
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
                other => return other,
            }
        }
    }

    /// The outer `None`: it could not be found out before the process ends.
    async fn find_message(&self, id: PartId) -> Option<Option<MessageRef>> {
        loop {
            match self.ledger.find_message(id).await {
                Ok(message) => return Some(message),
                Err(error) => {
                    tracing::warn!(part = %id, %error, "part {id} could not be looked up yet");
                    if self.wait(COMMIT_BACKOFF).await.is_break() {
                        return None;
                    }
                }
            }
        }
    }

    /// `Break` when the process is about to end.
    async fn wait(&self, wait: Duration) -> ControlFlow<()> {
        if wait.is_zero() {
            return Continue(());
        }
        tokio::select! {
            () = self.clock.sleep(wait) => Continue(()),
            () = self.closing.cancelled() => Break(()),
        }
    }

    /// The part without secrets.
    pub(super) fn masked(&self, mut part: Part) -> Part {
        part.text = self.mask.apply(part.text);
        for button in part.buttons.iter_mut().flatten() {
            button.label = self.mask.apply(std::mem::take(&mut button.label));
        }
        part
    }
}

impl Trip<'_> {
    /// What is sent in this try.
    fn shape(&self) -> Part {
        let mut part = Part { form: self.form, ..self.row.part.clone() };
        if self.unclear > 0 && self.way == Way::Send {
            part.text = format!("{SENT_AGAIN}\n\n{}", part.text);
        }
        part
    }

    /// A long answer that has grown in one message makes no phone ring: it ends as a new message.
    fn notify_anew(&mut self, shown_since: Option<Instant>, now: Instant) {
        let Way::Edit(old) = &self.way else { return };
        let (Some(since), Some(after)) = (shown_since, self.desk.capabilities.renotify_after) else { return };
        if self.row.notify && now.saturating_duration_since(since) >= after {
            self.replaces = Some(old.clone());
            self.way = Way::Send;
        }
    }

    /// A revision that came while this one waited takes its place. What may have arrived is cleared up first.
    fn take_newer(&mut self) {
        if self.unclear > 0 {
            return;
        }
        if let Some(newer) = self.desk.lock().take_newer(&self.row) {
            self.committed = newer.stage == Stage::Sending;
            self.form = newer.part.form;
            self.row = newer;
        }
    }

    /// After a refusal: plain instead of formatted, then a new message instead of an edit. `false`: nothing is left.
    fn next_form(&mut self) -> bool {
        if self.form == Form::Formatted {
            self.form = Form::Plain;
            return true;
        }
        if self.way == Way::Send {
            return false;
        }
        self.way = Way::Send;
        self.form = self.row.part.form;
        true
    }
}

/// Doubles from the first to the last, a quarter more or less by chance, so that many rows do not come back together.
/// The chance is drawn from the row's random id: the same row waits the same times in every test.
fn backoff(id: PartId, failures: u32) -> Duration {
    let plain = FIRST_BACKOFF.saturating_mul(1 << failures.min(10)).min(LAST_BACKOFF);
    let bytes = id.0.as_bytes();
    let byte = bytes[15 - (failures as usize % 6)];
    plain.mul_f64(0.75 + f64::from(byte) / 512.0).min(LAST_BACKOFF)
}
