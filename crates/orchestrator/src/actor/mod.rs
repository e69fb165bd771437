//! The actor of one active conversation: it owns the lane and all state of the conversation, so that everything
//! in it happens in order. It ends when nothing is left to do and its process is closed.
//!
//! | module | what |
//! | --- | --- |
//! | [`life`] [`wake`] | made from the rows, and the loop it lives in |
//! | [`receive`] | what a message means: a prompt, a command, a button |
//! | [`line`] | the prompts that wait, and what is next |
//! | [`told`] | the message that says what becomes of one that waits |
//! | [`hold`] | a message waits for the end of its provider's limit |
//! | [`steer`] | a message goes into the turn that runs |
//! | [`place`] | a turn needs a place among the concurrent ones and its directory for itself |
//! | [`edited`] | a person changed a message they had sent |
//! | [`taint`] | what a session may do that took in a stranger's text |
//! | [`prepare`] [`files`] | a message becomes the text of a prompt, its files paths |
//! | [`begin`] | a turn starts: session, run, rows, prompt |
//! | [`turn`] [`events`] | a turn that runs, and what its assistant says |
//! | [`work`] | what a turn has done: files, tests, time |
//! | [`handing`] | the files a turn hands to its person |
//! | [`ending`] | a turn ends: its last parts and all its rows in one commit |
//! | [`offer`] | a message whose turn failed may be tried again |
//! | [`permission`] [`question`] | what the assistant asks, what people answer |
//! | [`apply`] [`forget`] | what a command changes, what it deletes |
//! | [`menu`] | the commands that the platform's apps offer |
//! | [`away`] | nothing can be said here, or only elsewhere |
//! | [`timers`] | watchdogs, idle time, expiry |
//! | [`recover`] | turns that ran when the gateway went away |

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use adjutant_core::approval::Approval;
use adjutant_core::assistant::{Assistant, RunControl, RunEvent, SpoolOffset};
use adjutant_core::codebase::Codebase;
use adjutant_core::conversation::Conversation;
use adjutant_core::id::{ApprovalId, InboundSeq, PartId, RunId, SessionId};
use adjutant_core::kind::AssistantKind;
use adjutant_core::message::MessageRef;
use adjutant_core::platform::{Part, Platform};
use adjutant_core::session::Session;
use adjutant_store::change::Change;
use adjutant_store::error::StoreError;
use adjutant_store::record::{Inbound, Lane, PartKind};
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sync_wrapper::{SyncFuture, SyncStream};
use tokio::sync::{Notify, mpsc};

use crate::commands::{CommandError, Outcome};
use crate::context::Context;
use crate::delivery::{Draft, Working};
use crate::dispatcher::Dispatcher;
use crate::outbound::{self, Message};

mod apply;
mod away;
mod begin;
mod edited;
mod ending;
mod events;
mod files;
mod forget;
mod handing;
mod hold;
mod life;
mod line;
mod menu;
mod offer;
mod permission;
mod place;
mod prepare;
mod question;
mod receive;
mod recover;
mod steer;
mod taint;
mod timers;
mod told;
mod turn;
mod wake;
mod work;

pub use life::Leftovers;
use menu::MenuNews;
use place::{Place, WaitsFor};
use prepare::Prepared;
use turn::ActiveTurn;

/// One active conversation.
pub struct Actor {
    context: Arc<Context>,
    dispatcher: Arc<Dispatcher>,
    lane: Lane,
    platform: Arc<dyn Platform>,
    conversation: Conversation,
    /// Since when nothing can be said here.
    away_since: Option<DateTime<Utc>>,
    codebase: Option<Codebase>,
    menu_news: MenuNews,
    session: Option<Session>,
    /// The model that the session's process said it uses.
    announced_model: Option<String>,
    /// Messages under which a sign says that their turn failed. Another try takes it away.
    failed: Vec<MessageRef>,
    /// Received, not looked at yet.
    inbox: BTreeMap<InboundSeq, Inbound>,
    /// Taken from the inbox by this actor; a wake-up may list them again.
    seen: BTreeSet<InboundSeq>,
    /// Prompts and waiting commands, in order.
    line: VecDeque<Inbound>,
    /// Those that were changed by their person, who was told so.
    edited: BTreeSet<InboundSeq>,
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
    /// The lane's row may call for an actor, at the next start or at once on another node.
    is_due: bool,
}

impl std::fmt::Debug for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Actor").field("conversation", &self.conversation.id).finish_non_exhaustive()
    }
}

/// A future that only the actor polls; it need not be shared between threads for that.
type Job<T> = SyncFuture<BoxFuture<'static, T>>;

/// What the conversation works on.
enum Work {
    Idle,
    /// A prompt that waits for a place among the concurrent turns, or for its directory.
    Waiting {
        inbound: Box<Inbound>,
        prepared: Box<Prepared>,
        place: Job<Place>,
        waits_for: WaitsFor,
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
    /// A person has allowed something for as long as it lives.
    allows_unasked: bool,
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

impl Actor {
    fn notice(&self, text: impl Into<String>) -> Message {
        Message::new(&self.conversation, PartKind::Notice, Part::text(text))
    }

    /// Commits these changes and messages, and what is pending before them.
    async fn commit(&self, changes: Vec<Change>, messages: Vec<Message>) -> Result<(), Halt> {
        let changes = self.with_pending(changes);
        Ok(outbound::commit(&self.context, self.lane, changes, messages).await?)
    }

    /// When somebody has to look at the lane again, once nothing of this moment is left to do. Goes at the end of a
    /// commit: a message that came in meanwhile keeps the lane due.
    fn rest(&mut self) -> Option<Change> {
        if !self.is_due || !self.inbox.is_empty() {
            return None;
        }
        let at = match self.line.front() {
            None => None,
            Some(first) => Some(first.hold.as_ref()?.until),
        };
        self.is_due = at.is_some();
        Some(Change::Due { conversation: self.conversation.id, at })
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
