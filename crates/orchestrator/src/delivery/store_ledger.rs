//! The store as delivery's ledger.

use adjutant_core::id::PartId;
use adjutant_core::message::MessageRef;
use adjutant_store::change::Change;
use adjutant_store::error::StoreError;
use adjutant_store::record::Lane;
use adjutant_store::store::Store;
use async_trait::async_trait;

use super::ledger::{Ledger, LedgerError};

#[async_trait]
impl Ledger for Store {
    async fn commit(&self, lane: Option<Lane>, changes: Vec<Change>) -> Result<(), LedgerError> {
        Store::commit(self, lane, changes).await.map_err(LedgerError::from)
    }

    async fn find_message(&self, id: PartId) -> Result<Option<MessageRef>, LedgerError> {
        Ok(self.part(id).await?.and_then(|row| row.message))
    }
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Fenced { .. } => Self::Fenced,
            StoreError::Stale { .. } => Self::Stale,
            error if error.is_temporary() => Self::Unavailable(error.to_string()),
            error => Self::Refused(error.to_string()),
        }
    }
}
