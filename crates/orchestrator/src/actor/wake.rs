//! The loop: what an actor waits for, and what it does about it.

use adjutant_core::assistant::RunEvent;
use adjutant_store::record::Inbound;
use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::{Actor, Halt, LiveRun, Place, Work};
use crate::commands::{CommandError, Outcome};
use crate::dispatcher::Letter;

/// What the loop woke up for.
enum Wake {
    Letter(Option<Letter>),
    Place(Place),
    Command(Result<Outcome, CommandError>),
    Progress(String),
    Event(Option<RunEvent>),
    Timer,
    CloseRun,
    Stopping,
}

impl Actor {
    /// Until nothing is left to do.
    pub(super) async fn live(&mut self, letters: &mut mpsc::UnboundedReceiver<Letter>) -> Result<(), Halt> {
        loop {
            self.offer_menu();
            self.catch_up().await?;
            self.offer_menu();
            self.end_closed_runs();
            if self.has_nothing_left() && letters.is_empty() {
                if let Some(rest) = self.rest() {
                    self.commit(vec![rest], Vec::new()).await?;
                }
                return Ok(());
            }
            match self.next_wake(letters).await {
                Wake::Stopping => return self.leave().await,
                Wake::Letter(None) => return Ok(()),
                Wake::Letter(Some(letter)) => self.on_letter(letter).await?,
                Wake::Place(place) => self.on_place(place).await?,
                Wake::Command(outcome) => self.on_command_done(outcome).await?,
                Wake::Progress(text) => self.on_progress(text).await?,
                Wake::Event(Some(event)) => self.on_event(event).await?,
                Wake::Event(None) => self.on_run_lost().await?,
                Wake::Timer => self.on_timer().await?,
                Wake::CloseRun => self.close_idle_run().await?,
            }
        }
    }

    async fn next_wake(&mut self, letters: &mut mpsc::UnboundedReceiver<Letter>) -> Wake {
        let deadline = self.next_deadline();
        let clock = self.context.clock.clone();
        let stopping = self.dispatcher.stopping().clone();
        let timer = async move {
            match deadline {
                Some(deadline) => clock.sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stopping.cancelled() => Wake::Stopping,
            letter = letters.recv() => Wake::Letter(letter),
            wake = next_work(&mut self.work) => wake,
            event = next_event(&mut self.run) => Wake::Event(event),
            () = self.close_run.notified() => Wake::CloseRun,
            () = timer => Wake::Timer,
        }
    }

    async fn on_letter(&mut self, letter: Letter) -> Result<(), Halt> {
        match letter {
            Letter::Inbound(inbound) => self.file(*inbound),
            Letter::Wake => {
                let snapshot = self.context.store.snapshot(self.lane.conversation).await?;
                for inbound in snapshot.inbound {
                    self.file(inbound);
                }
            }
            Letter::Gone => self.on_gone().await?,
            Letter::Moved(to) => self.on_moved(to),
        }
        Ok(())
    }

    pub(super) fn file(&mut self, inbound: Inbound) {
        if self.seen.insert(inbound.seq) {
            self.is_due = true;
            self.inbox.insert(inbound.seq, inbound);
        }
        // A wake-up lists only what is not handled yet; far older numbers never come again.
        while self.seen.len() > 1024 {
            self.seen.pop_first();
        }
    }

    fn has_nothing_left(&self) -> bool {
        // What waits for somebody's return waits in the store.
        let none_waits = self.line.is_empty() || self.away_since.is_some();
        matches!(self.work, Work::Idle) && none_waits && self.inbox.is_empty() && self.run.is_none()
    }

    /// The gateway stops: the run goes on without it, and the next life of the gateway attaches to it.
    async fn leave(&mut self) -> Result<(), Halt> {
        if let (Some(run), Work::Idle | Work::Waiting { .. } | Work::Command(_)) = (&self.run, &self.work) {
            run.control.keep_until(self.context.clock.now() + self.idle_time()).await;
        }
        Ok(())
    }
}

async fn next_work(work: &mut Work) -> Wake {
    match work {
        Work::Waiting { place, .. } => Wake::Place(place.await),
        Work::Command(command) => tokio::select! {
            biased;
            Some(text) = command.reports.recv() => Wake::Progress(text),
            outcome = &mut command.job => Wake::Command(outcome),
        },
        Work::Idle | Work::Turn(_) => std::future::pending().await,
    }
}

async fn next_event(run: &mut Option<LiveRun>) -> Option<RunEvent> {
    match run {
        Some(run) => run.events.next().await,
        None => std::future::pending().await,
    }
}
