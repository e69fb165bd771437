//! One busy conversation: what waits there and what is next. Nothing here makes a call.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use adjutant_core::id::PartId;
use adjutant_core::menu::MenuEntry;
use adjutant_core::message::MessageRef;
use adjutant_core::platform::{Capabilities, Preview, Sign};
use tokio::sync::Notify;

use super::pace::Pacer;
use super::row::{Outgoing, Stage, Target};
use super::slot::Slot;

/// A quick answer makes signs and status needless: they wait that long for one.
pub(super) const GRACE: Duration = Duration::from_millis(300);

/// The part of its life after which a status is shown anew.
const REFRESH: f64 = 0.8;

/// The part of its life after which a draft that did not change is shown again.
const KEPT: f64 = 2.0 / 3.0;

/// Messages whose ids are kept at hand; the ledger knows the others.
const REMEMBERED: usize = 16;

/// A conversation that has something to send.
pub(super) struct Desk {
    pub capabilities: Capabilities,
    /// Wakes the conversation's task.
    pub wake: Arc<Notify>,
    /// Tells those who wait until everything committed has gone out.
    pub settled: Notify,
    state: Mutex<State>,
}

/// What waits.
#[derive(Default)]
pub(super) struct State {
    pub rows: VecDeque<Outgoing>,
    /// A row or preview is being dealt with.
    pub calling: bool,
    /// The row that is being dealt with.
    delivering: Option<PartId>,
    pub slots: Vec<Slot>,
    pub signs: Vec<WaitingSign>,
    pub menu: Option<WaitingMenu>,
    /// How many want the status shown.
    pub working: u32,
    pub status_due: Option<Instant>,
    /// Signs and status under way.
    pub side_calls: u32,
    pub pacer: Option<Pacer>,
    pub last_call: Option<Instant>,
    shown: VecDeque<Shown>,
    /// Parts whose first preview may stand there without our knowing its id.
    in_doubt: Vec<PartId>,
    /// Parts whose messages stand under a key that is no more.
    pub anew: Vec<PartId>,
}

/// A message of ours that is visible.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub id: PartId,
    pub message: MessageRef,
    /// When its preview appeared first; `None`: it was never a preview.
    pub since: Option<Instant>,
}

pub(super) struct WaitingSign {
    pub at: MessageRef,
    pub sign: Option<Sign>,
    pub asked: Instant,
    pub due: Instant,
}

/// A menu that is to be put up. Only the newest counts.
#[derive(Debug, Clone)]
pub(super) struct WaitingMenu {
    pub commands: Vec<MenuEntry>,
    pub due: Instant,
    /// Tries that failed.
    pub tries: u32,
}

/// What the conversation's task does next.
pub(super) enum Step {
    Row(Box<Outgoing>),
    Preview(PartId),
    Sign(WaitingSign),
    Status,
    Menu(WaitingMenu),
    Wait(Option<Instant>),
    Done,
}

impl Desk {
    pub fn new(capabilities: Capabilities) -> Self {
        Self { capabilities, wake: Arc::default(), settled: Notify::new(), state: Mutex::default() }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next row, if one waits.
    fn next_row(&self, state: &mut State) -> Option<Step> {
        state.calling = false;
        state.delivering = None;
        let Some(row) = state.rows.pop_front() else {
            self.settled.notify_waiters();
            return None;
        };
        state.calling = true;
        state.delivering = Some(row.id);
        Some(Step::Row(Box::new(row)))
    }

    /// What to do when the process is about to end: rows alone.
    pub fn next_to_finish(&self) -> Step {
        let state = &mut *self.lock();
        let rest = if state.side_calls == 0 { Step::Done } else { Step::Wait(None) };
        self.next_row(state).unwrap_or(rest)
    }

    /// What to do now: rows first, then what is due.
    pub fn next(&self, now: Instant) -> Step {
        let state = &mut *self.lock();
        if let Some(row) = self.next_row(state) {
            return row;
        }
        if !self.is_free() {
            state.drop_needless_signs();
        }
        if let Some(index) = state.next_sign().filter(|index| state.signs[*index].due <= now) {
            return Step::Sign(state.signs.remove(index));
        }
        if let Some(menu) = state.menu.take_if(|menu| menu.due <= now) {
            return Step::Menu(menu);
        }
        let preview = self.next_preview(state, now);
        let status = self.status_due(state);
        match (preview, status) {
            (Some((due, id)), _) if due <= now => {
                state.calling = true;
                Step::Preview(id)
            }
            (_, Some(due)) if due <= now => Step::Status,
            _ => {
                let sign = state.next_sign().map(|index| state.signs[index].due);
                let menu = state.menu.as_ref().map(|menu| menu.due);
                let due = [preview.map(|(due, _)| due), status, sign, menu].into_iter().flatten().min();
                if due.is_none() && state.is_idle() { Step::Done } else { Step::Wait(due) }
            }
        }
    }

    /// Whether calls cost nothing here. Then signs are not saved: a page tells by them that work goes on.
    pub fn is_free(&self) -> bool {
        self.capabilities.budget.buckets.is_empty()
    }

    fn next_preview(&self, state: &mut State, now: Instant) -> Option<(Instant, PartId)> {
        state.slots.retain(|slot| !slot.text.lock().closed);
        let pace = self.capabilities.preview.pace()?;
        let interval = state.pacer.get_or_insert_with(|| Pacer::new(&pace)).interval();
        let keep = self.keep_alive();
        let due = |slot: &mut Slot| Some((slot.due(&pace, interval, keep, now)?, slot.open.id));
        state.slots.iter_mut().filter_map(due).min()
    }

    /// After so long an unchanged preview is shown again; `None`: it stays by itself.
    pub fn keep_alive(&self) -> Option<Duration> {
        match self.capabilities.preview {
            Preview::Draft { fades, .. } => Some(fades.mul_f64(KEPT)),
            Preview::Edit(_) | Preview::None => None,
        }
    }

    fn status_due(&self, state: &State) -> Option<Instant> {
        let fades = self.capabilities.status_fades?;
        if state.working == 0 || state.side_calls > 0 {
            return None;
        }
        // Where something of ours has just appeared, the person sees that work goes on.
        let quiet = state.last_call.map(|at| at + fades.mul_f64(REFRESH));
        state.status_due.max(quiet)
    }

    /// After the status was shown, or could not be.
    pub fn put_off_status(&self, now: Instant, until: Option<Instant>) {
        let fades = self.capabilities.status_fades.unwrap_or(GRACE);
        self.lock().status_due = Some(until.unwrap_or(now + fades.mul_f64(REFRESH)));
    }
}

impl State {
    pub fn is_idle(&self) -> bool {
        let waits = !self.slots.is_empty() || !self.signs.is_empty() || self.menu.is_some();
        self.is_settled() && !waits && self.working == 0 && self.side_calls == 0
    }

