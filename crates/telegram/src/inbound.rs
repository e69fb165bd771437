//! Updates as Telegram sends them → messages as the gateway takes them.

use adjutant_core::kind::PlatformKind;
use adjutant_core::message::{Author, DeliveryId, InboundContent, InboundMessage, MessageRef, Sender};
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use crate::adapter::Identity;
use crate::address;
use crate::gather::{Heard, gather};
use crate::keys::{Place, press_delivery};
use crate::render::utf16_units;
use crate::wire::{CallbackQuery, ChatMemberUpdated, Message, StoppedGeneration, Update, User};

/// What one answer of `getUpdates` holds.
#[derive(Debug, Default)]
pub struct Batch {
    /// In Telegram's order; the pieces of an album or of a long text are one message.
    pub messages: Vec<InboundMessage>,
    /// A further piece of the last message of a chat may still come.
    pub open: bool,
    /// Updates that say nothing to the gateway.
    pub ignored: u64,
    /// The highest update id; the poll that names the next one confirms the batch.
    pub last: Option<i64>,
}

/// Parses a batch. An update that cannot be understood is counted and costs nothing else.
#[must_use]
pub fn parse(updates: &[Box<RawValue>], me: Option<&Identity>, now: DateTime<Utc>) -> Batch {
    let mut batch = Batch::default();
    let mut heard = Vec::with_capacity(updates.len());
    for raw in updates {
        let id = serde_json::from_str::<Numbered>(raw.get()).ok().map(|update| update.update_id);
        batch.last = batch.last.max(id);
        let update = serde_json::from_str::<Update>(raw.get()).ok();
        match update.and_then(|update| read(update, me, now)) {
            Some(one) => heard.push(one),
            None => batch.ignored += 1,
        }
    }
    let gathered = gather(heard);
    (batch.messages, batch.open) = (gathered.messages, gathered.open);
    batch
}

/// Whether the bot's own name decides what the batch means: only talk in groups needs it.
#[must_use]
pub fn needs_identity(updates: &[Box<RawValue>]) -> bool {
    updates.iter().any(|raw| {
        serde_json::from_str::<Update>(raw.get())
            .is_ok_and(|update| update.message.or(update.edited_message).is_some_and(|said| said.place().is_group()))
    })
}

#[derive(serde::Deserialize)]
struct Numbered {
    update_id: i64,
}

fn read(update: Update, me: Option<&Identity>, now: DateTime<Utc>) -> Option<Heard> {
    let id = update.update_id;
    if let Some(message) = update.message {
        return read_message(id, message, me, now);
    }
    if let Some(message) = update.edited_message {
        return read_edit(id, message, me, now).map(Heard::alone);
    }
    if let Some(press) = update.callback_query {
        return read_press(press, now).map(Heard::alone);
    }
    if let Some(change) = update.my_chat_member {
        return read_membership(id, &change, now).map(Heard::alone);
    }
    update.stopped_message_generation.map(|stopped| Heard::alone(read_stop(id, &stopped, now)))
}

fn read_message(id: i64, message: Message, me: Option<&Identity>, now: DateTime<Utc>) -> Option<Heard> {
    let place = message.place();
    let envelope = |sender: Sender, content| InboundMessage {
        platform: PlatformKind::Telegram,
        delivery: DeliveryId(format!("{id}:{}:{}", place.chat, message.message_id)),
        conversation: place.key(),
        sender,
        message: Some(MessageRef(message.message_id.to_string())),
        sent_at: moment(message.date, now),
        content,
    };
    if let Some(chat) = message.migrate_to_chat_id {
        // Telegram itself says this; whose name stands on it does not matter.
        let to = Place { chat, thread: None }.key();
        return Some(Heard::alone(envelope(chat_as_sender(place), InboundContent::Moved { to })));
    }
    if message.forum_topic_reopened.is_some() {
        return Some(Heard::alone(envelope(chat_as_sender(place), InboundContent::Opened)));
    }
    let sender = message.from.as_ref().filter(|from| !from.is_bot && message.sender_chat.is_none())?;
    let content = if place.is_group() { said_in_group(&message, me?) } else { said_in_private(&message) };
    let album = message.media_group_id.clone();
    // Of an album in a group only one piece carries the words that are meant for the bot.
    let follows = content.is_none() && album.is_some() && message.forward_origin.is_none();
    let content = content.or_else(|| said(&message, String::new()).filter(|_| follows))?;
    let units = message.text.as_deref().map_or(0, utf16_units);
    Some(Heard { message: envelope(person(sender), content), album, units, follows })
}

/// The text of a message was changed. What never was for the bot, and other changes than of words, are left out.
fn read_edit(id: i64, message: Message, me: Option<&Identity>, now: DateTime<Utc>) -> Option<InboundMessage> {
    let edited = message.edit_date?;
    let mut heard = read_message(id, message, me, now)?.message;
    let text = heard.content.text().filter(|text| !text.trim().is_empty())?.to_owned();
    heard.delivery = DeliveryId(format!("{}:edited:{edited}", heard.delivery.0));
    heard.sent_at = moment(edited, now);
    heard.content = InboundContent::Edited { text };
    Some(heard)
}

fn said_in_private(message: &Message) -> Option<InboundContent> {
    match message.words() {
        // What is forwarded are not this person's words: it is shown to the assistant, and is never a command.
        Some(words) if message.forward_origin.is_some() => {
            let files = message.media.file().into_iter().collect();
            let author = Author::Unknown;
            Some(InboundContent::Text { text: String::new(), quote: Some(words), quoted: None, author, files })
        }
        words => {
            let mut content = said(message, words.unwrap_or_default())?;
            if let InboundContent::Text { quote, author, .. } = &mut content
                && message.forward_origin.is_some()
            {
                // A file of somebody else, without a word.
                (*quote, *author) = (Some(String::new()), Author::Unknown);
            }
            Some(content)
        }
    }
}

