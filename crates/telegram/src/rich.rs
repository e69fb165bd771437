//! Rich messages: <https://core.telegram.org/bots/api#sendrichmessage>. teloxide has no payloads for them.
//!
//! Some apps do not show them, and a Bot API server of one's own may not know them. So they are used where a text needs
//! them, and after a refusal entities take their place: once the method is unknown, or three in a row were refused, for
//! as long as the gateway runs.

use std::sync::atomic::{AtomicU32, Ordering};

use adjutant_core::platform::SendError;
use serde::Serialize;
use teloxide::requests::Payload;
use teloxide::types::{InlineKeyboardMarkup, ReplyParameters};

use crate::failure::CallError;
use crate::render::rich::Block;

/// So many refusals in a row are not the texts' fault.
const MOST_REFUSED: u32 = 3;

/// Whether this bot's server takes rich messages, as far as is known.
#[derive(Debug, Default)]
pub struct Latch {
    refused: AtomicU32,
}

#[derive(Debug, Clone, Serialize)]
pub struct RichMessage {
    blocks: Vec<Block>,
    /// Otherwise `@names`, `/words` and `#1` in talk about code would become live.
    skip_entity_detection: bool,
}

#[derive(Debug, Serialize)]
pub struct SendRichMessage {
    pub chat_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_thread_id: Option<i32>,
    pub rich_message: RichMessage,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_notification: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_parameters: Option<ReplyParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_markup: Option<InlineKeyboardMarkup>,
}

/// teloxide's own payload cannot leave the text out.
#[derive(Debug, Serialize)]
pub struct EditRichMessage {
    pub chat_id: i64,
    pub message_id: i32,
    pub rich_message: RichMessage,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_markup: Option<InlineKeyboardMarkup>,
}

impl Payload for SendRichMessage {
    type Output = serde_json::Value;
    const NAME: &'static str = "SendRichMessage";
}

impl Payload for EditRichMessage {
    type Output = serde_json::Value;
    const NAME: &'static str = "EditMessageText";
}

impl RichMessage {
    pub const fn new(blocks: Vec<Block>) -> Self {
        Self { blocks, skip_entity_detection: true }
    }
}

impl Latch {
    pub fn is_open(&self) -> bool {
        self.refused.load(Ordering::Relaxed) < MOST_REFUSED
    }

    /// What the result of a call with a rich message means to delivery.
    pub fn judge<T>(&self, result: Result<T, CallError>) -> Result<T, SendError> {
        match result {
            Ok(done) => {
                self.refused.store(0, Ordering::Relaxed);
                Ok(done)
            }
            // This method alone is unknown; with a wrong token nothing else would work either, and the poll says so.
            Err(CallError::Refused { code: 404, .. }) => {
                self.refused.store(MOST_REFUSED, Ordering::Relaxed);
                Err(SendError::Rejected("this Bot API server knows no rich messages".to_owned()))
            }
            Err(error) => {
                let error = SendError::from(error);
                if matches!(error, SendError::Rejected(_)) {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                }
                Err(error)
            }
        }
    }
}
