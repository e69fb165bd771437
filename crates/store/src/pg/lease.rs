//! A node's lease. Two things say whether the last process of this node is gone: an advisory lock of its
//! session, which the server drops the moment the process dies, and the lease's end on the server's clock, for a
//! process that hangs or is cut off.

use std::time::Duration;

use adjutant_core::clock::Clock;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::oneshot;

use crate::conn::{Conn, execute, optional};
use crate::error::StoreError;
use crate::record::Node;
use crate::sql::node::{self, HOLDER, LEAVE, LOCK, RENEW};

/// A process that was killed this moment is given so long to be noticed by the server.
const NOTICE: Duration = Duration::from_secs(2);

/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Keeps this node alive in the eyes of the others.
pub(super) struct Lease {
    pub(super) node: Node,
    conn: PgConnection,
    options: PgConnectOptions,
    lasts: Duration,
    clock: Clock,
}

impl Lease {
    /// Enters as a new epoch of this node.
    ///
    /// # Errors
    /// [`StoreError::Taken`] while another process of the same name lives.
    pub(super) async fn take(
        options: PgConnectOptions,
        name: &str,
        (lasts, clock): (Duration, Clock),
    ) -> Result<Self, StoreError> {
        let mut conn = connect(&options).await?;
        bootstrap(&mut conn).await?;
        if !lock_patiently(&mut conn, name, &clock).await?
            && let Some((holder,)) = optional!(&mut Conn::Pg(&mut conn), HOLDER, (String,), name)?
        {
            return Err(StoreError::Taken { holder });
        }
        let now = clock.now();
        let holder = format!("process {} of `{name}`, since {}", std::process::id(), now.format("%F %T UTC"));
        let node = node::enter(&mut Conn::Pg(&mut conn), name, &holder, (now, lasts.as_secs_f64())).await?;
        Ok(Self { node, conn, options, lasts, clock })
    }

    /// Renews until it is told to stop, and then gives the lease back. When the teller is gone without a word,
    /// so is the store: then the lease is left to run out, as after a crash.
    pub(super) async fn keep(mut self, mut stop: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                told = &mut stop => {
                    if told.is_ok() {
                        self.leave().await;
                    }
                    return;
                }
                () = self.clock.sleep(self.lasts / 3) => {}
            }
            match self.renew().await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::error!(node = %self.node.name, "another process took over this node's name; nothing can be written any more");
                    return;
                }
                Err(error) => {
                    tracing::warn!(node = %self.node.name, %error, "the node's lease could not be renewed");
                    self.reconnect().await;
                }
            }
        }
    }

    /// `false`: a newer epoch of this node exists.
    async fn renew(&mut self) -> Result<bool, StoreError> {
        let conn = &mut Conn::Pg(&mut self.conn);
        let hit = execute!(conn, RENEW, &self.node.name, self.node.epoch, self.lasts.as_secs_f64())?;
        Ok(hit > 0)
    }

    async fn reconnect(&mut self) {
        // Another attempt follows with the next renewal.
        let Ok(conn) = connect(&self.options).await else { return };
        self.conn = conn;
        let locked = lock(&mut self.conn, &self.node.name).await;
        if let Err(error) = locked {
            tracing::debug!(%error, "the node's lock could not be taken again");
        }
        if let Err(error) = self.renew().await {
            tracing::debug!(%error, "the node's lease could not be renewed on a new connection");
        }
    }

    async fn leave(mut self) {
        let left = execute!(&mut Conn::Pg(&mut self.conn), LEAVE, &self.node.name, self.node.epoch);
        if let Err(error) = left {
            tracing::warn!(%error, "the node's lease could not be given back, it runs out by itself");
        }
        // The server drops the lock with the connection, however that ends.
        let _ = self.conn.close().await;
    }
}

pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    PgConnection::connect_with(options).await.map_err(|error| StoreError::from_sqlx("database", error))
}

/// Makes the table of nodes. Two first nodes at once may collide in the catalogue; then it exists.
pub(super) async fn bootstrap(conn: &mut PgConnection) -> Result<(), StoreError> {
    let known = sqlx::query_scalar::<_, bool>("SELECT to_regclass('remote_agent_nodes') IS NOT NULL")
        .fetch_one(&mut *conn)
        .await
        .map_err(|error| StoreError::from_sqlx("remote_agent_nodes", error))?;
    if known {
        return Ok(());
    }
    match sqlx::query(node::CREATE_PG).execute(conn).await.map_err(|e| StoreError::from_sqlx("remote_agent_nodes", e)) {
        Ok(_) | Err(StoreError::Stale { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn lock(conn: &mut PgConnection, name: &str) -> Result<bool, StoreError> {
    Ok(optional!(&mut Conn::Pg(conn), LOCK, (bool,), name)?.is_some_and(|(locked,)| locked))
}

async fn lock_patiently(conn: &mut PgConnection, name: &str, clock: &Clock) -> Result<bool, StoreError> {
    let until = clock.monotonic() + NOTICE;
    loop {
        if lock(conn, name).await? {
            return Ok(true);
        }
        if clock.monotonic() >= until {
            return Ok(false);
        }
        clock.sleep(LOOK).await;
    }
}
