//! The face of delivery.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use adjutant_core::clock::Clock;
use adjutant_core::id::PartId;
use adjutant_core::kind::PlatformKind;
use adjutant_core::mask::Mask;
use adjutant_core::menu::MenuEntry;
use adjutant_core::message::MessageRef;
use adjutant_core::platform::{Platform, Sign};
use adjutant_store::record::{Lane, OutboxRow};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::budget::Budgets;
use super::counts::DeliveryCounts;
use super::desk::{Desk, GRACE, State, Step, WaitingMenu, WaitingSign};
use super::draft::Draft;
use super::event::DeliveryEvent;
use super::ledger::Ledger;
use super::row::{OpenPart, Outgoing, Target};
use super::slot::Slot;

/// Sends what was committed, in order, and shows what is still being written. Cheap to clone.
///
/// Its methods must be called within a Tokio runtime.
#[derive(Clone)]
pub struct Delivery {
    office: Arc<Office>,
}

/// While it lives, the conversation shows that work goes on ("is typing").
pub struct Working {
    desk: Option<Arc<Desk>>,
}

/// What all conversations share.
pub(super) struct Office {
    pub ledger: Arc<dyn Ledger>,
    pub clock: Clock,
    pub mask: Mask,
    pub counts: Arc<DeliveryCounts>,
    pub closing: CancellationToken,
    lines: HashMap<PlatformKind, Line>,
    events: mpsc::UnboundedSender<DeliveryEvent>,
    /// Conversations with something to do, and no others.
    desks: Mutex<HashMap<Target, Arc<Desk>>>,
    /// Conversations in which nothing can be said now.
    aside: Mutex<HashSet<Target>>,
    /// Conversations whose rows were left to the next start.
    pub left: AtomicUsize,
    /// Told whenever a desk is cleared away.
    cleared: Notify,
}

/// One platform and the budget of everything sent there.
pub(super) struct Line {
    pub platform: Arc<dyn Platform>,
    pub budgets: Budgets,
}

