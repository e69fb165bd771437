//! Conversations in which nothing can be said: the bot was blocked or removed, a topic is closed or gone.
//!
//! What runs is stopped, because nobody can stop it, approve or read. What waits in line and what was said last are kept
//! in the store. Whatever comes from the conversation afterwards says that it has returned.

use adjutant_core::message::{ConversationKey, InboundContent};
use adjutant_store::change::Change;
use adjutant_store::record::{Inbound, InboundState};

use super::turn::StopReason;
use super::{Actor, Halt};
use crate::delivery::Target;

impl Actor {
    /// The platform says that nothing can be said here.
    pub(super) async fn on_gone(&mut self) -> Result<(), Halt> {
        if self.away_since.is_none() {
            let since = self.context.clock.now();
            self.away_since = Some(since);
            self.context.delivery.set_aside(&self.target());
            self.stand_back();
            self.commit(vec![Change::SetAside { conversation: self.conversation.id, since }], Vec::new()).await?;
        }
        self.stop_turn(StopReason::Unreachable).await
    }

    /// A person is here again: what was kept for them goes out first.
    pub(super) async fn on_back(&mut self) -> Result<(), Halt> {
        if self.away_since.take().is_none() {
            return Ok(());
        }
        let conversation = self.conversation.id;
        self.commit(vec![Change::TakeBack { conversation }], Vec::new()).await?;
        self.context.delivery.take_back(&self.target());
        let kept = self.context.store.undelivered_of(conversation).await?;
        tracing::info!(%conversation, kept = kept.len(), "a conversation has returned");
        self.context.delivery.recover(Some(self.lane), kept);
        Ok(())
    }

    /// Whether this says that something can be said here again.
    pub(super) fn ends_absence(&self, inbound: &Inbound) -> bool {
        let says_so = !matches!(inbound.message.content, InboundContent::Closed | InboundContent::Moved { .. });
        // What waits in line since before is read again after a restart.
        let new = |since| inbound.state == InboundState::Received && inbound.received_at >= since;
        says_so && self.away_since.is_some_and(new)
    }

    /// The platform goes on with the conversation under another key, which is stored.
    pub(super) fn on_moved(&mut self, to: ConversationKey) {
        if self.conversation.key == to {
            return;
        }
        self.conversation.key = to;
        self.menu_news = super::MenuNews::Loaded;
        if self.away_since.is_some() {
            self.context.delivery.set_aside(&self.target());
        }
        self.show_anew();
    }

    /// Its messages have other names under the new key: what still grows begins in a new one.
    fn show_anew(&mut self) {
        let super::Work::Turn(turn) = &mut self.work else { return };
        turn.draft = None;
        turn.rows.values_mut().for_each(|row| row.message = None);
    }

    pub(super) fn target(&self) -> Target {
        Target::new(self.conversation.platform, self.conversation.key.clone())
    }
}
