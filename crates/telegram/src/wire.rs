//! The parts of an update that the adapter uses; everything else is skipped unread.
//!
//! Fields as in <https://core.telegram.org/bots/api#update> (Bot API 10.3). teloxide's own types stop at 9.1 and
//! lose what they do not know.

use adjutant_core::message::IncomingFile;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub struct Update {
    pub update_id: i64,
    pub message: Option<Message>,
    pub edited_message: Option<Message>,
    pub callback_query: Option<CallbackQuery>,
    pub my_chat_member: Option<ChatMemberUpdated>,
    pub stopped_message_generation: Option<StoppedGeneration>,
}

#[derive(Debug, Deserialize)]
pub struct Message {
    pub message_id: i64,
    pub message_thread_id: Option<i32>,
    #[serde(default)]
    pub is_topic_message: bool,
    pub from: Option<User>,
    /// Set when a chat speaks: an anonymous administrator, a linked channel.
    pub sender_chat: Option<IgnoredAny>,
    pub chat: Chat,
    /// Seconds since 1970; 0 for a message the bot can no longer see.
    #[serde(default)]
    pub date: i64,
    /// When it was changed last.
    pub edit_date: Option<i64>,
    pub text: Option<String>,
    pub caption: Option<String>,
    pub rich_message: Option<Value>,
    pub quote: Option<Quote>,
    /// Set when somebody else wrote it.
    pub forward_origin: Option<IgnoredAny>,
    /// The same for every piece of an album.
    pub media_group_id: Option<String>,
    pub reply_to_message: Option<Box<Message>>,
    pub forum_topic_created: Option<IgnoredAny>,
    pub forum_topic_reopened: Option<IgnoredAny>,
    pub migrate_to_chat_id: Option<i64>,
    #[serde(flatten)]
    pub media: Media,
}

/// What may stand in a message instead of text.
#[derive(Debug, Default, Deserialize)]
pub struct Media {
    voice: Option<IgnoredAny>,
    audio: Option<IgnoredAny>,
    video: Option<IgnoredAny>,
    video_note: Option<IgnoredAny>,
    /// The same picture in several sizes.
    photo: Option<Vec<PhotoSize>>,
    animation: Option<IgnoredAny>,
    document: Option<Document>,
    sticker: Option<IgnoredAny>,
    location: Option<IgnoredAny>,
    venue: Option<IgnoredAny>,
    contact: Option<IgnoredAny>,
    poll: Option<IgnoredAny>,
    dice: Option<IgnoredAny>,
    story: Option<IgnoredAny>,
    paid_media: Option<IgnoredAny>,
    checklist: Option<IgnoredAny>,
    game: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct PhotoSize {
    file_id: String,
    #[serde(default)]
    width: u64,
    file_size: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Document {
    file_id: String,
    file_name: Option<String>,
    file_size: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub struct User {
    pub id: i64,
    #[serde(default)]
    pub is_bot: bool,
    #[serde(default)]
    pub first_name: String,
    pub last_name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Chat {
    pub id: i64,
    pub first_name: Option<String>,
    pub title: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Quote {
    pub text: String,
}

#[derive(Debug, Deserialize)]
pub struct CallbackQuery {
    pub id: String,
    pub from: User,
    pub message: Option<Message>,
    pub data: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct ChatMemberUpdated {
    pub chat: Chat,
    pub from: User,
    pub date: i64,
    pub new_chat_member: ChatMember,
}

#[derive(Debug, Deserialize)]
pub struct ChatMember {
    pub status: String,
    /// Only of somebody who is restricted.
    pub can_send_messages: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub struct StoppedGeneration {
    pub chat: Chat,
    pub message_thread_id: Option<i32>,
}

impl Message {
    /// What was written: the text, the caption below a file, or the words of a rich message.
    pub fn words(&self) -> Option<String> {
        self.text
            .clone()
            .or_else(|| self.caption.clone())
            .or_else(|| self.rich_message.as_ref().map(plain_words))
            .filter(|text| !text.trim().is_empty())
    }
}

impl User {
    pub fn shown(&self) -> String {
        match &self.last_name {
            Some(last) => format!("{} {last}", self.first_name),
            None => self.first_name.clone(),
        }
    }
}

impl Media {
    /// The file that can be handed on: a document, or the largest size of a photo.
    pub fn file(&self) -> Option<IncomingFile> {
        if self.animation.is_some() {
            return None;
        }
        if let Some(document) = &self.document {
            let name = document.file_name.clone().unwrap_or_else(|| "file".to_owned());
            return Some(IncomingFile { name, reference: document.file_id.clone(), size: document.file_size });
        }
        let largest = self.photo.as_ref()?.iter().max_by_key(|size| size.width)?;
        let (reference, size) = (largest.file_id.clone(), largest.file_size);
        Some(IncomingFile { name: "photo.jpg".to_owned(), reference, size })
    }

    /// The kind of thing that cannot be handed on, to be named in a sentence.
    pub fn name(&self) -> Option<&'static str> {
        // An animation also fills `document`, a venue also `location`: the more exact kind comes first.
        let kinds = [
            (&self.voice, "a voice message"),
            (&self.animation, "an animation"),
            (&self.audio, "an audio file"),
            (&self.video, "a video"),
            (&self.video_note, "a video message"),
            (&self.sticker, "a sticker"),
            (&self.venue, "a place"),
            (&self.location, "a location"),
            (&self.contact, "a contact"),
            (&self.poll, "a poll"),
            (&self.dice, "a dice"),
            (&self.story, "a story"),
            (&self.paid_media, "paid media"),
            (&self.checklist, "a checklist"),
            (&self.game, "a game"),
        ];
        kinds.into_iter().find_map(|(field, name)| field.as_ref().map(|_| name))
    }
}

/// The words of a rich message, one block a line. Blocks nest text as strings, lists and objects; lists, quotes and
/// tables nest blocks.
fn plain_words(rich: &Value) -> String {
    fn collect(value: &Value, into: &mut String) {
        match value {
            Value::String(text) => into.push_str(text),
            Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
            Value::Object(fields) => {
                for name in ["text", "items", "blocks", "cells"] {
                    let Some(inner) = fields.get(name) else { continue };
                    if name != "text" && !into.is_empty() {
                        into.push(' ');
                    }
                    collect(inner, into);
                }
            }
            _ => {}
        }
    }
    let mut lines = Vec::new();
    for block in rich.get("blocks").and_then(Value::as_array).into_iter().flatten() {
        let mut line = String::new();
        collect(block, &mut line);
        lines.push(line);
    }
    lines.join("\n")
}
