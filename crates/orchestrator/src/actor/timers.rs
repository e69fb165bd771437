//! Watchdogs, idle time, expiry: one deadline for all of them, the nearest.

use std::time::{Duration, Instant};

use adjutant_core::approval::{Approval, ApprovalState};
use adjutant_core::id::ApprovalId;
use adjutant_store::change::Change;

use super::turn::StopReason;
use super::{Actor, Halt, Work};

/// How often the elapsed time in the status line moves.
const STATUS_TICK: Duration = Duration::from_secs(5);

impl Actor {
    /// When something is due next.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.first_preview_at(),
            self.watchdog_at(),
            self.idle_until(),
            self.expiry_at(),
            self.tick_at(),
            self.held_until(),
        ];
        deadlines.into_iter().flatten().min()
    }

    pub(super) async fn on_timer(&mut self) -> Result<(), Halt> {
        let now = self.context.clock.monotonic();
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if let Some(expired) = self.expired() {
            return self.close_approval(expired, ApprovalState::Expired).await;
        }
        if due(self.watchdog_at()) {
            return self.on_watchdog(now).await;
        }
        if self.is_to_ask_again() {
            return self.ask_again().await;
        }
        if due(self.idle_until()) {
            return self.close_idle_run().await;
        }
        if due(self.first_preview_at()) {
            return self.open_part().await;
        }
        if due(self.tick_at())
            && let Work::Turn(turn) = &mut self.work
        {
            turn.last_tick = now;
            if let Some(draft) = &turn.draft {
                draft.status(turn.status_line(now));
            }
        }
        Ok(())
    }

    async fn on_watchdog(&mut self, now: Instant) -> Result<(), Halt> {
        let limit = self.context.settings.turn_max;
        let Work::Turn(turn) = &mut self.work else { return Ok(()) };
        match turn.stopping {
            Some(stopping) if !stopping.ended => {
                // The assistant did not confirm the interrupt: end the process and everything it started.
                turn.stopping = Some(super::turn::Stopping { ended: true, ..stopping });
                if let Some(run) = &self.run {
                    let control = std::sync::Arc::clone(&run.control);
                    tokio::spawn(async move { control.end().await });
                }
                Ok(())
            }
            Some(_) => Ok(()),
            None if now >= turn.started + turn.paused + limit => self.stop_turn(StopReason::TimeOver(limit)).await,
            None => {
                let silence = self.silence_allowed();
                self.stop_turn(StopReason::Silence(silence)).await
            }
        }
    }

    /// When the running turn has to be interrupted, or its process ended.
    fn watchdog_at(&self) -> Option<Instant> {
        let watchdogs = &self.context.settings.watchdogs;
        let Work::Turn(turn) = &self.work else { return None };
        if let Some(stopping) = turn.stopping {
            return (!stopping.ended).then(|| stopping.since + watchdogs.interrupt);
        }
        if self.has_open_approval() {
            return None;
        }
        let over = turn.started + turn.paused + self.context.settings.turn_max;
        if !turn.tools.is_empty() {
            return Some(over);
        }
        Some(over.min(turn.last_heard + self.silence_allowed()))
    }

    fn silence_allowed(&self) -> Duration {
        let watchdogs = &self.context.settings.watchdogs;
        match &self.work {
            Work::Turn(turn) if !turn.heard => watchdogs.first_event,
            _ => watchdogs.silence,
        }
    }

    fn idle_until(&self) -> Option<Instant> {
        if !matches!(self.work, Work::Idle) {
            return None;
        }
        let since = self.run.as_ref()?.idle_since?;
        Some(since + self.context.settings.idle)
    }

    fn tick_at(&self) -> Option<Instant> {
        let Work::Turn(turn) = &self.work else { return None };
        turn.draft.as_ref().map(|_| turn.last_tick + STATUS_TICK)
    }

    /// An approval's end stands in its row, so it is a time of the wall clock.
    fn expiry_at(&self) -> Option<Instant> {
        let (now, monotonic) = (self.context.clock.now(), self.context.clock.monotonic());
        let first = self.open_approvals().map(|approval| approval.expires_at).min()?;
        Some(monotonic + (first - now).to_std().unwrap_or_default())
    }

    fn expired(&self) -> Option<ApprovalId> {
        let now = self.context.clock.now();
        self.open_approvals().find(|approval| approval.expires_at <= now).map(|approval| approval.id)
    }

    fn open_approvals(&self) -> impl Iterator<Item = &Approval> {
        self.approvals.values().filter(|approval| approval.state == ApprovalState::Open)
    }

    /// Closes the process of an idle session; the next message resumes it.
    pub(super) async fn close_idle_run(&mut self) -> Result<(), Halt> {
        if !matches!(self.work, Work::Idle) {
            return Ok(());
        }
        let changes: Vec<Change> = self.close_run().await;
        if changes.is_empty() {
            return Ok(());
        }
        self.commit(changes, Vec::new()).await
    }

    /// How long an idle process is kept.
    pub(super) fn idle_time(&self) -> chrono::Duration {
        chrono::Duration::from_std(self.context.settings.idle).unwrap_or_default()
    }

    /// How long a turn may take: without a gateway its process ends after that.
    pub(super) fn turn_time(&self) -> chrono::Duration {
        chrono::Duration::from_std(self.context.settings.turn_max).unwrap_or_default()
    }
}
