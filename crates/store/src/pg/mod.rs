//! PostgreSQL: several gateways on one database, each with a lease on the database's clock.

mod lease;
mod wake;

use std::str::FromStr;
use std::sync::Mutex;
use std::time::Duration;

use adjutant_core::id::{ApprovalId, ConversationId};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool};
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;

use crate::conn::Conn;
use crate::counters::Counters;
use crate::error::StoreError;
use crate::job::{self, Answer, Job};
use crate::record::Node;
use crate::sql;
use crate::store::StoreOptions;

use lease::Lease;

/// How long a node may be silent before its conversations are anybody's.
pub(crate) const LEASE: Duration = Duration::from_secs(15);

/// How long a call waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);

/// Connections for writing, besides the readers: transactions of different conversations go side by side.
const WRITERS: u32 = 4;

/// How often a transaction is tried that the database broke off in favour of another one.
const ATTEMPTS: usize = 5;

/// An open PostgreSQL database.
#[derive(Debug)]
pub(crate) struct Pg {
    pub(crate) node: Node,
    pool: PgPool,
    clock: adjutant_core::clock::Clock,
    counters: Counters,
    /// `None`: a command's store, which holds nothing that must be kept alive.
    background: Option<Background>,
}

#[derive(Debug)]
struct Background {
    lease: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
    wake: JoinHandle<()>,
}

impl Drop for Background {
    fn drop(&mut self) {
        // The lease's task ends by itself when its sender goes.
        self.wake.abort();
    }
}

/// What a store is opened for.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    /// A gateway: holds lanes, is woken.
    Gateway { lease: Duration, wakeups: broadcast::Sender<ConversationId> },
    /// One verb of the command line.
    Command,
}

impl Pg {
    pub(crate) async fn open(options: &StoreOptions, purpose: Purpose, counters: Counters) -> Result<Self, StoreError> {
        let connect = connect_options(&options.url)?;
        let pool = PgPoolOptions::new()
            .max_connections(options.readers.max(1) + WRITERS + 1)
            .min_connections(0)
            .acquire_timeout(ACQUIRE)
            .idle_timeout(Duration::from_secs(300))
            .connect_lazy_with(connect.clone());
        let clock = options.clock.clone();
        let (node, background) = match purpose {
            Purpose::Command => {
                lease::bootstrap(&mut lease::connect(&connect).await?).await?;
                (Node { name: format!("{} (command)", options.node), epoch: 0 }, None)
            }
            Purpose::Gateway { lease, wakeups } => {
                let lease = Lease::take(connect, &options.node, (lease, clock.clone())).await?;
                let node = lease.node.clone();
                let (stop, stopped) = oneshot::channel();
                let wake = tokio::spawn(wake::listen(pool.clone(), node.name.clone(), clock.clone(), wakeups));
                let lease = Mutex::new(Some((stop, tokio::spawn(lease.keep(stopped)))));
                (node, Some(Background { lease, wake }))
            }
        };
        Ok(Self { node, pool, clock, counters, background })
    }

    pub(crate) const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// One transaction on a connection of the pool. PostgreSQL groups the commits of several by itself.
    pub(crate) async fn write(&self, job: Job) -> Result<Answer, StoreError> {
        let mut attempt = 1;
        loop {
            match self.attempt(&job).await {
                // Broken off in favour of another one: the same again will pass.
                Err(StoreError::Conflict) if attempt < ATTEMPTS => attempt += 1,
                Ok(answer) => {
                    self.counters.committed(1);
                    return Ok(answer);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn attempt(&self, job: &Job) -> Result<Answer, StoreError> {
        let mut tx = self.pool.begin().await.map_err(|error| StoreError::from_sqlx("database", error))?;
        let answer = job::run(&mut Conn::Pg(&mut tx), job, &self.node, self.clock.now()).await?;
        tx.commit().await.map_err(|error| StoreError::from_sqlx("database", error))?;
        Ok(answer)
    }

    pub(crate) async fn reserve_approval(&self) -> Result<ApprovalId, StoreError> {
        let mut conn = self.pool.acquire().await.map_err(|e| StoreError::from_sqlx("remote_agent_approvals", e))?;
        sql::approval::reserve(&mut Conn::Pg(&mut conn)).await
    }

    pub(crate) async fn close(&self) {
        if let Some(background) = &self.background {
            background.wake.abort();
            let lease = background.lease.lock().ok().and_then(|mut lease| lease.take());
            if let Some((stop, task)) = lease {
                let _ = stop.send(());
                let _ = task.await;
            }
        }
        self.pool.close().await;
    }
}

fn connect_options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Address { reason: "it is no valid PostgreSQL address".to_owned() })?;
    Ok(options.application_name("adjutant").statement_cache_capacity(100).disable_statement_logging())
}
