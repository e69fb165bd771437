//! Sending: one call each, its failure classified; order, budgets and retries belong to delivery.

use std::sync::atomic::Ordering;
use std::time::Duration;

use adjutant_core::id::PartId;
use adjutant_core::kind::PlatformKind;
use adjutant_core::menu::MenuEntry;
use adjutant_core::message::{ConversationKey, DeliveryId, IncomingFile, MessageRef};
use adjutant_core::platform::{
    Attachment, Bucket, Budget, Button, Capabilities, Form, Hearing, Pace, Part, Platform, Preview, SendError, Sign,
};
use async_trait::async_trait;
use serde::Deserialize;
use serde::de::IgnoredAny;
use teloxide::payloads::{
    AnswerCallbackQuery, DeleteMessage, EditMessageText, SendChatAction, SendMessage, SetMessageReaction,
};
use teloxide::types::{
    CallbackQueryId, ChatAction, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, MessageId,
    ReactionType, ReplyParameters, ThreadId,
};

use crate::adapter::{Inner, Telegram};
use crate::config::Format;
use crate::draft;
use crate::failure::CallError;
use crate::files::{self, Look, Upload};
use crate::keys::{Place, parse_message, parse_press};
use crate::render::rich::{self, Block};
use crate::render::{self, Rendered};
use crate::rich::{EditRichMessage, RichMessage, SendRichMessage};

/// Telegram takes 4096; the rest is room for what delivery adds, such as a closing fence or a marker.
const PART_LIMIT: usize = 3800;
/// Bytes of `callback_data`: <https://core.telegram.org/bots/api#inlinekeyboardbutton>.
const TOKEN_LIMIT: usize = 64;
const BUTTONS_PER_ROW: usize = 8;
const BUTTONS: usize = 100;

/// All that is read of a sent message.
#[derive(Debug, Deserialize)]
struct Sent {
    message_id: i32,
}

#[async_trait]
impl Platform for Telegram {
    fn kind(&self) -> PlatformKind {
        PlatformKind::Telegram
    }

    fn capabilities(&self, conversation: &ConversationKey) -> Capabilities {
        let rate = self.inner.config.messages_per_second;
        match Place::parse(conversation) {
            Ok(place) if place.is_group() => group(place.chat, rate),
            Ok(place) => private(place.chat, rate, self.preview()),
            Err(_) => private(0, rate, self.preview()),
        }
    }

    fn measure(&self, text: &str) -> usize {
        match self.inner.config.format {
            Format::Auto | Format::Rich => render::render(text, &self.inner.names).units,
            Format::Plain => render::utf16_units(text),
        }
    }

    async fn send(&self, to: &ConversationKey, part: &Part) -> Result<MessageRef, SendError> {
        let place = Place::parse(to)?;
        let reply = reply_to(place, part)?;
        if let Some(attachment) = &part.attachment {
            return self.send_file(place, part, attachment, reply).await;
        }
        if let Some(blocks) = self.blocks(part) {
            return self.send_rich(place, part, blocks, reply).await;
        }
        let rendered = self.rendered(part)?;
        let mut payload = SendMessage::new(ChatId(place.chat), rendered.text);
        payload.message_thread_id = thread(place);
        payload.entities = (!rendered.entities.is_empty()).then_some(rendered.entities);
        payload.link_preview_options = Some(NO_PREVIEW);
        payload.disable_notification = part.silent.then_some(true);
        payload.reply_markup = keyboard(&part.buttons)?.map(Into::into);
        payload.reply_parameters = reply;
        let sent: Sent = self.inner.client.send(&payload).await?;
        Ok(MessageRef(sent.message_id.to_string()))
    }

    async fn edit(&self, to: &ConversationKey, at: &MessageRef, part: &Part) -> Result<(), SendError> {
        let place = Place::parse(to)?;
        if part.attachment.is_some() {
            // A file is sent once and never changed.
            return Ok(());
        }
        let message_id = parse_message(at)?;
        if let Some(blocks) = self.blocks(part) {
            return self.edit_rich(place, message_id, part, blocks).await;
        }
        let rendered = self.rendered(part)?;
        let mut payload = EditMessageText::new(ChatId(place.chat), MessageId(message_id), rendered.text);
        payload.entities = (!rendered.entities.is_empty()).then_some(rendered.entities);
        payload.link_preview_options = Some(NO_PREVIEW);
        payload.reply_markup = keyboard(&part.buttons)?;
        done_or(self.inner.client.call::<_, IgnoredAny>(&payload).await, NOT_MODIFIED)
    }

