//! What each method does.

use serde_json::{Map, Value, json};

use super::menus;
use super::rich;
use super::schema::Upload;
use super::state::{BOT_ID, BOT_USERNAME, Draft, GENERAL, Message, State};
use super::text;

/// Why a call is refused.
#[derive(Debug)]
pub struct Refusal {
    pub code: u16,
    /// Without the code's own words, for example `chat not found`.
    pub description: String,
    pub parameters: Option<Value>,
}

/// No fault of the client: it learns it by this answer.
pub const TOPIC_CLOSED: &str = "TOPIC_CLOSED";

pub type Params = Map<String, Value>;
pub type Outcome = Result<Value, Refusal>;

/// The emoji a bot may react with: <https://core.telegram.org/bots/api#reactiontypeemoji>.
const REACTIONS: &str = "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 \
     🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡";

/// <https://core.telegram.org/bots/api#sendchataction>.
const ACTIONS: &[&str] = &[
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];

/// Carries out a call whose parameters have passed the schema. `getUpdates` is not among them: it waits.
pub fn call(state: &mut State, method: &str, params: &Params) -> Outcome {
    match method {
        "getMe" => Ok(me(state)),
        "sendMessage" => send_message(state, params),
        "sendRichMessage" => send_rich(state, params),
        "sendDocument" | "sendPhoto" => send_file(state, method, params),
        "sendMessageDraft" => send_draft(state, params),
        "editMessageText" => edit_text(state, params),
        "editMessageReplyMarkup" => edit_markup(state, params),
        "deleteMessage" => delete_message(state, params),
        "setMessageReaction" => set_reaction(state, params),
        "sendChatAction" => send_action(state, params),
        "answerCallbackQuery" => answer_press(state, params),
        "getFile" => get_file(state, params),
        "setMyCommands" | "deleteMyCommands" | "getMyCommands" => menus::call(state, method, params),
        "setWebhook" => set_webhook(state, params),
        "deleteWebhook" => delete_webhook(state, params),
        "getWebhookInfo" => Ok(webhook_info(state)),
        _ => Err(bad(&format!("`{method}` is not served (fake)"))),
    }
}

/// True for what Telegram counts as a message.
pub fn is_counted(method: &str) -> bool {
    matches!(
        method,
        "sendMessage"
            | "sendDocument"
            | "sendPhoto"
            | "sendRichMessage"
            | "editMessageText"
            | "editMessageReplyMarkup"
            | "sendMessageDraft"
    )
}

pub fn bad(description: &str) -> Refusal {
    Refusal { code: 400, description: description.to_owned(), parameters: None }
}

pub fn chat_of(params: &Params) -> Option<i64> {
    let chat = params.get("chat_id")?;
    chat.as_i64().or_else(|| chat.as_str()?.parse().ok())
}

fn me(state: &State) -> Value {
    json!({
        "id": BOT_ID, "is_bot": true, "first_name": "Adjutant", "username": BOT_USERNAME,
        "can_join_groups": true, "can_read_all_group_messages": state.reads_all, "supports_inline_queries": false,
        "can_connect_to_business": false, "has_main_web_app": false, "has_topics_enabled": false,
        "allows_users_to_create_topics": false, "can_manage_bots": false
    })
}

fn send_message(state: &mut State, params: &Params) -> Outcome {
    let chat = open(state, params)?;
    let thread = thread(state, chat, params)?;
    let (text, entities) = text::take(params, "message is too long").map_err(|e| bad(&e))?;
    let markup = markup(params)?;
    let reply_to = reply_to(state, chat, params)?;
    let silent = params.get("disable_notification") == Some(&Value::Bool(true));
    state.chats.get_mut(&chat).expect("an open chat").draft = None;
    let message = Message { text, entities, thread, markup, reply_to, silent, ..blank(None) };
    let id = state.post(chat, message);
    Ok(state.message_json(chat, id))
}

