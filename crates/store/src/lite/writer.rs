//! Group commit: everything that has gathered while the last transaction was being made durable goes into the
//! next one. A durable commit costs the same for one job and for a hundred.

use std::time::Duration;

use adjutant_core::clock::Clock;
use adjutant_core::message::InboundMessage;
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::Bell;
use crate::conn::Conn;
use crate::counters::Counters;
use crate::error::StoreError;
use crate::job::{self, Answer, Job};
use crate::record::Node;
use crate::script::{Broken, Script};
use crate::sql;

/// The most jobs in one transaction, so that the first of them does not wait for long.
const BATCH: usize = 128;

/// Checkpoints are made off the path of an answer: when nothing has come for so long …
const QUIET: Duration = Duration::from_secs(10);

/// … or, where it never gets quiet, after so many jobs (a job dirties about five pages of 4 KiB).
const BUSY_JOBS: u64 = 1_000;

type Reply = oneshot::Sender<Result<Answer, StoreError>>;

/// What the writer is asked.
#[derive(Debug)]
pub(super) enum Order {
    Run(Job, Reply),
    /// Checkpoint and close.
    Stop(oneshot::Sender<()>),
}

/// The only one that writes.
pub(super) struct Writer {
    /// `None` after an error that may have left it unusable: it is opened again when it is needed.
    conn: Option<SqliteConnection>,
    bell: Bell,
    options: SqliteConnectOptions,
    node: Node,
    clock: Clock,
    counters: Counters,
    /// Jobs committed since the last checkpoint.
    unsaved: u64,
}

impl Writer {
    pub(super) fn new(
        (conn, bell): (SqliteConnection, Bell),
        options: SqliteConnectOptions,
        node: Node,
        (clock, counters): (Clock, Counters),
    ) -> Self {
        Self { conn: Some(conn), bell, options, node, clock, counters, unsaved: 0 }
    }

    /// Runs until it is stopped or nobody can ask any more.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Order>) {
        let mut stop = None;
        let mut batch = Vec::new();
        while stop.is_none() {
            let Some(first) = self.next(&mut queue).await else { break };
            let mut order = Some(first);
            while let Some(next) = order.take() {
                match next {
                    Order::Run(job, reply) => batch.push((job, reply)),
                    Order::Stop(done) => stop = Some(done),
                }
                if stop.is_none() && batch.len() < BATCH {
                    order = queue.try_recv().ok();
                }
            }
            self.commit(&mut batch).await;
            if self.unsaved >= BUSY_JOBS {
                self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)").await;
                // What it moved still stands in the log: the next quiet empties that.
                self.unsaved = 1;
            }
        }
        self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)").await;
        if let Some(conn) = self.conn.take() {
            // Nothing depends on it: every answer was given after its commit.
            let _ = conn.close().await;
        }
        if let Some(done) = stop {
            let _ = done.send(());
        }
    }

    /// The next order; uses the quiet for a checkpoint, which also takes blanked texts out of the log.
    async fn next(&mut self, queue: &mut mpsc::Receiver<Order>) -> Option<Order> {
        while self.unsaved > 0 {
            tokio::select! {
                order = queue.recv() => return order,
                () = self.clock.sleep(QUIET) => self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)").await,
            }
        }
        queue.recv().await
    }

    async fn commit(&mut self, batch: &mut Vec<(Job, Reply)>) {
        if batch.is_empty() {
            return;
        }
        let (jobs, replies): (Vec<Job>, Vec<Reply>) = batch.drain(..).unzip();
        match self.transaction(&jobs).await {
            Ok(answers) => {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    // Whoever asked may be gone; what was written stands.
                    let _ = reply.send(Ok(answer));
                }
            }
            // One of them failed: nobody else's work may suffer for it.
            Err(Failure::Job(_)) if jobs.len() > 1 => {
                for (job, reply) in jobs.iter().zip(replies) {
                    let _ = reply.send(self.alone(job).await);
                }
            }
            Err(Failure::Job(error) | Failure::Whole(error)) => {
                for reply in replies {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }

    async fn alone(&mut self, job: &Job) -> Result<Answer, StoreError> {
        match self.transaction(std::slice::from_ref(job)).await {
            Ok(mut answers) => answers.pop().ok_or_else(|| StoreError::Unavailable { reason: "no answer".to_owned() }),
            Err(Failure::Job(error) | Failure::Whole(error)) => Err(error),
        }
    }

    /// All of them in one transaction, or none.
    async fn transaction(&mut self, jobs: &[Job]) -> Result<Vec<Answer>, Failure> {
        let outcome = self.attempt(jobs).await;
        match &outcome {
            Ok(_) => {
                self.unsaved += jobs.len() as u64;
                self.counters.committed(jobs.len() as u64);
            }
            Err(failure) => self.give_up(failure).await,
        }
        outcome
    }

    async fn attempt(&mut self, jobs: &[Job]) -> Result<Vec<Answer>, Failure> {
        if self.conn.is_none() {
            self.conn = Some(super::connect_writer(&self.options, &self.bell).await.map_err(Failure::Whole)?);
        }
        let Some(conn) = self.conn.as_mut() else { return Ok(Vec::new()) };
        // What comes alone, as most does, is one call.
        if let [job] = jobs
            && let Some(answer) = in_one_call((conn, &self.bell), job, &self.node, self.clock.now()).await
        {
            return answer.map(|answer| vec![answer]);
        }
        // Not sqlx's own transaction: when SQLite rolls back by itself (disk full), that one loses count.
        statement(conn, "BEGIN IMMEDIATE").await?;
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            let now = self.clock.now();
            let answer = job::run(&mut Conn::Lite(conn), job, &self.node, now).await.map_err(Failure::Job)?;
            answers.push(answer);
        }
        statement(conn, "COMMIT").await?;
        Ok(answers)
    }

    /// Rolls back. After trouble with the file a fresh connection is the safest ground.
    async fn give_up(&mut self, failure: &Failure) {
        let (Failure::Job(error) | Failure::Whole(error)) = failure;
        let fresh = matches!(error, StoreError::Unavailable { .. } | StoreError::Corrupt { .. });
        if let Some(mut conn) = self.conn.take() {
            let rolled_back = statement(&mut conn, "ROLLBACK").await.is_ok();
            if rolled_back && !fresh {
                self.conn = Some(conn);
            }
        }
    }

    async fn checkpoint(&mut self, how: &'static str) {
        let Some(conn) = self.conn.as_mut() else { return };
        match checkpoint(conn, how).await {
            // A reader is in the way; the next quiet will do.
            Ok((busy, _, _)) if busy != 0 => self.unsaved = 1,
            Ok(_) => self.unsaved = 0,
            Err(error) => {
                self.unsaved = 0;
                let error = StoreError::from_sqlx("database", error);
                tracing::warn!(%error, "the write-ahead log could not be moved into the database, it grows until it can");
            }
        }
    }
}