    async fn draft(&self, to: &ConversationKey, id: PartId, part: &Part) -> Result<(), SendError> {
        let place = Place::parse(to)?;
        draft::show(&self.inner, place, id, self.rendered(part)?).await
    }

    async fn delete(&self, to: &ConversationKey, at: &MessageRef) -> Result<(), SendError> {
        let place = Place::parse(to)?;
        let payload = DeleteMessage::new(ChatId(place.chat), MessageId(parse_message(at)?));
        done_or(self.inner.client.call::<_, IgnoredAny>(&payload).await, "message to delete not found")
    }

    async fn react(&self, to: &ConversationKey, at: &MessageRef, sign: Option<Sign>) -> Result<(), SendError> {
        let place = Place::parse(to)?;
        let mut payload = SetMessageReaction::new(ChatId(place.chat), MessageId(parse_message(at)?));
        let reaction = sign.map(|sign| ReactionType::Emoji { emoji: emoji(sign).to_owned() });
        payload.reaction = Some(reaction.into_iter().collect());
        done_or(self.inner.client.call::<_, IgnoredAny>(&payload).await, "message is not modified")
    }

    async fn status(&self, to: &ConversationKey) -> Result<(), SendError> {
        let place = Place::parse(to)?;
        let mut payload = SendChatAction::new(ChatId(place.chat), ChatAction::Typing);
        payload.message_thread_id = thread(place);
        self.inner.client.send::<_, IgnoredAny>(&payload).await.map(drop)
    }

    async fn acknowledge(&self, press: &DeliveryId) -> Result<(), SendError> {
        let Some(query) = parse_press(press) else {
            return Err(SendError::Rejected(format!("`{}` is no button press", press.0)));
        };
        let payload = AnswerCallbackQuery::new(CallbackQueryId(query.to_owned()));
        // Too old means that the spinner has ended by itself.
        done_or(self.inner.client.call::<_, IgnoredAny>(&payload).await, "query is too old")
    }

    async fn fetch(&self, file: &IncomingFile) -> Result<Vec<u8>, SendError> {
        files::fetch(&self.inner.client, file).await
    }

    fn forms(&self, part: &Part) -> &'static [Form] {
        if self.wants_rich(part) {
            &[Form::Formatted, Form::Simple, Form::Plain]
        } else {
            &[Form::Formatted, Form::Plain]
        }
    }

    fn menu_differs(&self, of: &ConversationKey, commands: &[MenuEntry]) -> bool {
        Place::parse(of).is_ok_and(|place| self.inner.menus.differs(place, commands))
    }

    async fn set_menu(&self, of: &ConversationKey, commands: &[MenuEntry]) -> Result<(), SendError> {
        let Inner { client, config, menus, .. } = self.inner.as_ref();
        menus.set(client, &config.commands, Place::parse(of)?, commands).await
    }

    fn hearing(&self, of: &ConversationKey) -> Hearing {
        match (Place::parse(of), self.inner.identity.get()) {
            (Ok(place), Some(me)) if place.is_group() => Hearing::Addressed {
                name: format!("@{}", me.username),
                remedy: (!me.can_read_all_group_messages).then(|| PRIVACY_MODE.to_owned()),
            },
            _ => Hearing::Everything,
        }
    }

    /// With underscores, because Telegram's apps make only `[a-z0-9_]` tappable.
    fn spell_command(&self, command: &str) -> String {
        let (name, arguments) = command.split_at(command.find(' ').unwrap_or(command.len()));
        format!("/{}{arguments}", name.replace('-', "_"))
    }
}

impl Telegram {
    /// How growing text is shown in private chats.
    fn preview(&self) -> Preview {
        if self.inner.no_drafts.load(Ordering::Relaxed) {
            return Preview::Edit(PRIVATE_PACE);
        }
        Preview::Draft { pace: PRIVATE_PACE, fades: draft::FADES }
    }