fn send_rich(state: &mut State, params: &Params) -> Outcome {
    let chat = open(state, params)?;
    let thread = thread(state, chat, params)?;
    let (text, blocks) = rich::take(&params["rich_message"]).map_err(|e| bad(&e))?;
    let markup = markup(params)?;
    let reply_to = reply_to(state, chat, params)?;
    let silent = params.get("disable_notification") == Some(&Value::Bool(true));
    state.chats.get_mut(&chat).expect("an open chat").draft = None;
    let message = Message { text, rich: Some(blocks), thread, markup, reply_to, silent, ..blank(None) };
    let id = state.post(chat, message);
    Ok(state.message_json(chat, id))
}

fn send_file(state: &mut State, method: &str, params: &Params) -> Outcome {
    let chat = open(state, params)?;
    let thread = thread(state, chat, params)?;
    let file = state.upload.take().ok_or_else(|| bad("there is no document in the request"))?;
    let most = if method == "sendPhoto" { 10 } else { 50 };
    if file.bytes.is_empty() || file.bytes.len() > most * 1024 * 1024 {
        return Err(bad("file must be non-empty and not too big"));
    }
    let (text, entities) = text::take_caption(params).map_err(|e| bad(&e))?;
    let markup = markup(params)?;
    let reply_to = reply_to(state, chat, params)?;
    let silent = params.get("disable_notification") == Some(&Value::Bool(true));
    state.chats.get_mut(&chat).expect("an open chat").draft = None;
    let message = Message { text, entities, thread, markup, reply_to, silent, file: Some(file), ..blank(None) };
    let id = state.post(chat, message);
    Ok(state.message_json(chat, id))
}

fn send_draft(state: &mut State, params: &Params) -> Outcome {
    let chat = open(state, params)?;
    if chat < 0 {
        return Err(bad("TEXTDRAFT_PEER_INVALID"));
    }
    if params.get("draft_id").and_then(Value::as_i64) == Some(0) {
        return Err(bad("draft_id must not be 0 (fake)"));
    }
    let thread = thread(state, chat, params)?;
    // An empty text is a placeholder that says "Thinking…".
    let empty = params.get("text").and_then(Value::as_str).unwrap_or_default().is_empty();
    let text = if empty { String::new() } else { text::take(params, "message is too long").map_err(|e| bad(&e))?.0 };
    let id = params.get("draft_id").and_then(Value::as_i64).unwrap_or_default();
    let can_stop = params.get("can_stop") == Some(&Value::Bool(true));
    let at = state.clock.monotonic();
    let room = state.chats.get_mut(&chat).expect("an open chat");
    room.drafts.push(text.clone());
    room.draft = Some(Draft { id, thread, text, can_stop, at });
    Ok(true.into())
}

fn edit_text(state: &mut State, params: &Params) -> Outcome {
    let chat = open(state, params)?;
    let id = own_message(state, chat, params)?;
    let (text, entities, rich) = match params.get("rich_message") {
        Some(rich) => rich::take(rich).map(|(text, blocks)| (text, Vec::new(), Some(blocks))),
        None => text::take(params, "MESSAGE_TOO_LONG").map(|(text, entities)| (text, entities, None)),
    }
    .map_err(|e| bad(&e))?;
    let markup = markup(params)?;
    let message = message_mut(state, chat, id);
    let before = (&message.text, &message.entities, &message.rich, &message.markup);
    if before == (&text, &entities, &rich, &markup) {
        return Err(not_modified());
    }
    message.rich = rich;
    message.history.push(text.clone());
    (message.text, message.entities, message.markup) = (text, entities, markup);
    message.edits += 1;
    Ok(state.message_json(chat, id))
}

fn edit_markup(state: &mut State, params: &Params) -> Outcome {
    let chat = open(state, params)?;
    let id = own_message(state, chat, params)?;
    let markup = markup(params)?;
    let message = message_mut(state, chat, id);
    if message.markup == markup {
        return Err(not_modified());
    }
    message.markup = markup;
    message.edits += 1;
    Ok(state.message_json(chat, id))
}

