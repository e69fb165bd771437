//! What people do with a chat: let the bot in and out, open and close topics.

use serde_json::{Value, json};

use super::FakeTelegram;
use super::methods::blank;
use super::state::bot_json;

impl FakeTelegram {
    /// The person blocks the bot, or removes it from the group.
    pub fn blocks(&self, chat: i64, user: i64) -> i64 {
        self.member(chat, user, ("member", "kicked"))
    }

    /// The person unblocks the bot, or adds it to the group again.
    pub fn unblocks(&self, chat: i64, user: i64) -> i64 {
        self.member(chat, user, ("kicked", "member"))
    }

    /// The person makes the bot an administrator.
    pub fn promotes(&self, chat: i64, user: i64) -> i64 {
        self.member(chat, user, ("member", "administrator"))
    }

    /// <https://core.telegram.org/bots/api#chatmemberupdated>.
    fn member(&self, chat: i64, user: i64, (old, new): (&str, &str)) -> i64 {
        let mut state = self.inner.state();
        state.chats.get_mut(&chat).expect("the chat exists").closed = new == "kicked";
        let member = |status: &str| match status {
            "kicked" => json!({"user": bot_json(), "status": status, "until_date": 0}),
            _ => json!({"user": bot_json(), "status": status}),
        };
        let content = json!({
            "chat": state.chats[&chat].json(), "from": state.user_json(user), "date": state.clock.now().timestamp(),
            "old_chat_member": member(old), "new_chat_member": member(new)
        });
        let update = state.queue("my_chat_member", content);
        drop(state);
        self.touch();
        update
    }

    /// The person closes a topic: the bot, which is no administrator, cannot write there.
    pub fn closes_topic(&self, chat: i64, topic: i32, user: i64) -> i64 {
        self.inner.state().chats.get_mut(&chat).expect("the chat exists").closed_topics.insert(topic);
        self.service(chat, topic, user, ("forum_topic_closed", json!({})))
    }

    pub fn reopens_topic(&self, chat: i64, topic: i32, user: i64) -> i64 {
        self.inner.state().chats.get_mut(&chat).expect("the chat exists").closed_topics.remove(&topic);
        self.service(chat, topic, user, ("forum_topic_reopened", json!({})))
    }

    pub fn renames_topic(&self, chat: i64, topic: i32, user: i64, name: &str) -> i64 {
        self.service(chat, topic, user, ("forum_topic_edited", json!({"name": name})))
    }

    /// The person deletes a topic with everything in it. Telegram tells bots nothing of that.
    pub fn deletes_topic(&self, chat: i64, topic: i32) {
        let mut state = self.inner.state();
        let room = state.chats.get_mut(&chat).expect("the chat exists");
        room.topics.remove(&topic);
        room.messages.retain(|_, message| message.thread != Some(topic));
    }

    /// A message of Telegram's own: <https://core.telegram.org/bots/api#message>.
    fn service(&self, chat: i64, topic: i32, user: i64, (field, value): (&str, Value)) -> i64 {
        let mut state = self.inner.state();
        let mut message = blank(Some(user));
        message.thread = Some(topic);
        let id = state.post(chat, message);
        let mut content = state.message_json(chat, id);
        content.as_object_mut().expect("a message").remove("text");
        content[field] = value;
        // It stands in no list of what people wrote.
        state.chats.get_mut(&chat).expect("the chat exists").messages.remove(&id);
        let update = state.queue("message", content);
        drop(state);
        self.touch();
        update
    }

    /// The bot's privacy mode is switched off.
    pub fn lifts_privacy_mode(&self) {
        self.inner.state().reads_all = true;
    }
}
