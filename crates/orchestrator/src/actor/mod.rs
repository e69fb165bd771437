//! The actor of one active conversation: it owns the lane and all state of the conversation, so that everything
//! in it happens in order. It ends when nothing is left to do and its process is closed.
//!
//! | module | what |
//! | --- | --- |
//! | [`receive`] | what a message means: a prompt, a command, a button |
//! | [`line`] | the prompts that wait, and what is next |
//! | [`prepare`] | a message becomes the text of a prompt |
//! | [`begin`] | a turn starts: session, run, rows, prompt |
//! | [`turn`] [`events`] | a turn that runs, and what its assistant says |
//! | [`ending`] | a turn ends: its last parts and all its rows in one commit |
//! | [`permission`] | what the assistant asks, what people answer |
//! | [`apply`] | what a command changes |
//! | [`timers`] | watchdogs, idle time, expiry |
//! | [`recover`] | turns that ran when the gateway went away |

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use adjutant_core::approval::Approval;
use adjutant_core::assistant::{Assistant, RunControl, RunEvent, SpoolOffset};
use adjutant_core::codebase::Codebase;
use adjutant_core::conversation::Conversation;
use adjutant_core::id::{ApprovalId, InboundSeq, PartId, RunId, SessionId};
use adjutant_core::kind::AssistantKind;
use adjutant_core::platform::{Part, Platform};
use adjutant_core::session::Session;
use adjutant_store::change::Change;
use adjutant_store::error::StoreError;
use adjutant_store::record::{Inbound, Lane, PartKind, Snapshot};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sync_wrapper::{SyncFuture, SyncStream};
use tokio::sync::{Notify, mpsc};

use crate::commands::{CommandError, Outcome};
use crate::context::Context;
use crate::delivery::{Draft, Target, Working};
use crate::dispatcher::{Dispatcher, Letter};
use crate::outbound::{self, Message};
use crate::slots::Slot;

mod apply;
mod begin;
mod ending;
mod events;
mod line;
mod permission;
mod prepare;
mod receive;
mod recover;
mod timers;
mod turn;

use prepare::Prepared;
use turn::ActiveTurn;

/// One active conversation.
pub struct Actor {
    context: Arc<Context>,
    dispatcher: Arc<Dispatcher>,
    lane: Lane,
    platform: Arc<dyn Platform>,
    conversation: Conversation,
    codebase: Option<Codebase>,
    session: Option<Session>,
    /// Received, not looked at yet.
    inbox: BTreeMap<InboundSeq, Inbound>,
    /// Taken from the inbox by this actor; a wake-up may list them again.
    seen: BTreeSet<InboundSeq>,
    /// Prompts and waiting commands, in order.
    line: VecDeque<Inbound>,
    work: Work,
    run: Option<LiveRun>,
    /// A run of the active session that another life of the gateway left behind.
    stored_run: Option<(RunId, SpoolOffset)>,
    approvals: BTreeMap<ApprovalId, Approval>,
    close_run: Arc<Notify>,
    /// The session was ended while its turn ran: its process is closed when that has stopped.
    close_after_turn: bool,
    /// The message of a command that showed its progress; its reply replaces it.
    growing: Option<PartId>,
    /// Goes along with the next commit: what a replay or the next message would find out again if it were lost.
    pending: Mutex<Vec<Change>>,
    /// Processes that were closed; ended after the commit that says so.
    endings: Vec<Ending>,
}

impl std::fmt::Debug for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Actor").field("conversation", &self.conversation.id).finish_non_exhaustive()
    }
}

/// Whether messages of the conversation may wait undelivered that an earlier life of the gateway, or another node,
/// has committed. It is asked when an actor is called for: by the time it runs, the start may be over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leftovers {
    Possible,
    None,
    /// The conversation was made by the message that called for the actor: there is nothing to read yet.
    New(Box<Conversation>),
}

impl Leftovers {
    #[must_use]
    pub fn now(context: &Context) -> Self {
        let possible = context.settings.shared_store || context.recovering.load(Ordering::Acquire);
        if possible { Self::Possible } else { Self::None }
    }
}

async fn read_snapshot(context: &Context, lane: Lane) -> Result<Snapshot, Halt> {
    loop {
        match context.store.snapshot(lane.conversation).await {
            Err(error) if error.is_temporary() => context.clock.sleep(std::time::Duration::from_secs(1)).await,
            result => return Ok(result?),
        }
    }
}

