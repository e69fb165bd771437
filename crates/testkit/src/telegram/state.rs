//! What the fake remembers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use adjutant_core::clock::Clock;
use serde_json::{Value, json};

use super::fault::Planned;
use super::limits::Limits;
use super::schema::Upload;

/// The General topic of a forum has no number when sending.
pub const GENERAL: i32 = 1;

#[derive(Debug)]
pub struct State {
    pub clock: Clock,
    pub users: BTreeMap<i64, String>,
    pub chats: BTreeMap<i64, Chat>,
    pub updates: Updates,
    /// Callback query ids; true once answered.
    pub presses: BTreeMap<String, bool>,
    /// Menus by their scope, as JSON text.
    pub menus: BTreeMap<String, Value>,
    pub webhook: Option<String>,
    pub planned: Vec<Planned>,
    /// By lower-case method name.
    pub calls: BTreeMap<String, usize>,
    pub refused: Vec<String>,
    pub throttled: usize,
    /// What `getMe` says of privacy mode.
    pub reads_all: bool,
    /// `None`: no rates.
    pub limits: Option<Limits>,
    /// The file of the call that is just made.
    pub upload: Option<Upload>,
}

#[derive(Debug, Default)]
pub struct Updates {
    pub next_id: i64,
    /// Not confirmed yet, in order.
    pub waiting: VecDeque<Value>,
    /// Delivered once more although confirmed.
    pub again: Vec<Value>,
    pub last: Option<Value>,
    /// Counts polls; one that is not the latest any more has been pushed out.
    pub poll: u64,
    pub allowed: Option<Vec<String>>,
}

#[derive(Debug)]
pub struct Chat {
    pub id: i64,
    pub title: String,
    pub topics: BTreeMap<i32, String>,
    pub messages: BTreeMap<i32, Message>,
    pub next_message: i32,
    /// Topics in which only administrators write.
    pub closed_topics: BTreeSet<i32>,
    /// The bot was blocked or removed.
    pub closed: bool,
    /// The group has become this supergroup.
    pub moved_to: Option<i64>,
    /// `sendChatAction` calls.
    pub actions: usize,
    pub draft: Option<Draft>,
    /// The text of every draft, in order.
    pub drafts: Vec<String>,
}

/// Text that a bot is still writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub id: i64,
    pub thread: Option<i32>,
    pub text: String,
    pub can_stop: bool,
    pub at: Instant,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub id: i32,
    /// `None`: the bot.
    pub from: Option<i64>,
    pub thread: Option<i32>,
    pub text: String,
    pub entities: Vec<Value>,
    pub markup: Option<Value>,
    pub reply_to: Option<i32>,
    pub silent: bool,
    pub edits: usize,
    pub deleted: bool,
    /// What the bot reacted with.
    pub reaction: Option<String>,
    pub date: i64,
    /// Every text the message ever had, the present one last.
    pub history: Vec<String>,
    pub file: Option<Upload>,
    /// The blocks of a rich message, whose words are the text then.
    pub rich: Option<Value>,
    /// The album it is a piece of.
    pub album: Option<String>,
}

/// The name of a file that people send as a photo.
pub const PHOTO: &str = "photo.jpg";

pub const BOT_ID: i64 = 7_000_000_001;
pub const BOT_USERNAME: &str = "adjutant_test_bot";