fn delete_message(state: &mut State, params: &Params) -> Outcome {
    let chat = open(state, params)?;
    let id = find_message(state, chat, params).ok_or_else(|| bad("message to delete not found"))?;
    let message = message_mut(state, chat, id);
    if message.from.is_some() && chat < 0 {
        return Err(bad("message can't be deleted"));
    }
    message.deleted = true;
    Ok(true.into())
}

fn set_reaction(state: &mut State, params: &Params) -> Outcome {
    let chat = open(state, params)?;
    let id = find_message(state, chat, params).ok_or_else(|| bad("message to react not found"))?;
    let reactions = params.get("reaction").and_then(Value::as_array).cloned().unwrap_or_default();
    if reactions.len() > 1 {
        return Err(bad("REACTIONS_TOO_MANY"));
    }
    let emoji = reactions.first().map(|reaction| reaction["emoji"].as_str().unwrap_or_default().to_owned());
    if emoji.as_ref().is_some_and(|emoji| !REACTIONS.split(' ').any(|allowed| allowed == emoji)) {
        return Err(bad("REACTION_INVALID"));
    }
    message_mut(state, chat, id).reaction = emoji;
    Ok(true.into())
}

fn send_action(state: &mut State, params: &Params) -> Outcome {
    let chat = open(state, params)?;
    thread(state, chat, params)?;
    if !params.get("action").and_then(Value::as_str).is_some_and(|action| ACTIONS.contains(&action)) {
        return Err(bad("wrong parameter action in request"));
    }
    state.chats.get_mut(&chat).expect("an open chat").actions += 1;
    Ok(true.into())
}

fn answer_press(state: &mut State, params: &Params) -> Outcome {
    let id = params.get("callback_query_id").and_then(Value::as_str).unwrap_or_default();
    match state.presses.get_mut(id) {
        Some(answered) if !*answered => {
            *answered = true;
            Ok(true.into())
        }
        _ => Err(bad("query is too old and response timeout expired or query ID is invalid")),
    }
}

fn get_file(state: &State, params: &Params) -> Outcome {
    let id = params.get("file_id").and_then(Value::as_str).unwrap_or_default();
    let file = find_file(state, id).ok_or_else(|| bad("wrong file_id or the file is temporarily unavailable"))?;
    if file.bytes.len() > 20 * 1024 * 1024 {
        return Err(bad("file is too big"));
    }
    Ok(
        json!({"file_id": id, "file_unique_id": id, "file_size": file.bytes.len(), "file_path": format!("documents/{id}")}),
    )
}

/// A file that stands in a chat, by the id that its message gives.
pub fn find_file<'a>(state: &'a State, id: &str) -> Option<&'a Upload> {
    let (chat, message) = id.strip_prefix("file-")?.rsplit_once('-')?;
    state.chats.get(&chat.parse().ok()?)?.messages.get(&message.parse().ok()?)?.file.as_ref()
}

fn set_webhook(state: &mut State, params: &Params) -> Outcome {
    let url = params.get("url").and_then(Value::as_str).unwrap_or_default();
    if !url.is_empty() && !url.starts_with("https://") {
        return Err(bad("bad webhook: An HTTPS URL must be provided for webhook"));
    }
    state.webhook = (!url.is_empty()).then(|| url.to_owned());
    Ok(true.into())
}

fn delete_webhook(state: &mut State, params: &Params) -> Outcome {
    state.webhook = None;
    if params.get("drop_pending_updates") == Some(&Value::Bool(true)) {
        state.updates.waiting.clear();
    }
    Ok(true.into())
}

fn webhook_info(state: &State) -> Value {
    let url = state.webhook.clone().unwrap_or_default();
    json!({"url": url, "has_custom_certificate": false, "pending_update_count": state.updates.waiting.len()})
}

