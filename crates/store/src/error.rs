//! What can go wrong, named for what the caller can do. No variant ever carries a message's text or the
//! database's password: reasons are the database's own primary message, never its detail with values.

use adjutant_core::id::ConversationId;

/// Why the store could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another gateway uses this database file or node name: name it and stop.
    #[error("the database is in use by {holder}")]
    Taken { holder: String },
    /// The lane is not ours any more: drop everything about this conversation, another node goes on with it.
    #[error("the lane of `{conversation}` is held by another node")]
    Fenced { conversation: ConversationId },
    /// The row is not in the state the change needs; nothing was written. Read again and decide anew.
    #[error("`{what}` changed in the meantime")]
    Stale { what: &'static str },
    /// Locked, full, read-only or away: nothing is lost, try again later.
    #[error("the database is unavailable: {reason}")]
    Unavailable { reason: String },
    /// Broken off by the database in favour of other transactions, several times in a row: try again later.
    #[error("the database broke the transaction off in favour of others")]
    Conflict,
    /// A stored value has a form this version does not know.
    #[error("`{table}.{column}` holds a value that cannot be read")]
    Decode { table: &'static str, column: String },
    /// The file is damaged: restore it from a backup.
    #[error("the database is damaged: {reason}")]
    Corrupt { reason: String },
    /// The schema could not be brought up to date, or is newer than this program.
    #[error("the database's schema could not be brought up to date: {reason}")]
    Migration { reason: String },
    /// The address cannot be used as it stands.
    #[error("the database address is not usable: {reason}")]
    Address { reason: String },
    /// The database refused a statement: a defect of this program.
    #[error("the database refused a statement on `{table}`: {reason}")]
    Refused { table: &'static str, reason: String },
}

impl StoreError {
    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Conflict)
    }
}

impl StoreError {
    /// Sorts an error of the driver by what can be done about it.
    pub(crate) fn from_sqlx(table: &'static str, error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => Self::from_database(table, error.as_ref()),
            sqlx::Error::Configuration(error) => Self::Address { reason: error.to_string() },
            sqlx::Error::ColumnDecode { index, .. } => {
                Self::Decode { table, column: index.trim_matches('"').to_owned() }
            }
            sqlx::Error::ColumnNotFound(column) => Self::Decode { table, column },
            sqlx::Error::Decode(_) => Self::Decode { table, column: "?".to_owned() },
            sqlx::Error::Migrate(error) => Self::Migration { reason: error.to_string() },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable { reason: error.to_string() },
            other => Self::Refused { table, reason: other.to_string() },
        }
    }

    fn from_database(table: &'static str, error: &dyn sqlx::error::DatabaseError) -> Self {
        // A row that exists already, or one that is referred to and does not: somebody else was here first.
        if matches!(error.kind(), sqlx::error::ErrorKind::UniqueViolation | sqlx::error::ErrorKind::ForeignKeyViolation)
        {
            return Self::Stale { what: table };
        }
        let reason = error.message().to_owned();
        let code = error.code().unwrap_or_default();
        match verdict(&code) {
            Verdict::Unavailable => Self::Unavailable { reason },
            Verdict::Conflict => Self::Conflict,
            Verdict::Corrupt => Self::Corrupt { reason },
            Verdict::Address => Self::Address { reason },
            Verdict::Refused => Self::Refused { table, reason },
        }
    }
}

enum Verdict {
    Unavailable,
    Conflict,
    Corrupt,
    Address,
    Refused,
}

/// PostgreSQL's codes have five characters (<https://www.postgresql.org/docs/current/errcodes-appendix.html>),
/// SQLite's are numbers whose low byte is the kind (<https://www.sqlite.org/rescode.html>).
fn verdict(code: &str) -> Verdict {
    if code.len() == 5 {
        return match code {
            // Serialisation failure, deadlock.
            "40001" | "40P01" => Verdict::Conflict,
            "25006" | "55P03" => Verdict::Unavailable,
            "XX001" | "XX002" => Verdict::Corrupt,
            "28000" | "28P01" | "3D000" => Verdict::Address,
            _ if ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => Verdict::Unavailable,
            _ => Verdict::Refused,
        };
    }
    match code.parse::<u32>().unwrap_or_default() & 0xff {
        // BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL
        5..=8 | 10 | 13..=15 => Verdict::Unavailable,
        // CORRUPT, NOTADB
        11 | 26 => Verdict::Corrupt,
        _ => Verdict::Refused,
    }
}
