//! The store's face: opening and closing. Reading is in `read`, writing in `write`.

mod migrate;
mod options;
mod read;
mod write;

use std::sync::Arc;
use std::time::Duration;

use adjutant_core::clock::Clock;
use adjutant_core::id::ConversationId;
use tokio::sync::broadcast;

use crate::counters::Counters;
use crate::error::StoreError;
use crate::job::Job;
use crate::lite::Lite;
use crate::pg::{LEASE, Pg, Purpose};
use crate::record::Node;

pub use crate::counters::StoreFigures;
pub use migrate::MigrationReport;
pub use options::{CodebaseLookup, StoreOptions, SweepReport};

/// How long the database may take to show that it can be written.
const PING: Duration = Duration::from_secs(2);

/// Wake-ups that may wait for a slow listener; those beyond are found by its poll.
const WAKEUPS: usize = 256;

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    db: Db,
    clock: Clock,
    counters: Counters,
    wakeups: broadcast::Sender<ConversationId>,
}

#[derive(Debug)]
enum Db {
    Lite(Box<Lite>),
    Pg(Box<Pg>),
}

impl Store {
    /// Connects and becomes a new epoch of this node: takes the lock beside an SQLite file, or the node's lease
    /// on PostgreSQL. Does not migrate.
    ///
    /// # Errors
    /// [`StoreError::Taken`] while another gateway lives on the same file or under the same name,
    /// [`StoreError::Address`] when the address cannot be used, [`StoreError::Unavailable`] when nobody answers.
    pub async fn open(options: StoreOptions) -> Result<Self, StoreError> {
        Self::open_with_lease(options, LEASE).await
    }

    /// As [`Store::open`], with another length of lease. Only PostgreSQL knows leases.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with_lease(options: StoreOptions, lease: Duration) -> Result<Self, StoreError> {
        let wakeups = broadcast::Sender::new(WAKEUPS);
        let purpose = Purpose::Gateway { lease, wakeups: wakeups.clone() };
        Self::open_for(options, purpose, wakeups).await
    }

    /// For one verb of the command line. An SQLite file is locked as by a gateway; on PostgreSQL a command works
    /// beside the gateways and holds nothing.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_for_command(options: StoreOptions) -> Result<Self, StoreError> {
        Self::open_for(options, Purpose::Command, broadcast::Sender::new(1)).await
    }

    async fn open_for(
        options: StoreOptions,
        purpose: Purpose,
        wakeups: broadcast::Sender<ConversationId>,
    ) -> Result<Self, StoreError> {
        let counters = Counters::default();
        let db = match options.url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Db::Lite(Box::new(Lite::open(&options, counters.clone()).await?)),
            Some("postgres" | "postgresql") => Db::Pg(Box::new(Pg::open(&options, purpose, counters.clone()).await?)),
            _ => {
                let reason = "it must begin with `sqlite://` or `postgres://`".to_owned();
                return Err(StoreError::Address { reason });
            }
        };
        Ok(Self { inner: Arc::new(Inner { db, clock: options.clock, counters, wakeups }) })
    }

    /// This gateway's membership.
    #[must_use]
    pub fn node(&self) -> Node {
        match &self.inner.db {
            Db::Lite(lite) => lite.node.clone(),
            Db::Pg(pg) => pg.node.clone(),
        }
    }

    /// Conversations of ours for which another node accepted a message. Never fires on SQLite.
    #[must_use]
    pub fn wakeups(&self) -> broadcast::Receiver<ConversationId> {
        self.inner.wakeups.subscribe()
    }

    /// What was written since the store was opened.
    #[must_use]
    pub fn figures(&self) -> StoreFigures {
        self.inner.counters.figures()
    }

    /// Jobs that wait for the writer; always 0 on PostgreSQL, where transactions go side by side.
    #[must_use]
    pub fn waiting(&self) -> usize {
        match &self.inner.db {
            Db::Lite(lite) => lite.waiting(),
            Db::Pg(_) => 0,
        }
    }

    /// Writes something without meaning, so that a full disk or a read-only file system shows.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when that did not work within two seconds.
    pub async fn ping(&self) -> Result<(), StoreError> {
        tokio::select! {
            answer = self.write(Job::Ping) => answer.map(drop),
            () = self.inner.clock.sleep(PING) => {
                Err(StoreError::Unavailable { reason: "no answer within two seconds".to_owned() })
            }
        }
    }

    /// Writes what waits, checkpoints, and gives lock or lease back. Other clones are closed with it.
    pub async fn close(self) {
        match &self.inner.db {
            Db::Lite(lite) => lite.close().await,
            Db::Pg(pg) => pg.close().await,
        }
    }
}
