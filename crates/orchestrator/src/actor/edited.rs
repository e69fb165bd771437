//! A person changed a message they had sent. While it waits that changes what is carried out; a turn that has begun goes
//! on as it was, and nothing ever runs twice.

use adjutant_core::message::{InboundContent, MessageRef};
use adjutant_store::change::Change;
use adjutant_store::record::Inbound;

use super::receive::text_of;
use super::{Actor, Halt, Work};
use crate::words::edited as words;

impl Actor {
    pub(super) async fn on_edited(&mut self, edit: &Inbound, text: &str) -> Result<(), Halt> {
        let Some(of) = edit.message.message.clone() else { return self.done(edit, Vec::new(), Vec::new()).await };
        let is_meant = |inbound: &Inbound| inbound.message.message.as_ref() == Some(&of);
        if matches!(&self.work, Work::Waiting { inbound, .. } if is_meant(inbound)) {
            // What it was made into is made anew.
            self.stand_back();
        }
        if let Some(place) = self.line.iter().position(is_meant) {
            return self.edit_waiting(edit, place, text).await;
        }
        let said = if self.is_running(&of) {
            words::has_begun(&self.platform.spell_command("steer <text>"), &self.platform.spell_command("stop"))
        } else {
            words::too_late()
        };
        let notice = self.answer_to(edit, said);
        self.done(edit, Vec::new(), vec![notice]).await
    }

    /// Said for the first change of a message; every further one counts without a word.
    async fn edit_waiting(&mut self, edit: &Inbound, place: usize, text: &str) -> Result<(), Halt> {
        let waiting = &mut self.line[place];
        let seq = waiting.seq;
        if text_of(waiting) == text {
            return self.done(edit, Vec::new(), Vec::new()).await;
        }
        if let InboundContent::Text { text: before, .. } = &mut waiting.message.content {
            text.clone_into(before);
        }
        let change = Change::Rewrite { seq, content: waiting.message.content.clone() };
        let notice = self.edited.insert(seq).then(|| self.answer_to(edit, words::changed()));
        self.done(edit, vec![change], notice.into_iter().collect()).await
    }

    fn is_running(&self, message: &MessageRef) -> bool {
        let Work::Turn(turn) = &self.work else { return false };
        std::iter::once(&turn.inbound).chain(&turn.steered).any(|one| one.message.message.as_ref() == Some(message))
    }
}
