//! The store's face.

use std::sync::Arc;

use adjutant_core::approval::Approval;
use adjutant_core::clock::Clock;
use adjutant_core::codebase::Codebase;
use adjutant_core::conversation::Conversation;
use adjutant_core::id::{ApprovalId, CodebaseId, ConversationId, PartId, SessionId};
use adjutant_core::kind::PlatformKind;
use adjutant_core::message::{ConversationKey, InboundMessage};
use adjutant_core::session::Session;
use chrono::{DateTime, Utc};
use tokio::sync::broadcast;

use crate::change::{Change, NewPart};
use crate::error::StoreError;
use crate::record::{Accepted, AllowedSender, Lane, Node, OutboxRow, PairingCode, Run, Snapshot, UsageSum};

/// How to open the store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// `sqlite://path`, `postgres://…` or `postgresql://…`.
    pub url: String,
    /// Unique per data directory: host name and a hash of the directory.
    pub node: String,
    pub clock: Clock,
    /// Connections for reading.
    pub readers: u32,
}

/// What migrating did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MigrationReport {
    /// Migrations applied now; 0: the schema was up to date.
    pub applied: usize,
    /// The schema's version now.
    pub version: i64,
}

/// What the sweep removed or blanked, in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepReport {
    pub inbound: u64,
    pub outbox: u64,
    pub approvals: u64,
    pub pairings: u64,
    pub blanked: u64,
}

/// By what a codebase is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodebaseLookup<'a> {
    Id(CodebaseId),
    Name(&'a str),
    /// `codebase_1a2b3c` or the six digits alone.
    ShortId(&'a str),
    Url(&'a str),
    Path(&'a str),
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    node: Node,
    wakeups: broadcast::Sender<ConversationId>,
}

fn temporary() -> StoreError {
    StoreError::Unavailable { reason: "being built".to_owned() }
}

impl Store {
    pub async fn open(_options: StoreOptions) -> Result<Self, StoreError> {
        Err(temporary())
    }

    pub async fn open_for_command(_options: StoreOptions) -> Result<Self, StoreError> {
        Err(temporary())
    }

    pub async fn migrate(&self) -> Result<MigrationReport, StoreError> {
        Err(temporary())
    }

    pub fn node(&self) -> Node {
        self.inner.node.clone()
    }

    pub fn wakeups(&self) -> broadcast::Receiver<ConversationId> {
        self.inner.wakeups.subscribe()
    }

    pub async fn ping(&self) -> Result<(), StoreError> {
        Err(temporary())
    }

    pub async fn close(self) {}

    pub async fn accept(&self, _batch: Vec<InboundMessage>) -> Result<Vec<Accepted>, StoreError> {
        Err(temporary())
    }

    pub async fn claim(&self, _conversation: ConversationId) -> Result<Option<Lane>, StoreError> {
        Err(temporary())
    }

    pub async fn commit(&self, _lane: Option<Lane>, _changes: Vec<Change>) -> Result<(), StoreError> {
        Err(temporary())
    }

    pub async fn reserve_approval(&self) -> Result<ApprovalId, StoreError> {
        Err(temporary())
    }

    pub async fn snapshot(&self, _conversation: ConversationId) -> Result<Snapshot, StoreError> {
        Err(temporary())
    }

    pub async fn find_conversation(
        &self,
        _platform: PlatformKind,
        _key: &ConversationKey,
    ) -> Result<Option<Conversation>, StoreError> {
        Err(temporary())
    }

    pub async fn list_conversations(
        &self,
        _platform: PlatformKind,
        _after: Option<ConversationId>,
        _limit: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        Err(temporary())
    }

    pub async fn list_due(&self, _now: DateTime<Utc>, _limit: u32) -> Result<Vec<ConversationId>, StoreError> {
        Err(temporary())
    }

    pub async fn list_undelivered(&self, _limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        Err(temporary())
    }

    pub async fn undelivered_of(&self, _conversation: ConversationId) -> Result<Vec<OutboxRow>, StoreError> {
        Err(temporary())
    }

    pub async fn part(&self, _id: PartId) -> Result<Option<OutboxRow>, StoreError> {
        Err(temporary())
    }

    pub async fn list_codebases(&self) -> Result<Vec<Codebase>, StoreError> {
        Err(temporary())
    }

    pub async fn find_codebase(&self, _by: CodebaseLookup<'_>) -> Result<Option<Codebase>, StoreError> {
        Err(temporary())
    }

    pub async fn list_sessions(&self, _conversation: ConversationId, _limit: u32) -> Result<Vec<Session>, StoreError> {
        Err(temporary())
    }

    pub async fn session(&self, _id: SessionId) -> Result<Option<Session>, StoreError> {
        Err(temporary())
    }

    pub async fn list_live_runs(&self) -> Result<Vec<Run>, StoreError> {
        Err(temporary())
    }

    pub async fn find_approval(&self, _id: ApprovalId) -> Result<Option<Approval>, StoreError> {
        Err(temporary())
    }

    pub async fn list_open_approvals(&self) -> Result<Vec<Approval>, StoreError> {
        Err(temporary())
    }

    pub async fn usage_since(
        &self,
        _conversation: Option<ConversationId>,
        _since: DateTime<Utc>,
    ) -> Result<UsageSum, StoreError> {
        Err(temporary())
    }

    pub async fn list_allowed(&self) -> Result<Vec<AllowedSender>, StoreError> {
        Err(temporary())
    }

    pub async fn allow(&self, _sender: AllowedSender) -> Result<(), StoreError> {
        Err(temporary())
    }

    pub async fn open_pairing(&self, _platform: PlatformKind, _until: DateTime<Utc>) -> Result<(), StoreError> {
        Err(temporary())
    }

    pub async fn pairing_open_until(&self, _platform: PlatformKind) -> Result<Option<DateTime<Utc>>, StoreError> {
        Err(temporary())
    }

    pub async fn pairing_code(&self, _code: PairingCode, _part: NewPart) -> Result<bool, StoreError> {
        Err(temporary())
    }

    pub async fn redeem_pairing(&self, _code: &str, _now: DateTime<Utc>) -> Result<Option<AllowedSender>, StoreError> {
        Err(temporary())
    }

    pub async fn sweep(&self, _now: DateTime<Utc>) -> Result<SweepReport, StoreError> {
        Err(temporary())
    }
}
