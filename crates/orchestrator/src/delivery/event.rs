//! What delivery tells the orchestrator.

use adjutant_core::id::PartId;
use adjutant_core::message::{ConversationKey, MessageRef};

use super::row::Target;

/// Something the orchestrator may have to act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEvent {
    /// An open part is visible for the first time, under this id.
    FirstShown { id: PartId, to: Target, message: MessageRef },
    /// This revision is on the platform and recorded.
    Delivered { id: PartId, to: Target, revision: i64, message: MessageRef },
    /// Every form was refused, or it was tried for too long. Recorded and logged.
    Dead { id: PartId, to: Target, error: String },
    /// Blocked, deleted or archived: what waits there is kept in the store, and nothing is tried until
    /// [`Delivery::take_back`](super::Delivery::take_back).
    Gone { to: Target, reason: String },
    /// The conversation goes on under another key; what waits goes there.
    Moved { from: Target, to: ConversationKey },
    /// Another node holds this conversation: what waited here was dropped and is that node's.
    Fenced { to: Target },
}
