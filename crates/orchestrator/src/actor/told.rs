//! The message that says what becomes of one that waits: its place in line, later that it has started or was dropped.
//! Its row is remembered with the waiting message, so that it is the same message after a restart.

use adjutant_core::platform::Part;
use adjutant_store::change::Change;
use adjutant_store::record::{Inbound, PartKind, PartState};

use super::{Actor, Halt};
use crate::outbound::Message;

/// Remembers which part tells of a message.
pub(super) fn tell(inbound: &mut Inbound, notice: &Message) -> Change {
    inbound.told = Some(notice.id);
    Change::Tell { seq: inbound.seq, part: notice.id }
}

impl Actor {
    /// Says something else in the place of what was told; the buttons go. `None` where nothing was told.
    pub(super) async fn told_anew(&self, waiting: &Inbound, text: impl Into<String>) -> Result<Option<Message>, Halt> {
        let Some(told) = waiting.told else { return Ok(None) };
        let Some(row) = self.context.store.part(told).await?.filter(|row| row.state != PartState::Dead) else {
            return Ok(None);
        };
        let mut notice = Message::new(&self.conversation, PartKind::Notice, Part::text(text));
        (notice.id, notice.revision, notice.message) = (told, row.revision + 1, row.message);
        notice.part.reply_to = waiting.message.message.clone();
        Ok(Some(notice))
    }

    /// The answer to somebody who decided about a waiting message: in the place of what was told of that.
    pub(super) async fn in_its_place(&self, press: &Inbound, waiting: &Inbound, text: String) -> Result<Message, Halt> {
        let told = self.told_anew(waiting, text.clone()).await?;
        Ok(told.unwrap_or_else(|| self.answer_to(press, text)))
    }

    /// A notice about a message that waits: in the place of what was told before, or below the message.
    pub(super) async fn about(&self, waiting: &Inbound, text: String) -> Result<Message, Halt> {
        let told = self.told_anew(waiting, text.clone()).await?;
        Ok(told.unwrap_or_else(|| self.answer_to(waiting, text)))
    }
}