/// A future that only the actor polls; it need not be shared between threads for that.
type Job<T> = SyncFuture<BoxFuture<'static, T>>;

/// What the conversation works on.
enum Work {
    Idle,
    /// A prompt that waits for a place among the concurrent turns.
    Waiting {
        inbound: Box<Inbound>,
        prepared: Box<Prepared>,
        slot: Job<Option<Slot>>,
    },
    Command(Box<RunningCommand>),
    Turn(Box<ActiveTurn>),
}

/// A command that takes a while.
struct RunningCommand {
    inbound: Inbound,
    job: Job<Result<Outcome, CommandError>>,
    /// What it says about how far it is.
    reports: mpsc::UnboundedReceiver<String>,
    /// The message that shows that, and becomes the reply.
    shown: Option<(PartId, Draft)>,
    _working: Working,
}

/// A process that is not needed any more.
enum Ending {
    Held(Arc<dyn RunControl>),
    /// One that an earlier life of the gateway left behind.
    Stored(Arc<dyn Assistant>, RunId),
}

/// An open run.
struct LiveRun {
    id: RunId,
    session: SessionId,
    assistant: AssistantKind,
    control: Arc<dyn RunControl>,
    events: SyncStream<BoxStream<'static, RunEvent>>,
    /// Everything up to here was folded.
    cursor: SpoolOffset,
    idle_since: Option<std::time::Instant>,
}

/// Why an actor ends early.
#[derive(Debug, thiserror::Error)]
enum Halt {
    /// Another node holds the conversation now.
    #[error("another node holds the conversation")]
    Fenced,
    /// A defect of ours; the store has the truth.
    #[error(transparent)]
    Store(StoreError),
    /// The platform of this conversation is switched off.
    #[error("the platform is switched off")]
    NoPlatform,
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Fenced { .. } => Self::Fenced,
            other => Self::Store(other),
        }
    }
}

/// What the loop woke up for.
enum Wake {
    Letter(Option<Letter>),
    Slot(Option<Slot>),
    Command(Result<Outcome, CommandError>),
    Progress(String),
    Event(Option<RunEvent>),
    Timer,
    CloseRun,
    Stopping,
}

impl Actor {
    /// Runs until the conversation has nothing left to do, or the gateway stops.
    pub async fn run(
        context: Arc<Context>,
        dispatcher: Arc<Dispatcher>,
        lane: Lane,
        mut letters: mpsc::UnboundedReceiver<Letter>,
        mut leftovers: Leftovers,
    ) {
        loop {
            match Self::load(&context, &dispatcher, lane, leftovers).await {
                Ok(mut actor) => {
                    if let Err(halt) = actor.live(&mut letters).await {
                        actor.halted(&halt).await;
                    }
                }
                Err(Halt::NoPlatform) => tracing::debug!("the conversation waits: its platform is switched off"),
                Err(halt) => tracing::error!(error = %halt, "the conversation could not be read: {halt}"),
            }
            // What is left when the gateway stops is in the store, for its next life.
            if dispatcher.stopping().is_cancelled() || dispatcher.retire(lane.conversation, &letters) {
                return;
            }
            // Letters that came in the last moment are for another actor.
            leftovers = Leftovers::now(&context);
        }
    }

    async fn load(
        context: &Arc<Context>,
        dispatcher: &Arc<Dispatcher>,
        lane: Lane,
        leftovers: Leftovers,
    ) -> Result<Self, Halt> {
        let snapshot = match &leftovers {
            Leftovers::New(conversation) => Snapshot::of_new(conversation.as_ref().clone()),
            Leftovers::Possible | Leftovers::None => read_snapshot(context, lane).await?,
        };
        let platform = context.platform(snapshot.conversation.platform).ok_or(Halt::NoPlatform)?;
        let mut actor = Self {
            platform: Arc::clone(platform),
            context: Arc::clone(context),
            dispatcher: Arc::clone(dispatcher),
            lane,
            conversation: snapshot.conversation.clone(),
            codebase: snapshot.codebase.clone(),
            session: snapshot.session.clone(),
            inbox: BTreeMap::new(),
            seen: BTreeSet::new(),
            line: VecDeque::new(),
            work: Work::Idle,
            run: None,
            stored_run: snapshot.run.as_ref().map(|run| (run.id, run.offset)),
            approvals: snapshot.approvals.iter().map(|approval| (approval.id, approval.clone())).collect(),
            close_run: Arc::new(Notify::new()),
            close_after_turn: false,
            growing: None,
            pending: Mutex::default(),
            endings: Vec::new(),
        };
        if leftovers == Leftovers::Possible {
            // Before anything new is said: what an earlier life committed and did not deliver comes first.
            let rows = context.store.undelivered_of(lane.conversation).await?;
            context.delivery.recover(Some(lane), rows);
        }
        actor.take_in(snapshot).await?;
        Ok(actor)
    }

