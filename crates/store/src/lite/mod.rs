//! SQLite: one writer that commits what has gathered, a few readers, a lock that keeps a second gateway out.

mod file;
mod quiet;
mod writer;

use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adjutant_core::id::ApprovalId;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection, SqlitePool};
use tokio::sync::{OnceCell, mpsc, oneshot};

use crate::conn::Conn;
use crate::counters::Counters;
use crate::error::StoreError;
use crate::job::{Answer, Job};
use crate::record::Node;
use crate::sql;
use crate::store::StoreOptions;

use file::Lock;
pub(crate) use quiet::Bell;
use writer::{Order, Writer};

/// How long a statement waits for a lock that another program holds on the file (also in the writer's checkpoint).
const BUSY: Duration = Duration::from_secs(5);

/// What the statements of the longest script did has room, so that it never waits for somebody to look.
const SCRIPT_RESULTS: usize = 256;

/// Jobs that may wait for the writer; more of them wait in their callers.
const QUEUE: usize = 256;

/// An open SQLite database.
#[derive(Debug)]
pub(crate) struct Lite {
    pub(crate) node: Node,
    writer: mpsc::Sender<Order>,
    readers: SqlitePool,
    options: SqliteConnectOptions,
    /// The last approval number given; read from the database when the first is asked for.
    approvals: OnceCell<AtomicI64>,
    /// Held as long as the store is open.
    lock: Mutex<Option<Lock>>,
}

impl Lite {
    pub(crate) async fn open(options: &StoreOptions, counters: Counters) -> Result<Self, StoreError> {
        let path = file::path_of(&options.url)?;
        file::prepare(&path)?;
        let now = options.clock.now();
        let holder = format!("process {} of `{}`, since {}", std::process::id(), options.node, now.format("%F %T UTC"));
        let lock = Lock::take(&path, &holder)?;

        let connect = connect_options(&options.url)?;
        let bell = Bell::default();
        let mut conn = connect_writer(&connect, &bell).await?;
        let node = enter(&mut conn, &options.node, &holder, now).await?;
        let (orders, queue) = mpsc::channel(QUEUE);
        let writer = Writer::new((conn, bell), connect.clone(), node.clone(), (options.clock.clone(), counters));
        tokio::spawn(writer.run(queue));

        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .min_connections(0)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(BUSY)
            .connect_lazy_with(connect.clone().read_only(true).create_if_missing(false).statement_cache_capacity(32));
        Ok(Self {
            node,
            writer: orders,
            readers,
            options: connect,
            approvals: OnceCell::new(),
            lock: Mutex::new(Some(lock)),
        })
    }

    pub(crate) const fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    pub(crate) fn waiting(&self) -> usize {
        self.writer.max_capacity() - self.writer.capacity()
    }

    /// A connection of its own for migrations.
    pub(crate) async fn connect(&self) -> Result<SqliteConnection, StoreError> {
        connect_writer(&self.options, &Bell::default()).await
    }

    pub(crate) async fn write(&self, job: Job) -> Result<Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.writer.send(Order::Run(job, reply)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// The next approval number. Nothing is written: a number that is never asked under is simply given again.
    pub(crate) async fn reserve_approval(&self) -> Result<ApprovalId, StoreError> {
        let last = self
            .approvals
            .get_or_try_init(|| async {
                let mut conn =
                    self.readers.acquire().await.map_err(|e| StoreError::from_sqlx("remote_agent_approvals", e))?;
                sql::approval::last(&mut Conn::Lite(&mut conn)).await.map(|last| AtomicI64::new(last.0))
            })
            .await?;
        Ok(ApprovalId(last.fetch_add(1, Ordering::Relaxed) + 1))
    }

    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.writer.send(Order::Stop(done)).await.is_ok() {
            // An error here means that the writer has stopped already.
            let _ = closed.await;
        }
        self.readers.close().await;
        if let Ok(mut lock) = self.lock.lock() {
            *lock = None;
        }
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable { reason: "the store is closed".to_owned() }
}

fn connect_options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    let options = SqliteConnectOptions::from_str(url).map_err(|error| StoreError::from_sqlx("database", error))?;
    Ok(options
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .synchronous(SqliteSynchronous::Full)
        // Small caches: idle memory counts, and the operating system caches the file anyway.
        .pragma("cache_size", "-512")
        .pragma("mmap_size", "0")
        .pragma("temp_store", "memory")
        // Blanked texts are overwritten, not just forgotten.
        .pragma("secure_delete", "on")
        // The writer checkpoints when nobody waits for it.
        .pragma("wal_autocheckpoint", "0")
        .statement_cache_capacity(64)
        .disable_statement_logging())
}

async fn connect_writer(options: &SqliteConnectOptions, bell: &Bell) -> Result<SqliteConnection, StoreError> {
    let options = options.clone().journal_mode(SqliteJournalMode::Wal).row_buffer_size(SCRIPT_RESULTS);
    let failed = |error| StoreError::from_sqlx("database", error);
    let mut conn = SqliteConnection::connect_with(&options).await.map_err(failed)?;
    bell.hang(&mut conn).await.map_err(failed)?;
    sqlx::query(crate::script::GUARD_TABLE).execute(&mut conn).await.map_err(failed)?;
    Ok(conn)
}

async fn enter(
    conn: &mut SqliteConnection,
    name: &str,
    holder: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Node, StoreError> {
    sqlx::query(sql::node::CREATE_LITE)
        .execute(&mut *conn)
        .await
        .map_err(|error| StoreError::from_sqlx("remote_agent_nodes", error))?;
    sql::node::enter(&mut Conn::Lite(conn), name, holder, (now, 0.0)).await
}