impl Delivery {
    /// A delivery over these platforms, and the stream of what it has to tell.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        platforms: Vec<Arc<dyn Platform>>,
        clock: Clock,
        mask: Mask,
    ) -> (Self, mpsc::UnboundedReceiver<DeliveryEvent>) {
        let (events, told) = mpsc::unbounded_channel();
        let lines = platforms
            .into_iter()
            .map(|platform| (platform.kind(), Line { platform, budgets: Budgets::default() }))
            .collect();
        let office = Office {
            ledger,
            clock,
            mask,
            counts: Arc::default(),
            closing: CancellationToken::new(),
            lines,
            events,
            desks: Mutex::default(),
            aside: Mutex::default(),
            left: AtomicUsize::new(0),
            cleared: Notify::new(),
        };
        (Self { office: Arc::new(office) }, told)
    }

    /// Whether a row for this conversation would be sent at once: nothing waits there and the budget has room. Then
    /// the row may be committed as `Sending` directly, which saves a commit.
    #[must_use]
    pub fn ready(&self, to: &Target) -> bool {
        let Some(line) = self.office.lines.get(&to.platform) else { return false };
        let idle = self.office.desks().get(to).is_none_or(|desk| desk.lock().is_settled());
        idle && !self.office.closing.is_cancelled() && !self.office.is_aside(to) && {
            let buckets = line.platform.capabilities(&to.key).budget.buckets;
            line.budgets.is_free(&buckets, self.office.clock.monotonic())
        }
    }

    /// Sends a committed row after everything submitted before for its conversation. A draft of the same row is dropped,
    /// and its message becomes this text. A row for a platform that is switched off stays as it is in the store.
    pub fn submit(&self, row: Outgoing) {
        self.office.submit(row);
    }

    /// Takes up undelivered rows as the store lists them, in the order given. Rows that are on their way already are
    /// left alone, so that a conversation may be taken up again at any time.
    pub fn recover(&self, lane: Option<Lane>, rows: Vec<OutboxRow>) {
        for row in rows {
            let row = Outgoing::recovered(row, lane);
            let to = row.to.clone();
            self.office.at_desk(&to, |_, state| {
                if !state.has(row.id) {
                    state.submit(row);
                }
            });
        }
    }

    /// Nothing can be said there: what is submitted stays in the store as it is, until the conversation is taken back.
    pub fn set_aside(&self, to: &Target) {
        self.office.set_aside(to);
        if let Some(desk) = self.office.desks().get(to) {
            desk.lock().take_rows(to);
        }
    }

    /// The conversation has returned; what is kept for it comes by [`Delivery::recover`].
    pub fn take_back(&self, to: &Target) {
        self.office.aside().remove(to);
    }

    /// Shows an open row while it is written. The row must be committed as `Open` before.
    #[must_use]
    pub fn preview(&self, open: OpenPart) -> Draft {
        self.preview_since(open, None)
    }

    /// The same for a text that has been there since then: the pause before the first preview counts from that.
    #[must_use]
    pub fn preview_since(&self, open: OpenPart, since: Option<Instant>) -> Draft {
        let to = open.to.clone();
        let id = open.id;
        let draft = self.office.at_desk(&to, |desk, state| {
            let draft = Draft::new(id, Arc::clone(&desk.wake));
            state.slots.retain(|slot| slot.open.id != id);
            let mut slot = Slot::new(open, draft.shared());
            slot.first_text = since;
            state.slots.push(slot);
            draft
        });
        draft.unwrap_or_else(|| Draft::new(id, Arc::default()))
    }

    /// Puts a sign on a person's message, or takes it away. Where calls are counted, [`Sign::Seen`] waits a moment and
    /// is dropped when something else is sent meanwhile; only the newest sign of a message counts; none is repeated when it fails.
    pub fn sign(&self, to: &Target, at: MessageRef, sign: Option<Sign>) {
        let asked = self.office.clock.monotonic();
        self.office.at_desk(to, |desk, state| {
            let due = if sign == Some(Sign::Seen) && !desk.is_free() { asked + GRACE } else { asked };
            if !desk.capabilities.reactions {
                return;
            }
            let waiting = state.signs.iter().position(|waiting| waiting.at == at);
            let unseen = waiting.map(|index| state.signs.swap_remove(index)).is_some();
            // Taking away what was never put is no call.
            if sign.is_some() || !unseen {
                state.signs.push(WaitingSign { at, sign, asked, due });
            }
        });
    }

    /// Takes a sign away that stands there, also where another was about to take its place.
    pub fn unsign(&self, to: &Target, at: MessageRef) {
        let asked = self.office.clock.monotonic();
        self.office.at_desk(to, |desk, state| {
            if desk.capabilities.reactions {
                state.signs.retain(|waiting| waiting.at != at);
                state.signs.push(WaitingSign { at, sign: None, asked, due: asked });
            }
        });
    }

    /// Puts these commands into the conversation's menu, when there is room.
    pub fn offer(&self, to: &Target, commands: Vec<MenuEntry>) {
        let due = self.office.clock.monotonic();
        self.office.at_desk(to, |_, state| {
            // Where the platform asked to wait with the one before, this one waits as long.
            let (due, tries) = state.menu.as_ref().map_or((due, 0), |menu| (menu.due.max(due), menu.tries));
            state.menu = Some(WaitingMenu { commands, due, tries });
        });
    }

    /// Shows that work goes on until the answer is dropped.
    #[must_use]
    pub fn working(&self, to: &Target) -> Working {
        let first = self.office.clock.monotonic() + GRACE;
        let desk = self.office.at_desk(to, |desk, state| {
            desk.capabilities.status_fades?;
            if state.working == 0 {
                state.status_due = state.status_due.max(Some(first));
            }
            state.working += 1;
            Some(Arc::clone(desk))
        });
        Working { desk: desk.flatten() }
    }

    /// Waits until everything submitted for the conversation is delivered, given up or left to another node.
    pub async fn settled(&self, to: &Target) {
        loop {
            let Some(desk) = self.office.desks().get(to).cloned() else { return };
            let mut told = std::pin::pin!(desk.settled.notified());
            told.as_mut().enable();
            if desk.lock().is_settled() {
                return;
            }
            told.await;
        }
    }

    /// Before the end of the process: drops previews and status, finishes what can go now, leaves what has to wait to
    /// the next start. Returns the number of conversations in which something was left unfinished.
    pub async fn flush(&self, within: Duration) -> usize {
        self.office.closing.cancel();
        let deadline = self.office.clock.monotonic() + within;
        loop {
            let mut cleared = std::pin::pin!(self.office.cleared.notified());
            cleared.as_mut().enable();
            let busy = self.busy();
            let left = self.office.left.load(Ordering::Relaxed);
            if busy == 0 {
                return left;
            }
            tokio::select! {
                () = cleared => {}
                () = self.office.clock.sleep_until(deadline) => return left + busy,
            }
        }
    }

    /// Figures for `/metrics`.
    #[must_use]
    pub fn counts(&self) -> Arc<DeliveryCounts> {
        Arc::clone(&self.office.counts)
    }

    /// Conversations with something to do.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.office.desks().len()
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("busy", &self.busy()).finish()
    }
}

