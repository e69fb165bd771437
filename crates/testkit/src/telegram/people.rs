//! The people's side of the fake: who writes, presses, blocks, and what they see.

use std::ops::RangeBounds;
use std::time::Duration;

use serde_json::{Value, json};

use super::FakeTelegram;
use super::methods::blank;
use super::schema::Upload;
use super::shown::{self, Shown};
use super::state::{Message, State};

/// <https://core.telegram.org/bots/api#sendmessagedraft>.
const DRAFT_FADES: Duration = Duration::from_secs(30);

/// A chat, or one topic of it: `5.into()`, `(group, topic).into()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub chat: i64,
    pub thread: Option<i32>,
}

impl From<i64> for Place {
    fn from(chat: i64) -> Self {
        Self { chat, thread: None }
    }
}

impl From<(i64, i32)> for Place {
    fn from((chat, thread): (i64, i32)) -> Self {
        Self { chat, thread: Some(thread) }
    }
}

impl FakeTelegram {
    /// A person with a private chat, whose number is the person's. They have pressed "start".
    pub fn user(&self, id: i64, name: &str) {
        let mut state = self.inner.state();
        state.users.insert(id, name.to_owned());
        state.open_chat(id, name);
    }

    /// A group with the bot in it. Numbers down to -999999999999 are basic groups, from -1000000000000 supergroups.
    pub fn group(&self, id: i64, title: &str) {
        self.inner.state().open_chat(id, title);
    }

    /// A topic of a group, or of a private chat; returns its number.
    pub fn topic(&self, chat: i64, title: &str) -> i32 {
        let mut state = self.inner.state();
        let thread = state.post(chat, Message { text: format!("topic {title}"), ..blank(None) });
        let room = state.chats.get_mut(&chat).expect("the chat exists");
        // The message that opens a topic is a service message; only its number matters here.
        room.messages.remove(&thread);
        room.topics.insert(thread, title.to_owned());
        thread
    }

    /// The person writes; returns the update's number.
    pub fn says(&self, place: impl Into<Place>, user: i64, text: &str) -> i64 {
        self.says_message(place.into(), Message { text: text.to_owned(), ..blank(Some(user)) })
    }

    /// The person answers a message.
    pub fn replies(&self, place: impl Into<Place>, user: i64, to: i32, text: &str) -> i64 {
        let message = Message { text: text.to_owned(), reply_to: Some(to), ..blank(Some(user)) };
        self.says_message(place.into(), message)
    }

    /// The person sends a file with words below it; one named `photo.jpg` goes as a photo.
    pub fn sends_file(&self, place: impl Into<Place>, user: i64, file: Upload, caption: &str) -> i64 {
        let message = Message { text: caption.to_owned(), file: Some(file), ..blank(Some(user)) };
        self.says_message(place.into(), message)
    }

    /// The person sends a piece of an album; Telegram delivers each by itself, the caption with the first.
    pub fn sends_piece(&self, place: impl Into<Place>, user: i64, album: &str, piece: (Upload, &str)) -> i64 {
        let (file, caption) = piece;
        let (text, album) = (caption.to_owned(), Some(album.to_owned()));
        self.says_message(place.into(), Message { text, file: Some(file), album, ..blank(Some(user)) })
    }

    /// The person changes a message they have sent.
    ///
    /// # Panics
    /// When there is no such message.
    pub fn edits(&self, chat: i64, message: i32, text: &str) -> i64 {
        let mut state = self.inner.state();
        let now = state.clock.now().timestamp();
        let room = state.chats.get_mut(&chat).expect("the chat exists");
        let changed = room.messages.get_mut(&message).expect("the message exists");
        changed.text = text.to_owned();
        changed.entities = super::text::typed_entities(text);
        let mut content = state.message_json(chat, message);
        content["edit_date"] = json!(now);
        let update = state.queue("edited_message", content);
        drop(state);
        self.touch();
        update
    }

    fn says_message(&self, place: Place, mut message: Message) -> i64 {
        message.entities = super::text::typed_entities(&message.text);
        message.thread = place.thread;
        let mut state = self.inner.state();
        let id = state.post(place.chat, message);
        let content = state.message_json(place.chat, id);
        let update = state.queue("message", content);
        drop(state);
        self.touch();
        update
    }