    /// Goes on where the rows say the conversation stands.
    async fn take_in(&mut self, snapshot: Snapshot) -> Result<(), Halt> {
        let running = snapshot.turn.as_ref().map(|turn| turn.inbound);
        for inbound in snapshot.inbound {
            if Some(inbound.seq) == running {
                self.seen.insert(inbound.seq);
                if let Some(turn) = &snapshot.turn {
                    self.recover(turn.clone(), inbound, &snapshot.reply).await?;
                }
            } else {
                self.file(inbound);
            }
        }
        Ok(())
    }

    async fn live(&mut self, letters: &mut mpsc::UnboundedReceiver<Letter>) -> Result<(), Halt> {
        loop {
            self.catch_up().await?;
            self.end_closed_runs();
            if self.has_nothing_left() && letters.is_empty() {
                return Ok(());
            }
            match self.next_wake(letters).await {
                Wake::Stopping => return self.leave().await,
                Wake::Letter(None) => return Ok(()),
                Wake::Letter(Some(letter)) => self.on_letter(letter).await?,
                Wake::Slot(slot) => self.on_slot(slot).await?,
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
        }
        Ok(())
    }

    fn file(&mut self, inbound: Inbound) {
        if self.seen.insert(inbound.seq) {
            self.inbox.insert(inbound.seq, inbound);
        }
        // A wake-up lists only what is not handled yet; far older numbers never come again.
        while self.seen.len() > 1024 {
            self.seen.pop_first();
        }
    }

    fn has_nothing_left(&self) -> bool {
        matches!(self.work, Work::Idle) && self.line.is_empty() && self.inbox.is_empty() && self.run.is_none()
    }

    /// The gateway stops: the run goes on without it, and the next life of the gateway attaches to it.
    async fn leave(&mut self) -> Result<(), Halt> {
        if let (Some(run), Work::Idle | Work::Waiting { .. } | Work::Command(_)) = (&self.run, &self.work) {
            run.control.keep_until(self.context.clock.now() + self.idle_time()).await;
        }
        Ok(())
    }

    async fn halted(&mut self, halt: &Halt) {
        self.context.live.not_idle(self.lane.conversation);
        let Halt::Store(error) = halt else {
            tracing::info!(reason = %halt, "the conversation was let go: {halt}");
            return;
        };
        let reference = crate::fault::reference();
        tracing::error!(%error, reference, "the conversation was let go (reference {reference}): {error}");
        if let Err(error) = crate::fault::count_poison(&self.context, self.lane, &reference).await {
            tracing::error!(%error, reference, "the failed message could not be counted: {error}");
        }
        // A defect that stays must not turn in circles at full speed.
        self.context.clock.sleep(std::time::Duration::from_secs(1)).await;
        self.dispatcher.again(self.lane);
    }

    fn target(&self) -> Target {
        Target::new(self.conversation.platform, self.conversation.key.clone())
    }

    fn notice(&self, text: impl Into<String>) -> Message {
        Message::new(&self.conversation, PartKind::Notice, Part::text(text))
    }

    /// Commits these changes and messages, and what is pending before them.
    async fn commit(&self, changes: Vec<Change>, messages: Vec<Message>) -> Result<(), Halt> {
        let changes = self.with_pending(changes);
        Ok(outbound::commit(&self.context, self.lane, changes, messages).await?)
    }

    fn with_pending(&self, changes: Vec<Change>) -> Vec<Change> {
        let mut all = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        all.extend(changes);
        all
    }

    /// Leaves a change to the next commit.
    fn later(&self, change: Change) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }
}

async fn next_work(work: &mut Work) -> Wake {
    match work {
        Work::Waiting { slot, .. } => Wake::Slot(slot.await),
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
