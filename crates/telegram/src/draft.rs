//! Text that is still being written, as a draft: <https://core.telegram.org/bots/api#sendmessagedraft>.
//!
//! A draft is animated, costs no notification and brings a stop button of the app's own. It exists in private chats only
//! and fades after 30 s, so the finished text is a message of its own.

use std::sync::atomic::Ordering;
use std::time::Duration;

use adjutant_core::id::PartId;
use adjutant_core::platform::SendError;
use serde::Serialize;
use serde::de::IgnoredAny;
use teloxide::requests::Payload;
use teloxide::types::MessageEntity;

use crate::adapter::Inner;
use crate::failure::CallError;
use crate::keys::Place;
use crate::render::Rendered;

/// How long a draft stays.
pub const FADES: Duration = Duration::from_secs(30);

#[derive(Debug, Serialize)]
struct SendMessageDraft {
    chat_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_thread_id: Option<i32>,
    draft_id: u32,
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entities: Vec<MessageEntity>,
    can_stop: bool,
    /// What had arrived stays in sight until the message that says so.
    keep_on_stop: bool,
}

impl Payload for SendMessageDraft {
    type Output = bool;
    const NAME: &'static str = "SendMessageDraft";
}

/// Shows a draft; the same part keeps its draft, which animates what is new.
pub async fn show(inner: &Inner, place: Place, id: PartId, rendered: Rendered) -> Result<(), SendError> {
    let payload = SendMessageDraft {
        chat_id: place.chat,
        message_thread_id: place.thread,
        draft_id: number(id),
        text: rendered.text,
        entities: rendered.entities,
        can_stop: true,
        keep_on_stop: true,
    };
    match inner.client.call::<_, IgnoredAny>(&payload).await {
        Ok(_) => Ok(()),
        // This method alone is unknown; with a wrong token nothing else would work either, and the poll says so.
        Err(CallError::Refused { code: 404, .. }) => {
            inner.no_drafts.store(true, Ordering::Relaxed);
            Err(SendError::Rejected("this Bot API server knows no drafts".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Any number but 0; the end of a part's id is random.
fn number(id: PartId) -> u32 {
    let bytes = id.0.as_bytes();
    (u32::from_be_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]) >> 1).max(1)
}