    /// The person presses the button with this label; returns the update's number.
    ///
    /// # Panics
    /// When the message has no such button.
    pub fn presses(&self, place: impl Into<Place>, user: i64, message: i32, label: &str) -> i64 {
        let chat = place.into().chat;
        let mut state = self.inner.state();
        let shown = Shown::of(&state.chats[&chat].messages[&message]);
        let found = shown.buttons.iter().flatten().find(|(text, _)| text == label);
        let Some((_, token)) = found.filter(|_| !shown.deleted) else {
            panic!("message {message} has no button `{label}`, only {:?}: {}", shown.labels(), shown.text);
        };
        let content = press(&mut state, chat, message, user, token);
        let update = state.queue("callback_query", content);
        drop(state);
        self.touch();
        update
    }

    /// The text that the bot is still writing in a private chat, if it has not faded.
    #[must_use]
    pub fn draft(&self, chat: i64) -> Option<String> {
        let state = self.inner.state();
        let now = state.clock.monotonic();
        let draft = state.chats.get(&chat)?.draft.clone()?;
        (now.saturating_duration_since(draft.at) < DRAFT_FADES).then_some(draft.text)
    }

    /// Waits until the bot is writing something with these words.
    ///
    /// # Panics
    /// After a minute, with what there is.
    pub async fn wait_for_draft(&self, chat: i64, words: &str) -> String {
        self.wait_until("a draft", |fake| fake.draft(chat).filter(|draft| draft.contains(words))).await
    }

    /// The text of every draft there ever was in a chat, in order.
    #[must_use]
    pub fn drafts(&self, chat: i64) -> Vec<String> {
        self.inner.state().chats.get(&chat).map(|chat| chat.drafts.clone()).unwrap_or_default()
    }

    /// The person presses the stop button of a draft; returns the update's number.
    ///
    /// # Panics
    /// When there is no draft that can be stopped.
    pub fn stops_draft(&self, chat: i64) -> i64 {
        let mut state = self.inner.state();
        let draft = state.chats[&chat].draft.clone().filter(|draft| draft.can_stop);
        let draft = draft.expect("a draft with a stop button");
        let mut content = json!({"chat": state.chats[&chat].json(), "draft_id": draft.id});
        if let Some(thread) = draft.thread {
            content["message_thread_id"] = thread.into();
        }
        let update = state.queue("stopped_message_generation", content);
        drop(state);
        self.touch();
        update
    }

    /// The group becomes a supergroup with this number, which the bot learns only when it calls.
    pub fn upgrades(&self, group: i64, to: i64) {
        let mut state = self.inner.state();
        let title = state.chats[&group].title.clone();
        state.open_chat(to, &title);
        state.chats.get_mut(&group).expect("the group exists").moved_to = Some(to);
    }

    /// The group becomes a supergroup with this number.
    pub fn becomes_supergroup(&self, group: i64, user: i64, to: i64) -> i64 {
        self.upgrades(group, to);
        let mut state = self.inner.state();
        let id = state.post(group, blank(Some(user)));
        let mut content = state.message_json(group, id);
        content.as_object_mut().expect("a message").remove("text");
        content["migrate_to_chat_id"] = to.into();
        let update = state.queue("message", content);
        drop(state);
        self.touch();
        update
    }

    /// Delivers an update as it stands; a missing `update_id` is filled in.
    pub fn deliver_raw(&self, mut update: Value) -> i64 {
        let mut state = self.inner.state();
        let id = update["update_id"].as_i64().unwrap_or(state.updates.next_id);
        update["update_id"] = id.into();
        state.updates.next_id = state.updates.next_id.max(id + 1);
        state.updates.push(update);
        drop(state);
        self.touch();
        id
    }

    /// Delivers the last update once more, whether or not it was confirmed.
    pub fn duplicate_last(&self) {
        let mut state = self.inner.state();
        let last = state.updates.last.clone();
        state.updates.again.extend(last);
        drop(state);
        self.touch();
    }

    /// Updates that are not confirmed yet.
    #[must_use]
    pub fn unconfirmed(&self) -> usize {
        self.inner.state().updates.waiting.len()
    }

