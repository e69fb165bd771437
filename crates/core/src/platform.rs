//! The port to a chat platform: primitive calls only. Order, budgets, retries and splitting belong to delivery.

use std::time::Duration;

use async_trait::async_trait;

pub use crate::attachment::{Attachment, Content};
use crate::id::PartId;
use crate::kind::PlatformKind;
use crate::menu::MenuEntry;
use crate::message::{ConversationKey, DeliveryId, IncomingFile, MessageRef};

/// One platform. Every call does exactly one thing and classifies its failure; it never retries by itself.
#[async_trait]
pub trait Platform: Send + Sync {
    fn kind(&self) -> PlatformKind;

    /// What this platform can do in this conversation.
    fn capabilities(&self, conversation: &ConversationKey) -> Capabilities;

    /// The length of a text in the platform's own units, as it will count after rendering.
    fn measure(&self, text: &str) -> usize;

    /// Sends a new message.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn send(&self, to: &ConversationKey, part: &Part) -> Result<MessageRef, SendError>;

    /// Replaces a message that was sent before. An identical text counts as success.
    ///
    /// # Errors
    /// [`SendError::Rejected`] also when the message is gone; then delivery sends a new one.
    async fn edit(&self, to: &ConversationKey, at: &MessageRef, part: &Part) -> Result<(), SendError>;

    /// Shows text that is still being written, in a passing way: called where [`Preview::Draft`] says so, again and
    /// again for the same `id`. What was sent last fades by itself and with the next message.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn draft(&self, _to: &ConversationKey, _id: PartId, _part: &Part) -> Result<(), SendError> {
        Err(SendError::Rejected("text that is still being written cannot be shown here".to_owned()))
    }

    /// Removes a message that was sent before.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn delete(&self, to: &ConversationKey, at: &MessageRef) -> Result<(), SendError>;

    /// Puts the one reaction of the bot on a person's message, or takes it away with `None`.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn react(&self, to: &ConversationKey, at: &MessageRef, sign: Option<Sign>) -> Result<(), SendError>;

    /// Shows "is typing" or its like. It fades by itself; see [`Capabilities::status_fades`].
    ///
    /// # Errors
    /// See [`SendError`].
    async fn status(&self, to: &ConversationKey) -> Result<(), SendError>;

    /// Tells the person's app that a button press has arrived, so that its spinner ends.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn acknowledge(&self, press: &DeliveryId) -> Result<(), SendError>;

    /// Gives the bytes of a file that a person sent.
    ///
    /// # Errors
    /// [`SendError::Rejected`] when it can never be had, for example because it is larger than
    /// [`Capabilities::download_limit`].
    async fn fetch(&self, _file: &IncomingFile) -> Result<Vec<u8>, SendError> {
        Err(SendError::Rejected("files cannot be fetched here".to_owned()))
    }

    /// Whether a menu of these commands would differ from what the conversation has, as far as is known. Always false
    /// where there are no menus.
    fn menu_differs(&self, _of: &ConversationKey, _commands: &[MenuEntry]) -> bool {
        false
    }

    /// Puts these commands into the conversation's menu, before the gateway's own: none takes earlier ones away.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn set_menu(&self, _of: &ConversationKey, _commands: &[MenuEntry]) -> Result<(), SendError> {
        Ok(())
    }

    /// Whether the gateway itself keeps what is said in conversations of this platform. Elsewhere the platform's own
    /// service does, and deleting it there is up to people.
    fn keeps_messages(&self) -> bool {
        false
    }

    /// Deletes what the gateway keeps of what was said in a conversation.
    ///
    /// # Errors
    /// [`SendError::NotSent`] when something of it may still be there.
    async fn forget(&self, _to: &ConversationKey) -> Result<(), SendError> {
        Ok(())
    }

    /// What of a conversation reaches the gateway.
    fn hearing(&self, _of: &ConversationKey) -> Hearing {
        Hearing::Everything
    }

    /// The rungs a part has here: when one is rejected, the next is tried. Text still being written begins on the second
    /// where there are three.
    fn forms(&self, _part: &Part) -> &'static [Form] {
        &[Form::Formatted, Form::Plain]
    }

    /// How a command is typed here, for example `/reset` or `!reset`.
    fn spell_command(&self, command: &str) -> String {
        format!("/{command}")
    }
}