    fn wants_rich(&self, part: &Part) -> bool {
        let wanted = match self.inner.config.format {
            Format::Auto => rich::is_needed(&part.text),
            Format::Rich => true,
            Format::Plain => false,
        };
        wanted && part.attachment.is_none() && self.inner.rich.is_open()
    }

    /// What goes out as a rich message.
    fn blocks(&self, part: &Part) -> Option<Vec<Block>> {
        let rich = part.form == Form::Formatted && self.wants_rich(part);
        rich.then(|| rich::compose(&part.text, &self.inner.names)).flatten()
    }

    async fn send_rich(
        &self,
        place: Place,
        part: &Part,
        blocks: Vec<Block>,
        reply_parameters: Option<ReplyParameters>,
    ) -> Result<MessageRef, SendError> {
        let payload = SendRichMessage {
            chat_id: place.chat,
            message_thread_id: place.thread,
            rich_message: RichMessage::new(blocks),
            disable_notification: part.silent.then_some(true),
            reply_parameters,
            reply_markup: keyboard(&part.buttons)?,
        };
        let sent: Sent = self.inner.rich.judge(self.inner.client.call(&payload).await)?;
        Ok(MessageRef(sent.message_id.to_string()))
    }

    async fn edit_rich(&self, place: Place, message_id: i32, part: &Part, blocks: Vec<Block>) -> Result<(), SendError> {
        let (rich_message, reply_markup) = (RichMessage::new(blocks), keyboard(&part.buttons)?);
        let payload = EditRichMessage { chat_id: place.chat, message_id, rich_message, reply_markup };
        match self.inner.client.call::<_, IgnoredAny>(&payload).await {
            Err(CallError::Refused { description, .. }) if description.contains(NOT_MODIFIED) => Ok(()),
            result => self.inner.rich.judge(result).map(drop),
        }
    }

    async fn send_file(
        &self,
        place: Place,
        part: &Part,
        attachment: &Attachment,
        reply: Option<ReplyParameters>,
    ) -> Result<MessageRef, SendError> {
        // Telegram refuses pictures of odd proportions; on the ladder's next rung they are documents.
        let look = if part.form == Form::Formatted { Look::Best } else { Look::Document };
        let caption = match (part.form, self.inner.config.format) {
            (Form::Formatted, Format::Auto | Format::Rich) => render::render(&part.text, &self.inner.names),
            _ => render::plain(&part.text),
        };
        let upload = Upload::new(place, attachment, look).await?.caption(caption)?;
        let upload = upload.particulars(part, reply.as_ref(), keyboard(&part.buttons)?.as_ref())?;
        let sent: Sent = self.inner.client.upload(upload.method, upload.into_form()).await.map_err(SendError::from)?;
        Ok(MessageRef(sent.message_id.to_string()))
    }

    fn rendered(&self, part: &Part) -> Result<Rendered, SendError> {
        let rendered = match (part.form, self.inner.config.format) {
            (Form::Formatted | Form::Simple, Format::Auto | Format::Rich) => {
                render::render(&part.text, &self.inner.names)
            }
            _ => render::plain(&part.text),
        };
        if rendered.text.trim().is_empty() {
            return Err(SendError::Rejected("the text is empty".to_owned()));
        }
        Ok(rendered)
    }
}

/// The text and the buttons are there already.
const NOT_MODIFIED: &str = "message is not modified";

/// <https://core.telegram.org/bots/features#privacy-mode>.
const PRIVACY_MODE: &str = "Telegram's privacy mode keeps other talk from me, at times also mentions. To lift it: \
     /setprivacy in @BotFather, Disable, then remove me from the group and add me again; or make me an administrator.";

const NO_PREVIEW: LinkPreviewOptions = LinkPreviewOptions {
    is_disabled: true,
    url: None,
    prefer_small_media: false,
    prefer_large_media: false,
    show_above_text: false,
};

