//! Nodes: which gateways there are, and each one's epoch.
//!
//! This table is made when the store is opened, before any migration: only a member may migrate.
//! SQLite has one gateway per file, held by a file lock, so the newest epoch is the one that lives. PostgreSQL
//! has several, and a lease on the database's own clock decides.

use chrono::{DateTime, Utc};

use crate::conn::{Conn, execute, optional, statements};
use crate::error::StoreError;
use crate::record::Node;

/// Makes the table where it is missing.
pub(crate) const CREATE_LITE: &str = "CREATE TABLE IF NOT EXISTS remote_agent_nodes (
    name TEXT NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    holder TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    checked_at TEXT,
    lease_until TEXT
) STRICT, WITHOUT ROWID";

/// The same for PostgreSQL.
pub(crate) const CREATE_PG: &str = "CREATE TABLE IF NOT EXISTS remote_agent_nodes (
    name TEXT NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    holder TEXT NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    checked_at TIMESTAMPTZ,
    lease_until TIMESTAMPTZ
)";

statements! { "remote_agent_nodes";
    /// A new epoch. On SQLite it is above every node's, so that a data directory may change its name and back.
    ENTER:
        "INSERT INTO remote_agent_nodes (name, epoch, holder, opened_at)
         SELECT $1, COALESCE(MAX(epoch), 0) + 1, $2, $3 FROM remote_agent_nodes WHERE true
         ON CONFLICT (name) DO UPDATE
         SET epoch = excluded.epoch, holder = excluded.holder, opened_at = excluded.opened_at
         RETURNING epoch",
        "INSERT INTO remote_agent_nodes (name, epoch, holder, opened_at, lease_until)
         VALUES ($1, 1, $2, $3, clock_timestamp() + make_interval(secs => $4))
         ON CONFLICT (name) DO UPDATE
         SET epoch = remote_agent_nodes.epoch + 1, holder = excluded.holder, opened_at = excluded.opened_at,
             lease_until = excluded.lease_until
         RETURNING epoch";
    RENEW: "",
        "UPDATE remote_agent_nodes SET lease_until = clock_timestamp() + make_interval(secs => $3)
         WHERE name = $1 AND epoch = $2";
    LEAVE: "",
        "UPDATE remote_agent_nodes SET lease_until = clock_timestamp() WHERE name = $1 AND epoch = $2";
    HOLDER: "",
        "SELECT holder FROM remote_agent_nodes WHERE name = $1 AND lease_until > clock_timestamp()";
    /// Taken by a session that dies with its process: whoever gets it knows that the last one is gone.
    LOCK: "", "SELECT pg_try_advisory_lock(hashtextextended('remote_agent_nodes ' || $1, 0))";
    TIME: "", "SELECT clock_timestamp()";
    CHECK: "UPDATE remote_agent_nodes SET checked_at = $3 WHERE name = $1 AND epoch = $2";
}

/// Enters as a new epoch. `lease` is in seconds and only PostgreSQL's concern.
pub(crate) async fn enter(
    conn: &mut Conn<'_>,
    name: &str,
    holder: &str,
    (now, lease): (DateTime<Utc>, f64),
) -> Result<Node, StoreError> {
    let row = optional!(conn, ENTER, (i64,), name, holder, now, lease)?;
    let (epoch,) = row.ok_or(StoreError::Stale { what: "node" })?;
    Ok(Node { name: name.to_owned(), epoch })
}

/// A write that says nothing but that writing works.
pub(crate) async fn check(conn: &mut Conn<'_>, node: &Node, now: DateTime<Utc>) -> Result<(), StoreError> {
    execute!(conn, CHECK, &node.name, node.epoch, now).map(drop)
}

/// PostgreSQL's own time.
pub(crate) async fn time(conn: &mut Conn<'_>) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(optional!(conn, TIME, (DateTime<Utc>,))?.map(|(time,)| time))
}