    /// The bot's messages in a chat, or in one topic of it, deleted ones included.
    #[must_use]
    pub fn messages(&self, place: impl Into<Place>) -> Vec<Shown> {
        let place = place.into();
        let state = self.inner.state();
        let chat = state.chats.get(&place.chat);
        let messages = chat.into_iter().flat_map(|chat| chat.messages.values());
        let here = messages.filter(|message| place.thread.is_none() || message.thread == place.thread);
        here.filter(|message| message.from.is_none()).map(Shown::of).collect()
    }

    /// The texts of the bot's messages that are there now.
    #[must_use]
    pub fn texts(&self, place: impl Into<Place>) -> Vec<String> {
        self.messages(place).into_iter().filter(|shown| !shown.deleted).map(|shown| shown.text).collect()
    }

    /// The whole chat as lines, for snapshots.
    #[must_use]
    pub fn transcript(&self, place: impl Into<Place>) -> String {
        let place = place.into();
        let state = self.inner.state();
        state.chats.get(&place.chat).map(|chat| shown::transcript(&state, chat, place.thread, ..)).unwrap_or_default()
    }

    /// The same of the messages with these numbers.
    #[must_use]
    pub fn transcript_of(&self, place: impl Into<Place>, messages: impl RangeBounds<i32>) -> String {
        let place = place.into();
        let state = self.inner.state();
        let chat = state.chats.get(&place.chat);
        chat.map(|chat| shown::transcript(&state, chat, place.thread, messages)).unwrap_or_default()
    }

    /// What a person wrote in a chat, with the numbers.
    #[must_use]
    pub fn messages_of(&self, chat: i64, user: i64) -> Vec<(i32, String)> {
        let state = self.inner.state();
        let Some(chat) = state.chats.get(&chat) else { return Vec::new() };
        let own = chat.messages.values().filter(|message| message.from == Some(user));
        own.map(|message| (message.id, message.text.clone())).collect()
    }

    /// The number of the last message in a chat, whoever wrote it.
    #[must_use]
    pub fn last_message(&self, chat: i64) -> Option<i32> {
        self.inner.state().chats.get(&chat)?.messages.keys().next_back().copied()
    }

    /// What the bot reacted with to a message.
    #[must_use]
    pub fn reaction(&self, chat: i64, message: i32) -> Option<String> {
        self.inner.state().chats.get(&chat)?.messages.get(&message)?.reaction.clone()
    }

    /// How often the bot showed "typing" in a chat.
    #[must_use]
    pub fn actions(&self, chat: i64) -> usize {
        self.inner.state().chats.get(&chat).map_or(0, |chat| chat.actions)
    }

    /// The command menu of a scope, for example `all_private_chats`.
    #[must_use]
    pub fn menu(&self, scope: &str) -> Vec<String> {
        let state = self.inner.state();
        let menu = state.menus.get(&json!({"type": scope}).to_string());
        let commands = menu.and_then(Value::as_array).into_iter().flatten();
        commands.filter_map(|command| command["command"].as_str()).map(str::to_owned).collect()
    }

    /// The command menu that a chat has for itself.
    #[must_use]
    pub fn chat_menu(&self, chat: i64) -> Vec<String> {
        let state = self.inner.state();
        let menu = state.menus.get(&json!({"type": "chat", "chat_id": chat}).to_string());
        let commands = menu.and_then(Value::as_array).into_iter().flatten();
        commands.filter_map(|command| command["command"].as_str()).map(str::to_owned).collect()
    }

    /// Sets a webhook, as another installation of the same bot would have.
    pub fn set_webhook(&self, url: &str) {
        self.inner.state().webhook = Some(url.to_owned());
    }

    /// Waits until the bot's messages of a chat satisfy `done`, and returns them.
    ///
    /// # Panics
    /// After a minute, with what there is.
    pub async fn wait_for(&self, place: impl Into<Place>, mut done: impl FnMut(&[Shown]) -> bool) -> Vec<Shown> {
        let place = place.into();
        let waiting = self.wait_until("the bot's messages", |fake| {
            let messages = fake.messages(place);
            done(&messages).then_some(messages)
        });
        waiting.await
    }
}

fn press(state: &mut State, chat: i64, message: i32, user: i64, token: &str) -> Value {
    let id = format!("4776593740212{:05}", state.presses.len());
    state.presses.insert(id.clone(), false);
    json!({
        "id": id, "from": state.user_json(user), "message": state.message_json(chat, message),
        "chat_instance": "4786231345678901234", "data": token
    })
}