/// Words, files, or both; of what cannot be handed on, that it came.
fn said(message: &Message, words: String) -> Option<InboundContent> {
    let files: Vec<_> = message.media.file().into_iter().collect();
    if words.is_empty() && files.is_empty() {
        return unsupported(message);
    }
    let text = match message.media.name() {
        Some(what) => format!("{words}\n\n(There was {what} with this message, which cannot be handed on.)"),
        None => words,
    };
    let (quote, quoted, author) = (message.quoted(), message.quoted_author(), message.author());
    Some(InboundContent::Text { text, quote, quoted, author, files })
}

fn said_in_group(message: &Message, me: &Identity) -> Option<InboundContent> {
    let reply_to_us = message.answered().and_then(|to| to.from.as_ref()).is_some_and(|from| from.id == me.id);
    if message.forward_origin.is_some() {
        // A forwarded message that names the bot was said to it somewhere else.
        return None;
    }
    let Some(words) = message.words() else {
        return if reply_to_us { said(message, String::new()) } else { None };
    };
    let text = match address::said_to(&me.username, &words) {
        Some(text) => text,
        // A command for another bot stays that bot's, even as a reply to us.
        None if reply_to_us && !words.trim_start().starts_with('/') => address::without_mention(&me.username, &words),
        None => return None,
    };
    let nothing = text.is_empty() && message.quoted().is_none() && message.media.file().is_none();
    let mut content = if nothing { None } else { said(message, text) };
    if reply_to_us && let Some(InboundContent::Text { author, .. }) = &mut content {
        *author = Author::Gateway;
    }
    content
}

fn unsupported(message: &Message) -> Option<InboundContent> {
    message.media.name().map(|what| InboundContent::Unsupported { what: what.to_owned() })
}

fn read_press(press: CallbackQuery, now: DateTime<Utc>) -> Option<InboundMessage> {
    // Without a message it was sent by way of inline mode, which the gateway does not use.
    let (message, token) = (press.message?, press.data?);
    Some(InboundMessage {
        platform: PlatformKind::Telegram,
        delivery: press_delivery(&press.id),
        conversation: message.place().key(),
        sender: person(&press.from),
        message: Some(MessageRef(message.message_id.to_string())),
        // A press carries no time of its own, only that of the message it is on.
        sent_at: now,
        content: InboundContent::Button { token },
    })
}

fn read_membership(id: i64, change: &ChatMemberUpdated, now: DateTime<Utc>) -> Option<InboundMessage> {
    let member = &change.new_chat_member;
    let (content, what) = match member.status.as_str() {
        "kicked" | "left" => (InboundContent::Closed, "closed"),
        "restricted" if member.can_send_messages == Some(false) => (InboundContent::Closed, "closed"),
        "member" | "administrator" | "creator" | "restricted" => (InboundContent::Opened, "opened"),
        _ => return None,
    };
    let place = Place { chat: change.chat.id, thread: None };
    Some(InboundMessage {
        platform: PlatformKind::Telegram,
        delivery: DeliveryId(format!("{id}:{}:{what}:{}", place.chat, change.date)),
        conversation: place.key(),
        sender: person(&change.from),
        message: None,
        sent_at: moment(change.date, now),
        content,
    })
}

/// The stop button of a draft. Drafts exist in private chats only, where the chat is the person.
fn read_stop(id: i64, stopped: &StoppedGeneration, now: DateTime<Utc>) -> InboundMessage {
    let place = Place { chat: stopped.chat.id, thread: stopped.message_thread_id };
    let name = stopped.chat.first_name.clone().or_else(|| stopped.chat.title.clone()).unwrap_or_default();
    InboundMessage {
        platform: PlatformKind::Telegram,
        delivery: DeliveryId(format!("{id}:{}:stop", place.chat)),
        conversation: place.key(),
        sender: Sender { id: place.chat.to_string(), name },
        message: None,
        sent_at: now,
        content: InboundContent::Stop,
    }
}

fn person(user: &User) -> Sender {
    Sender { id: user.id.to_string(), name: user.shown() }
}

fn chat_as_sender(place: Place) -> Sender {
    Sender { id: place.chat.to_string(), name: String::new() }
}

fn moment(seconds: i64, now: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).filter(|_| seconds > 0).unwrap_or(now)
}

impl Message {
    /// Replies in ordinary groups carry a thread id too; only in a topic does it name a place one can send to.
    fn place(&self) -> Place {
        Place { chat: self.chat.id, thread: self.message_thread_id.filter(|_| self.is_topic_message) }
    }

    /// The message this one answers. Every message of a topic formally answers the topic's creation.
    fn answered(&self) -> Option<&Self> {
        self.reply_to_message.as_deref().filter(|to| to.forum_topic_created.is_none())
    }

    /// What the person selected of the message they answer, or else all of it.
    fn quoted(&self) -> Option<String> {
        match &self.quote {
            Some(quote) => Some(quote.text.clone()),
            None => self.answered().and_then(Self::words),
        }
    }

    /// Who that is. In groups other bots write, too; in a private chat the only bot is this one.
    fn author(&self) -> Author {
        match self.answered().and_then(|to| to.from.as_ref()) {
            Some(from) if !from.is_bot => Author::Person(from.id.to_string()),
            Some(_) if !self.place().is_group() => Author::Gateway,
            _ => Author::Unknown,
        }
    }

    /// Who wrote what is quoted, by the name others see.
    fn quoted_author(&self) -> Option<String> {
        self.quoted()?;
        let from = self.answered()?.from.as_ref()?;
        Some(if from.is_bot { from.first_name.clone() } else { from.shown() })
    }
}
