//! Where delivery records what became of a row.

use adjutant_core::id::PartId;
use adjutant_core::message::MessageRef;
use adjutant_store::change::Change;
use adjutant_store::record::Lane;
use async_trait::async_trait;

/// The part of the store that delivery needs.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Commits the changes in one transaction, fenced by the lane if there is one.
    ///
    /// # Errors
    /// See [`LedgerError`].
    async fn commit(&self, lane: Option<Lane>, changes: Vec<Change>) -> Result<(), LedgerError>;

    /// The platform's id of a part, if it was recorded.
    ///
    /// # Errors
    /// See [`LedgerError`].
    async fn find_message(&self, id: PartId) -> Result<Option<MessageRef>, LedgerError>;
}

/// Why nothing was recorded, in terms of what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Another node holds the conversation now: leave the row to it.
    #[error("another node holds the conversation")]
    Fenced,
    /// The row is not what it was: nothing to record.
    #[error("the row has changed")]
    Stale,
    /// The same commit may pass later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The same commit will never pass.
    #[error("the database refused: {0}")]
    Refused(String),
}
