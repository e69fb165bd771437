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
        matches!(self, Self::Unavailable { .. })
    }
}