impl State {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            users: BTreeMap::new(),
            chats: BTreeMap::new(),
            updates: Updates { next_id: 870_000_001, ..Updates::default() },
            presses: BTreeMap::new(),
            menus: BTreeMap::new(),
            webhook: None,
            planned: Vec::new(),
            calls: BTreeMap::new(),
            refused: Vec::new(),
            throttled: 0,
            reads_all: false,
            limits: Some(Limits::default()),
            upload: None,
        }
    }

    pub fn count(&mut self, method: &str) {
        *self.calls.entry(method.to_lowercase()).or_default() += 1;
    }

    pub fn open_chat(&mut self, id: i64, title: &str) {
        // Message numbers are per chat, and begin differently, so that mixing up chats shows.
        let next_message = 10 * i32::try_from(self.chats.len()).unwrap_or(0) + 1;
        self.chats.entry(id).or_insert(Chat {
            id,
            title: title.to_owned(),
            topics: BTreeMap::new(),
            messages: BTreeMap::new(),
            next_message,
            closed_topics: BTreeSet::new(),
            closed: false,
            moved_to: None,
            actions: 0,
            draft: None,
            drafts: Vec::new(),
        });
    }

    /// Adds a message and returns its number.
    pub fn post(&mut self, chat: i64, mut message: Message) -> i32 {
        message.date = self.clock.now().timestamp();
        message.history = vec![message.text.clone()];
        let chat = self.chats.get_mut(&chat).expect("the chat exists");
        message.id = chat.next_message;
        chat.next_message += 1;
        let id = message.id;
        chat.messages.insert(id, message);
        id
    }

    /// Queues an update of the kind and returns its number. Kinds the bot did not ask for are never queued.
    pub fn queue(&mut self, kind: &str, content: Value) -> i64 {
        let id = self.updates.next_id;
        self.updates.next_id += 1;
        let wanted = self.updates.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(|name| name == kind));
        if wanted {
            self.updates.push(json!({"update_id": id, kind: content}));
        }
        id
    }

    pub fn user_json(&self, id: i64) -> Value {
        let name = self.users.get(&id).cloned().unwrap_or_else(|| format!("user {id}"));
        json!({"id": id, "is_bot": false, "first_name": name, "language_code": "en"})
    }

    pub fn message_json(&self, chat: i64, id: i32) -> Value {
        let room = &self.chats[&chat];
        let message = &room.messages[&id];
        let mut json = json!({
            "message_id": id,
            "from": message.from.map_or_else(bot_json, |user| self.user_json(user)),
            "chat": room.json(),
            "date": message.date,
            "text": message.text,
        });
        if let Some(blocks) = &message.rich {
            json.as_object_mut().and_then(|fields| fields.remove("text"));
            json["rich_message"] = json!({"blocks": blocks});
        }
        if let Some(file) = &message.file {
            let text = json.as_object_mut().and_then(|fields| fields.remove("text"));
            if let Some(caption) = text.filter(|text| text != "") {
                json["caption"] = caption;
            }
            let (file_id, size) = (format!("file-{chat}-{id}"), file.bytes.len());
            if file.name == PHOTO {
                // The sizes an app is offered, the smallest first.
                json["photo"] = json!([
                    {"file_id": "thumbnail", "file_unique_id": "t", "width": 90, "height": 60, "file_size": 900},
                    {"file_id": file_id, "file_unique_id": file_id, "width": 1280, "height": 853, "file_size": size}
                ]);
            } else {
                json["document"] =
                    json!({"file_id": file_id, "file_unique_id": file_id, "file_name": file.name, "file_size": size});
            }
        }
        if let Some(album) = &message.album {
            json["media_group_id"] = album.clone().into();
        }
        if !message.entities.is_empty() {
            json["entities"] = message.entities.clone().into();
        }
        if let Some(thread) = message.thread {
            json["message_thread_id"] = thread.into();
            json["is_topic_message"] = true.into();
        }
        if let Some(markup) = &message.markup {
            json["reply_markup"] = markup.clone();
        }
        if message.edits > 0 {
            json["edit_date"] = message.date.into();
        }
        if let Some(opening) = room.opening_of(message) {
            json["reply_to_message"] = opening;
        }
        if let Some(answered) = message.reply_to.filter(|answered| room.messages.contains_key(answered)) {
            let mut inner = self.message_json(chat, answered);
            if let Some(fields) = inner.as_object_mut() {
                fields.remove("reply_to_message");
            }
            json["reply_to_message"] = inner;
        }
        json
    }
}

impl Updates {
    pub fn push(&mut self, update: Value) {
        self.last = Some(update.clone());
        self.waiting.push_back(update);
    }
}

impl Chat {
    pub const fn is_group(&self) -> bool {
        self.id < 0
    }

    /// Whatever a person writes in a topic formally answers the message that opened it.
    fn opening_of(&self, message: &Message) -> Option<Value> {
        let topic = message.thread.filter(|_| message.from.is_some())?;
        let name = self.topics.get(&topic)?;
        Some(json!({
            "message_id": topic, "from": bot_json(), "chat": self.json(), "date": message.date,
            "message_thread_id": topic, "is_topic_message": true,
            "forum_topic_created": {"name": name, "icon_color": 7_322_096}
        }))
    }

    pub fn json(&self) -> Value {
        if !self.is_group() {
            return json!({"id": self.id, "type": "private", "first_name": self.title});
        }
        // Numbers from -100… on are supergroups.
        let kind = if self.id <= -1_000_000_000_000 { "supergroup" } else { "group" };
        let mut json = json!({"id": self.id, "type": kind, "title": self.title});
        if !self.topics.is_empty() {
            json["is_forum"] = true.into();
        }
        json
    }
}

pub fn bot_json() -> Value {
    json!({"id": BOT_ID, "is_bot": true, "first_name": "Adjutant", "username": BOT_USERNAME})
}