/// Does not wait for readers: somebody may be about to write.
async fn checkpoint(conn: &mut SqliteConnection, how: &'static str) -> Result<(i64, i64, i64), sqlx::Error> {
    sqlx::query("PRAGMA busy_timeout = 0").execute(&mut *conn).await?;
    let done = sqlx::query_as(how).fetch_one(&mut *conn).await;
    sqlx::query("PRAGMA busy_timeout = 5000").execute(&mut *conn).await?;
    done
}

/// The whole transaction in one call to SQLite; `None` where it has to look at something before it writes.
async fn in_one_call(
    (conn, bell): (&mut SqliteConnection, &Bell),
    job: &Job,
    node: &Node,
    now: DateTime<Utc>,
) -> Option<Result<Answer, Failure>> {
    match job {
        Job::Commit(lane, changes) => {
            let script = sql::apply::whole(*lane, changes, (node, now)).await?;
            Some(script.carry_out(conn, bell).await.map(|_| Answer::Done).map_err(Failure::from))
        }
        Job::Accept(batch) => {
            let [message] = batch.as_slice() else { return None };
            let mut script = Script::transaction();
            sql::inbound::arrive(&mut script, message, node, now).await.ok()?;
            if !script.is_sound() {
                return None;
            }
            Some(accept_alone((conn, bell), script, message, node).await)
        }
        _ => None,
    }
}

async fn accept_alone(
    (conn, bell): (&mut SqliteConnection, &Bell),
    script: Script,
    message: &InboundMessage,
    node: &Node,
) -> Result<Answer, Failure> {
    let done = script.carry_out(conn, bell).await?;
    // Between `BEGIN` and `COMMIT`.
    let done = done.get(1..done.len().saturating_sub(1)).unwrap_or_default();
    let accepted = sql::inbound::arrived(conn, done, message, node).await.map_err(Failure::Job)?;
    Ok(Answer::Accepted(vec![accepted]))
}

/// Whose fault it is that nothing was written.
enum Failure {
    /// One job's.
    Job(StoreError),
    /// The transaction's: it could not begin or not be made durable.
    Whole(StoreError),
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Statement(error) => Self::Job(error),
            Broken::Transaction(error) => Self::Whole(error),
        }
    }
}

async fn statement(conn: &mut SqliteConnection, sql: &'static str) -> Result<(), Failure> {
    match sqlx::query(sql).execute(conn).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::Whole(StoreError::from_sqlx("database", error))),
    }
}