/// What a platform can do in one conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Capabilities {
    /// How text that is still being written is shown.
    pub preview: Preview,
    pub buttons: bool,
    pub reactions: bool,
    /// How long a status stays visible; `None`: no status here.
    pub status_fades: Option<Duration>,
    /// The most units [`Platform::measure`] may give for one part.
    pub part_limit: usize,
    /// Parts of one reply. Of a longer one the middle is left out, and the whole is attached; without attachments it
    /// is sent in as many parts as it takes.
    pub parts_before_overflow: usize,
    /// The most bytes of an attachment; `None`: none can be sent here.
    pub attachment_limit: Option<u64>,
    /// The most bytes of a file that a person sends; `None`: no files come in here.
    pub download_limit: Option<u64>,
    /// What may be sent here and how fast.
    pub budget: Budget,
    /// The longest a finished reply may sit in an edited message before a new one is sent, so that the
    /// person's phone notifies; `None`: edits notify or it does not matter.
    pub renotify_after: Option<Duration>,
}

/// What of a conversation reaches the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hearing {
    Everything,
    /// Others talk there, too: what is said to the gateway.
    Addressed {
        /// As it is mentioned, for example `@name`.
        name: String,
        /// Where the platform keeps back what it should not: how people change that, as a sentence.
        remedy: Option<String>,
    },
}

/// How text that is still being written is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preview {
    /// Not at all.
    None,
    /// By editing a message that becomes the finished part.
    Edit(Pace),
    /// By [`Platform::draft`], which is no message: it fades after this time, and the finished part is sent anew.
    Draft { pace: Pace, fades: Duration },
}

impl Preview {
    /// When previews are sent; `None`: never.
    #[must_use]
    pub const fn pace(&self) -> Option<Pace> {
        match self {
            Self::None => None,
            Self::Edit(pace) | Self::Draft { pace, .. } => Some(*pace),
        }
    }
}

/// When previews are sent. Source of the figures: the platforms' published and observed limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// From the first text to the first preview.
    pub first: Duration,
    /// Never faster than this.
    pub floor: Duration,
    /// Where the adaptive interval starts.
    pub start: Duration,
    /// Where it ends.
    pub max: Duration,
    /// New characters that make a preview worth sending.
    pub chars: usize,
    /// Older than this is sent however little is new.
    pub oldest: Duration,
}

/// Token buckets. A conversation draws from all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    pub buckets: Vec<Bucket>,
}

/// One token bucket, shared by every conversation that names the same scope.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// For example `bot` or `chat:-100123`.
    pub scope: String,
    pub per_second: f64,
    pub burst: u32,
}

/// One outgoing message.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Part {
    /// CommonMark.
    pub text: String,
    pub form: Form,
    /// Rows of buttons below the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Vec<Button>>,
    /// The person's message this answers, where the platform shows that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageRef>,
    /// No sound on the person's phone.
    #[serde(default)]
    pub silent: bool,
    /// A file that is the message; the text stands below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
}

impl Part {
    /// A part with text alone.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            form: Form::Formatted,
            buttons: Vec::new(),
            reply_to: None,
            silent: false,
            attachment: None,
        }
    }

    /// A part that is a file, with a few words below it.
    #[must_use]
    pub fn attached(attachment: Attachment, caption: impl Into<String>) -> Self {
        Self { attachment: Some(attachment), ..Self::text(caption) }
    }
}

/// The rungs of the ladder, see [`Platform::forms`]. A reply is never lost for its markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// As the platform shows CommonMark best.
    Formatted,
    /// With simpler markup, which more of its apps and servers know.
    Simple,
    /// The source as it stands.
    Plain,
}

/// A button. The token is opaque and short: Telegram allows 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Button {
    pub label: String,
    pub token: String,
}

/// The reactions the gateway uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Seen, being worked on.
    Seen,
    /// Done.
    Done,
    /// Failed.
    Failed,
}

/// Why a call failed, in terms of what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Nothing may be sent in this scope for so long.
    #[error("asked to wait {0:?}")]
    RetryAfter(Duration),
    /// The platform did not take it: another form may pass, the same again will not.
    #[error("rejected: {0}")]
    Rejected(String),
    /// It did certainly not arrive; the same again may pass.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It may have arrived: reconcile before repeating.
    #[error("unclear whether it arrived: {0}")]
    Ambiguous(String),
    /// Blocked, deleted or archived: nothing can be sent here any more.
    #[error("gone: {0}")]
    Gone(String),
    /// The conversation goes on under another key.
    #[error("moved")]
    Moved(ConversationKey),
}
