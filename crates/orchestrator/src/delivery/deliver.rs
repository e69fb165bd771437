//! One committed row, until it is on the platform or given up. Steps 8 and 9 of the durability promise.

use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adjutant_core::id::PartId;
use adjutant_core::message::MessageRef;
use adjutant_core::platform::{Form, Part, SendError};
use adjutant_store::change::Change;

use super::counts::{Call, Outcome};
use super::desk::{Desk, Shown};
use super::event::DeliveryEvent;
use super::guarded::guarded;
use super::ledger::LedgerError;
use super::record::{End, Go};
use super::row::{Outgoing, Stage};
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
    /// What may be tried after a refusal; asked once, because what was refused changes the answer.
    forms: &'static [Form],
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
        let Continue(mut trip) = self.set_out(line, desk, row).await else { return self.leave(desk) };
        loop {
            match self.go(&mut trip).await {
                Continue(()) => {}
                Break(End::Done) => return,
                Break(End::Left) => return self.leave(desk),
            }
        }
    }

    async fn set_out<'a>(&self, line: &'a Line, desk: &'a Desk, row: Outgoing) -> Go<Trip<'a>> {
        let started = self.clock.monotonic();
        if let Some(due_at) = row.due_at {
            let wait = (due_at - self.clock.now()).to_std().unwrap_or_default();
            self.wait(wait).await?;
        }
        let (shown, in_doubt, anew) = {
            let mut state = desk.lock();
            (state.shown(row.id), state.take_doubt(row.id), state.take_anew(row.id))
        };
        let mut message = row.message.clone().or_else(|| shown.as_ref().map(|shown| shown.message.clone()));
        if message.is_none() && !anew && (row.revision > 1 || row.stage == Stage::Unclear) {
            message = self.find_message(row.id).await?;
        }
        let mut trip = Trip {
            line,
            desk,
            form: row.part.form,
            forms: line.platform.forms(&row.part),
            committed: row.stage != Stage::Pending,
            unclear: u32::from((row.stage == Stage::Unclear || in_doubt) && message.is_none()),
            way: message.map_or(Way::Send, Way::Edit),
            replaces: None,
            failures: row.attempts,
            started,
            row,
        };
        trip.notify_anew(shown.and_then(|shown| shown.since), started);
        Continue(trip)
    }

    /// One try: budget, commit, call, and what follows from its result.
    async fn go(self: &Arc<Self>, trip: &mut Trip<'_>) -> Go {
        self.take_turn(trip).await?;
        trip.take_newer();
        if !trip.committed {
            self.record(trip, vec![Change::Sending { id: trip.row.id }]).await?;
            trip.committed = true;
        }
        match self.call(trip).await {
            Ok(message) => self.arrived(trip, message).await,
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
                Break(End::Done)
            }
            Err(SendError::Moved(to)) => {
                self.moved(trip.desk, &trip.row.to, to, Some(trip.row.clone()));
                Break(End::Done)
            }
        }
    }

    /// Waits until the budget has room; a platform that asked to wait meanwhile is obeyed.
    async fn take_turn(&self, trip: &mut Trip<'_>) -> Go {
        let (budgets, buckets) = (&trip.line.budgets, &trip.desk.capabilities.budget.buckets);
        let mut at = budgets.reserve(buckets, self.clock.monotonic());
        loop {
            let wait = at.saturating_duration_since(self.clock.monotonic());
            if wait.is_zero() {
                return Continue(());
            }
            // What cannot go before the process ends is left to the next start.
            if self.wait(wait).await.is_break() && wait > WORTH_NOTING {
                if trip.committed && trip.unclear == 0 {
                    self.defer(trip, Duration::ZERO, "the gateway was stopped".to_owned()).await?;
                }
                return Break(End::Left);
            }
            self.clock.sleep_until(at).await;
            at = budgets.blocked_until(buckets, self.clock.monotonic()).unwrap_or(at);
        }
    }

    async fn call(&self, trip: &Trip<'_>) -> Result<MessageRef, SendError> {
        let platform = &trip.line.platform;
        let to = &trip.row.to;
        let part = self.masked(trip.shape());
        let (call, result) = match &trip.way {
            Way::Edit(at) => (Call::Edit, guarded(platform.edit(&to.key, at, &part)).await.map(|()| at.clone())),
            Way::Send => {
                if trip.unclear > 0 {
                    self.counts.count_ambiguous_repeat();
                }
                (Call::Send, guarded(platform.send(&to.key, &part)).await)
            }
        };
        self.counts.count(to.platform, call, Outcome::of(&result));
        trip.desk.lock().last_call = Some(self.clock.monotonic());
        result
    }

    async fn arrived(&self, trip: &mut Trip<'_>, message: MessageRef) -> Go {
        let (id, revision, to) = (trip.row.id, trip.row.revision, trip.row.to.clone());
        trip.desk.lock().show(Shown { id, message: message.clone(), since: None });
        if trip.way == Way::Send {
            trip.desk.show_drafts_again();
        }
        let sent = Change::Sent { id, revision, message: message.clone() };
        let recorded = self.record(trip, vec![sent]).await;
        if let Some(old) = trip.replaces.take() {
            let result = guarded(trip.line.platform.delete(&to.key, &old)).await;
            self.counts.count(to.platform, Call::Delete, Outcome::of(&result));
        }
        self.tell(DeliveryEvent::Delivered { id, to, revision, message });
        recorded?;
        Break(End::Done)
    }

    async fn told_to_wait(&self, trip: &mut Trip<'_>, wait: Duration) -> Go {
        let now = self.clock.monotonic();
        let buckets = &trip.desk.capabilities.budget.buckets;
        self.counts.count_retry_wait(wait);
        trip.line.budgets.block(buckets, wait, now);
        let until = trip.line.budgets.blocked_until(buckets, now).unwrap_or(now);
        self.hold(trip, until.saturating_duration_since(now), format!("asked to wait {wait:?}")).await
    }

    async fn try_later(&self, trip: &mut Trip<'_>, reason: String) -> Go {
        let wait = backoff(trip.row.id, trip.failures);
        trip.failures += 1;
        let passed = self.clock.monotonic().saturating_duration_since(trip.started);
        if passed + wait > PATIENCE || trip.failures > MOST_ATTEMPTS {
            return self.give_up(trip, reason).await;
        }
        self.hold(trip, wait, reason).await
    }

    /// Waits, and writes a long wait down. What may have arrived stays `Sending`, so that a restart repeats it marked.
    async fn hold(&self, trip: &mut Trip<'_>, wait: Duration, reason: String) -> Go {
        let closing = self.closing.is_cancelled();
        let certain = trip.unclear == 0;
        if certain && (wait > WORTH_NOTING || closing) {
            self.defer(trip, wait, reason.clone()).await?;
        }
        if closing || self.wait(wait).await.is_break() {
            if certain && trip.committed {
                self.defer(trip, wait, reason).await?;
            }
            return Break(End::Left);
        }
        Continue(())
    }

    async fn defer(&self, trip: &mut Trip<'_>, wait: Duration, reason: String) -> Go {
        let due_at = self.clock.now() + chrono::Duration::from_std(wait).unwrap_or_default();
        let error = self.mask.apply(reason);
        self.record(trip, vec![Change::Defer { id: trip.row.id, error, due_at }]).await?;
        trip.committed = false;
        Continue(())
    }

    async fn give_up(&self, trip: &Trip<'_>, reason: String) -> Go {
        let error = self.mask.apply(reason);
        let (id, to) = (trip.row.id, trip.row.to.clone());
        tracing::warn!(part = %id, platform = %to.platform, error, "part {id} is given up");
        self.counts.count_abandoned();
        self.record(trip, vec![Change::Abandon { id, error: error.clone() }]).await?;
        self.tell(DeliveryEvent::Dead { id, to, error });
        Break(End::Done)
    }

    /// Commits for a trip.
    async fn record(&self, trip: &Trip<'_>, changes: Vec<Change>) -> Go {
        match self.commit(trip.row.lane, trip.row.id, changes).await {
            Ok(()) => Continue(()),
            Err(LedgerError::Fenced) => {
                self.fenced(trip.desk, &trip.row.to);
                Break(End::Done)
            }
            Err(LedgerError::Stale | LedgerError::Refused(_)) => Break(End::Done),
            Err(LedgerError::Unavailable(_)) => Break(End::Left),
        }
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
            (self.form, self.forms) = (newer.part.form, self.line.platform.forms(&newer.part));
            self.row = newer;
        }
    }

    /// After a refusal: the next rung, then a new message instead of an edit. `false`: nothing is left.
    fn next_form(&mut self) -> bool {
        let next = self.forms.iter().skip_while(|form| **form != self.form).nth(1);
        if let Some(next) = next {
            self.form = *next;
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