impl fmt::Debug for Working {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Working").field("shown", &self.desk.is_some()).finish()
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if let Some(desk) = &self.desk {
            let mut state = desk.lock();
            state.working = state.working.saturating_sub(1);
            drop(state);
            desk.wake.notify_one();
        }
    }
}

impl Office {
    pub fn line(&self, kind: PlatformKind) -> Option<&Line> {
        self.lines.get(&kind)
    }

    pub fn tell(&self, event: DeliveryEvent) {
        // Nobody listens any more: the process ends.
        let _ = self.events.send(event);
    }

    pub fn submit(self: &Arc<Self>, row: Outgoing) {
        let to = row.to.clone();
        let id = row.id;
        if self.at_desk(&to, |_, state| state.submit(row)).is_none() {
            tracing::info!(part = %id, platform = %to.platform, "part {id} waits: nothing can be sent there now");
        }
    }

    pub fn set_aside(&self, to: &Target) {
        self.aside().insert(to.clone());
    }

    fn is_aside(&self, to: &Target) -> bool {
        self.aside().contains(to)
    }

    /// Whatever the ledger says of this part's message, the next try sends a new one.
    pub fn begin_anew(self: &Arc<Self>, to: &Target, id: PartId) {
        self.at_desk(to, |_, state| state.anew.push(id));
    }

    /// Works at the conversation's desk, set up if it was idle; `None` where nothing can be sent now: the platform is
    /// switched off, or the conversation set aside.
    fn at_desk<T>(self: &Arc<Self>, to: &Target, work: impl FnOnce(&Arc<Desk>, &mut State) -> T) -> Option<T> {
        let line = self.lines.get(&to.platform).filter(|_| !self.is_aside(to))?;
        let mut desks = self.desks();
        let desk = desks.entry(to.clone()).or_insert_with(|| {
            let desk = Arc::new(Desk::new(line.platform.capabilities(&to.key)));
            tokio::spawn(Arc::clone(self).attend(to.clone(), Arc::clone(&desk)));
            desk
        });
        let done = work(desk, &mut desk.lock());
        desk.wake.notify_one();
        Some(done)
    }

    /// The conversation's task. It ends with the work.
    async fn attend(self: Arc<Self>, to: Target, desk: Arc<Desk>) {
        loop {
            let closing = self.closing.is_cancelled();
            let next = if closing { desk.next_to_finish() } else { desk.next(self.clock.monotonic()) };
            match next {
                Step::Row(row) => self.deliver(&desk, *row).await,
                Step::Preview(id) => self.show(&desk, id).await,
                Step::Sign(sign) => self.put_sign(&to, &desk, sign),
                Step::Status => self.show_status(&to, &desk),
                Step::Menu(menu) => self.put_menu(&to, &desk, menu),
                Step::Wait(until) => self.pause(&desk, until).await,
                Step::Done => {
                    if self.clear_away(&to, &desk) {
                        return;
                    }
                }
            }
        }
    }

    async fn pause(&self, desk: &Desk, until: Option<Instant>) {
        let due = async {
            match until {
                Some(until) => self.clock.sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let closing = async {
            if self.closing.is_cancelled() {
                std::future::pending::<()>().await;
            }
            self.closing.cancelled().await;
        };
        tokio::select! {
            () = desk.wake.notified() => {}
            () = due => {}
            () = closing => {}
        }
    }

    /// Whether the desk is gone: nothing came in since the task saw nothing to do.
    fn clear_away(&self, to: &Target, desk: &Desk) -> bool {
        let mut desks = self.desks();
        let state = desk.lock();
        let done = state.is_idle() || (self.closing.is_cancelled() && state.is_settled() && state.side_calls == 0);
        if done {
            desks.remove(to);
            if desks.capacity() > 4 * desks.len() + 64 {
                desks.shrink_to_fit();
            }
            drop(state);
            desk.settled.notify_waiters();
            self.cleared.notify_waiters();
        }
        done
    }

    fn aside(&self) -> MutexGuard<'_, HashSet<Target>> {
        self.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn desks(&self) -> MutexGuard<'_, HashMap<Target, Arc<Desk>>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
