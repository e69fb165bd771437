//! The adapter's side of the opaque keys: chats and topics, messages, deliveries.

use std::fmt;

use adjutant_core::message::{ConversationKey, DeliveryId, MessageRef};
use adjutant_core::platform::SendError;

/// A chat, or one topic of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub chat: i64,
    pub thread: Option<i32>,
}

/// The General topic of a forum. Its messages carry no thread id, and sending to thread 1 fails:
/// <https://github.com/tdlib/telegram-bot-api/issues/447>.
const GENERAL: i32 = 1;

impl Place {
    pub const fn is_group(&self) -> bool {
        self.chat < 0
    }

    pub fn key(&self) -> ConversationKey {
        ConversationKey(self.to_string())
    }

    /// Reads what [`Place::key`] wrote.
    pub fn parse(key: &ConversationKey) -> Result<Self, SendError> {
        let (chat, thread) = match key.0.split_once(':') {
            Some((chat, thread)) => (chat.parse().ok(), thread.parse().ok().map(Some)),
            None => (key.0.parse().ok(), Some(None)),
        };
        match (chat, thread) {
            (Some(chat), Some(thread)) => Ok(Self { chat, thread: thread.filter(|&thread| thread != GENERAL) }),
            _ => Err(SendError::Rejected(format!("`{}` is no Telegram chat", key.0))),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.thread {
            Some(thread) => write!(f, "{}:{thread}", self.chat),
            None => self.chat.fmt(f),
        }
    }
}

pub fn parse_message(at: &MessageRef) -> Result<i32, SendError> {
    at.0.parse().map_err(|_| SendError::Rejected(format!("`{}` is no Telegram message", at.0)))
}

const PRESS: &str = "callback:";

/// A button press is named after its callback query, because it must be answered by that id.
pub fn press_delivery(callback_query: &str) -> DeliveryId {
    DeliveryId(format!("{PRESS}{callback_query}"))
}

pub fn parse_press(delivery: &DeliveryId) -> Option<&str> {
    delivery.0.strip_prefix(PRESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_key_and_the_general_topic_has_no_thread() {
        for (key, place) in
            [("-100123:77", Place { chat: -100_123, thread: Some(77) }), ("42", Place { chat: 42, thread: None })]
        {
            let parsed = Place::parse(&ConversationKey(key.into())).expect(key);
            assert_eq!(parsed, place);
            assert_eq!(parsed.key().0, key);
        }
        let general = Place::parse(&ConversationKey("-100123:1".into())).expect("a place");
        assert_eq!(general.thread, None);
        assert!(Place::parse(&ConversationKey("C024:1.2".into())).is_err());
    }
}