/// Success also when Telegram refused for the one reason that means the wished state is there already.
fn done_or(result: Result<IgnoredAny, CallError>, already: &str) -> Result<(), SendError> {
    match result {
        Ok(_) => Ok(()),
        Err(CallError::Refused { description, .. }) if description.contains(already) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// In a private chat it is plain what a reply answers; in a group it is not.
fn reply_to(place: Place, part: &Part) -> Result<Option<ReplyParameters>, SendError> {
    let answered = part.reply_to.as_ref().filter(|_| place.is_group());
    let id = answered.map(parse_message).transpose()?;
    Ok(id.map(|id| ReplyParameters::new(MessageId(id)).allow_sending_without_reply()))
}

fn thread(place: Place) -> Option<ThreadId> {
    place.thread.map(|thread| ThreadId(MessageId(thread)))
}

/// Of the set a bot may use: <https://core.telegram.org/bots/api#reactiontypeemoji>. It has no check mark.
const fn emoji(sign: Sign) -> &'static str {
    match sign {
        Sign::Seen => "👀",
        Sign::Done => "👍",
        Sign::Failed => "👎",
    }
}

fn keyboard(rows: &[Vec<Button>]) -> Result<Option<InlineKeyboardMarkup>, SendError> {
    if rows.iter().all(Vec::is_empty) {
        return Ok(None);
    }
    if rows.iter().any(|row| row.len() > BUTTONS_PER_ROW) || rows.iter().map(Vec::len).sum::<usize>() > BUTTONS {
        return Err(SendError::Rejected(format!("more than {BUTTONS_PER_ROW} buttons in a row, or {BUTTONS} in all")));
    }
    if let Some(button) = rows.iter().flatten().find(|button| !(1..=TOKEN_LIMIT).contains(&button.token.len())) {
        return Err(SendError::Rejected(format!(
            "the button `{}` needs a token of 1 to {TOKEN_LIMIT} bytes",
            button.label
        )));
    }
    let button = |button: &Button| InlineKeyboardButton::callback(&button.label, &button.token);
    let rows = rows.iter().filter(|row| !row.is_empty()).map(|row| row.iter().map(button).collect::<Vec<_>>());
    Ok(Some(InlineKeyboardMarkup::new(rows)))
}

const PRIVATE_PACE: Pace = Pace {
    first: Duration::from_millis(300),
    floor: Duration::from_millis(700),
    start: Duration::from_secs(1),
    max: Duration::from_secs(10),
    chars: 40,
    oldest: Duration::from_secs(2),
};

/// Figures: guideline of one message a second with short bursts in a chat.
/// <https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>.
fn private(chat: i64, rate: u32, preview: Preview) -> Capabilities {
    Capabilities {
        preview,
        parts_before_overflow: 4,
        budget: Budget { buckets: vec![bot_bucket(rate), chat_bucket(chat, 1.0, 4)] },
        renotify_after: None,
        ..common()
    }
}

/// Figures: 20 messages a minute, for the whole group with all its topics.
fn group(chat: i64, rate: u32) -> Capabilities {
    Capabilities {
        preview: Preview::Edit(Pace {
            first: Duration::from_millis(1500),
            floor: Duration::from_millis(3500),
            start: Duration::from_secs(4),
            max: Duration::from_secs(30),
            chars: 200,
            oldest: Duration::from_secs(8),
        }),
        parts_before_overflow: 3,
        budget: Budget { buckets: vec![bot_bucket(rate), chat_bucket(chat, 20.0 / 60.0, 3)] },
        renotify_after: Some(Duration::from_secs(60)),
        ..common()
    }
}

fn common() -> Capabilities {
    Capabilities {
        preview: Preview::None,
        buttons: true,
        reactions: true,
        status_fades: Some(Duration::from_secs(5)),
        part_limit: PART_LIMIT,
        parts_before_overflow: 4,
        attachment_limit: Some(files::LIMIT),
        download_limit: Some(files::DOWNLOAD_LIMIT),
        budget: Budget { buckets: Vec::new() },
        renotify_after: None,
    }
}

fn bot_bucket(rate: u32) -> Bucket {
    Bucket { scope: "bot".to_owned(), per_second: f64::from(rate), burst: rate.div_ceil(3).max(1) }
}

fn chat_bucket(chat: i64, per_second: f64, burst: u32) -> Bucket {
    Bucket { scope: format!("chat:{chat}"), per_second, burst }
}