    /// Whether everything committed has gone out.
    pub fn is_settled(&self) -> bool {
        self.rows.is_empty() && !self.calling
    }

    /// Takes a row in. A revision that has not gone out yet is replaced where it stands.
    pub fn submit(&mut self, row: Outgoing) {
        self.slots.retain(|slot| slot.open.id != row.id);
        let waiting = self.rows.iter_mut().find(|old| old.id == row.id && old.stage != Stage::Unclear);
        match waiting {
            Some(old) => {
                let message = row.message.clone().or_else(|| old.message.take());
                let notify = row.notify || old.notify;
                *old = Outgoing { message, notify, ..row };
            }
            None => self.rows.push_back(row),
        }
    }

    /// Whether the row waits here or is being delivered.
    pub fn has(&self, id: PartId) -> bool {
        self.delivering == Some(id) || self.rows.iter().any(|row| row.id == id)
    }

    /// A newer revision of a row that is still being tried.
    pub fn take_newer(&mut self, row: &Outgoing) -> Option<Outgoing> {
        let index = self.rows.iter().position(|newer| newer.id == row.id && newer.revision > row.revision)?;
        self.rows.remove(index)
    }

    /// Moves everything that waits to another conversation's queue.
    pub fn take_rows(&mut self, to: &Target) -> Vec<Outgoing> {
        self.slots.clear();
        self.signs.clear();
        self.menu = None;
        self.rows.drain(..).map(|row| Outgoing { to: to.clone(), ..row }).collect()
    }

    pub fn slot(&mut self, id: PartId) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.open.id == id)
    }

    pub fn shown(&self, id: PartId) -> Option<Shown> {
        self.shown.iter().find(|shown| shown.id == id).cloned()
    }

    /// A preview may have arrived whose message is not known: what follows for this part says that it comes again.
    pub fn doubt(&mut self, id: PartId) {
        self.in_doubt.push(id);
    }

    /// Whether a preview may have arrived whose message is not known. It is asked once.
    pub fn take_doubt(&mut self, id: PartId) -> bool {
        let before = self.in_doubt.len();
        self.in_doubt.retain(|doubtful| *doubtful != id);
        self.in_doubt.len() < before
    }

    /// Whether a part is to be sent as if it had never been. It is asked once.
    pub fn take_anew(&mut self, id: PartId) -> bool {
        let before = self.anew.len();
        self.anew.retain(|moved| *moved != id);
        self.anew.len() < before
    }

    /// Remembers where a part is to be seen.
    pub fn show(&mut self, shown: Shown) {
        self.shown.retain(|old| old.id != shown.id);
        if self.shown.len() == REMEMBERED {
            self.shown.pop_front();
        }
        self.shown.push_back(shown);
    }

    /// The sign to put next. One under way is waited for: put in another order, the wrong one would stay.
    fn next_sign(&self) -> Option<usize> {
        let first = (0..self.signs.len()).min_by_key(|index| self.signs[*index].due);
        first.filter(|_| self.side_calls == 0)
    }

    /// "Seen" is pointless once an answer came.
    fn drop_needless_signs(&mut self) {
        let last_call = self.last_call;
        self.signs.retain(|sign| sign.sign != Some(Sign::Seen) || last_call.is_none_or(|at| at < sign.asked));
    }
}
