//! The port through which adapters hand messages in.

use async_trait::async_trait;

use crate::message::InboundMessage;

/// Accepts messages for good: when [`Intake::accept`] has returned, they are committed or known duplicates,
/// and only then may an adapter tell its platform "received".
#[async_trait]
pub trait Intake: Send + Sync {
    /// Commits the batch in its order.
    ///
    /// # Errors
    /// [`IntakeClosed`] when nothing could be committed. The adapter must not confirm, and tries again later.
    async fn accept(&self, batch: Vec<InboundMessage>) -> Result<(), IntakeClosed>;
}

/// Nothing was accepted: the store is away, full or read-only, or the gateway is stopping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("messages cannot be accepted now: {reason}")]
pub struct IntakeClosed {
    pub reason: String,
}