/// The chat of a call, if the bot may act there.
fn open(state: &State, params: &Params) -> Result<i64, Refusal> {
    let chat = chat_of(params).and_then(|id| state.chats.get(&id)).ok_or_else(|| bad("chat not found"))?;
    if let Some(to) = chat.moved_to {
        let parameters = Some(json!({"migrate_to_chat_id": to}));
        return Err(Refusal { parameters, ..bad("group chat was upgraded to a supergroup chat") });
    }
    if chat.closed {
        let words =
            if chat.is_group() { "bot was kicked from the supergroup chat" } else { "bot was blocked by the user" };
        return Err(Refusal { code: 403, ..bad(words) });
    }
    Ok(chat.id)
}

fn thread(state: &State, chat: i64, params: &Params) -> Result<Option<i32>, Refusal> {
    let Some(thread) = params.get("message_thread_id").and_then(Value::as_i64) else { return Ok(None) };
    let thread = i32::try_from(thread).unwrap_or(GENERAL);
    // The General topic is addressed by leaving the number out.
    if thread == GENERAL || !state.chats[&chat].topics.contains_key(&thread) {
        return Err(bad("message thread not found"));
    }
    // <https://core.telegram.org/method/messages.sendMessage>: "This topic was closed, you can't send messages to it
    // anymore."
    if state.chats[&chat].closed_topics.contains(&thread) {
        return Err(bad(TOPIC_CLOSED));
    }
    Ok(Some(thread))
}

fn reply_to(state: &State, chat: i64, params: &Params) -> Result<Option<i32>, Refusal> {
    let Some(reply) = params.get("reply_parameters") else { return Ok(None) };
    let id = reply["message_id"].as_i64().and_then(|id| i32::try_from(id).ok());
    let there = id.filter(|id| state.chats[&chat].messages.get(id).is_some_and(|message| !message.deleted));
    if there.is_none() && reply["allow_sending_without_reply"] != true {
        return Err(bad("message to be replied not found"));
    }
    Ok(there)
}

fn markup(params: &Params) -> Result<Option<Value>, Refusal> {
    let Some(markup) = params.get("reply_markup") else { return Ok(None) };
    let rows = markup["inline_keyboard"].as_array().cloned().unwrap_or_default();
    let buttons: Vec<_> = rows.iter().filter_map(Value::as_array).flatten().collect();
    if buttons.len() > 100 || rows.iter().filter_map(Value::as_array).any(|row| row.len() > 8) {
        return Err(bad("reply markup is too long"));
    }
    if buttons.iter().any(|button| button["text"].as_str().is_none_or(str::is_empty)) {
        return Err(bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"));
    }
    // `text` and exactly one thing that the button does.
    if buttons.iter().any(|button| button.as_object().is_none_or(|fields| fields.len() != 2)) {
        return Err(bad("a button needs `text` and exactly one action (fake)"));
    }
    Ok((!buttons.is_empty()).then(|| markup.clone()))
}

fn find_message(state: &State, chat: i64, params: &Params) -> Option<i32> {
    let id = params.get("message_id").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok())?;
    state.chats[&chat].messages.get(&id).filter(|message| !message.deleted).map(|message| message.id)
}

fn own_message(state: &State, chat: i64, params: &Params) -> Result<i32, Refusal> {
    let id = find_message(state, chat, params).ok_or_else(|| bad("message to edit not found"))?;
    if state.chats[&chat].messages[&id].from.is_some() {
        return Err(bad("message can't be edited"));
    }
    Ok(id)
}

fn message_mut(state: &mut State, chat: i64, id: i32) -> &mut Message {
    let chat = state.chats.get_mut(&chat).expect("an open chat");
    chat.messages.get_mut(&id).expect("a message that was found")
}

fn not_modified() -> Refusal {
    bad("message is not modified: specified new message content and reply markup are exactly the same as a current \
         content and reply markup of the message")
}

/// A message without anything.
pub fn blank(from: Option<i64>) -> Message {
    Message {
        id: 0,
        from,
        thread: None,
        text: String::new(),
        entities: Vec::new(),
        markup: None,
        reply_to: None,
        silent: false,
        edits: 0,
        deleted: false,
        reaction: None,
        date: 0,
        history: Vec::new(),
        file: None,
        rich: None,
        album: None,
    }
}
