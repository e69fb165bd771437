//! Why a call failed, and what that means to delivery.

use std::error::Error;
use std::time::Duration;

use adjutant_core::message::ConversationKey;
use adjutant_core::platform::SendError;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StringDeserializer};
use teloxide::ApiError;

/// Why a call of the Bot API failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error("Telegram asks to wait {0:?}")]
    RetryAfter(Duration),
    #[error("the group goes on as chat {0}")]
    Moved(i64),
    /// Telegram understood the request and said no.
    #[error("Telegram answered {code}: {description}")]
    Refused { code: u16, description: String, error: ApiError },
    /// A server or a proxy on the way failed before Telegram worked on the request.
    #[error("the server answered {0}")]
    Server(u16),
    /// The request never left.
    #[error("{0}")]
    NotSent(String),
    /// The request left, its answer did not come.
    #[error("{0}")]
    Lost(String),
    /// An answer came that cannot be understood.
    #[error("{0}")]
    Garbled(String),
}

/// For a 429 that does not say how long.
const UNSPECIFIED_WAIT: Duration = Duration::from_secs(5);

/// Refusals after which nothing can be sent in that chat or topic. Telegram's descriptions are all there is: the
/// code is 400 for most of them.
const GONE: &[&str] = &[
    "chat not found",
    "group is deactivated",
    "group chat was deactivated",
    "user is deactivated",
    "bot was kicked",
    "bot was blocked",
    "PEER_ID_INVALID",
    "CHAT_WRITE_FORBIDDEN",
    "CHAT_RESTRICTED",
    "have no rights to send",
    "not enough rights to send",
    "message thread not found",
    "TOPIC_CLOSED",
    "TOPIC_DELETED",
];

impl CallError {
    pub(crate) fn from_request(error: reqwest::Error) -> Self {
        let text = describe(error.without_url());
        text.map_or_else(Self::NotSent, Self::Lost)
    }

    pub(crate) fn from_body(error: reqwest::Error) -> Self {
        Self::Lost(describe(error.without_url()).unwrap_or_else(|text| text))
    }

    pub(crate) fn from_refusal(code: u16, description: String) -> Self {
        if code >= 500 {
            return Self::Server(code);
        }
        if code == 429 {
            return Self::RetryAfter(UNSPECIFIED_WAIT);
        }
        let source: StringDeserializer<ValueError> = description.clone().into_deserializer();
        let error = ApiError::deserialize(source).unwrap_or_else(|_| ApiError::Unknown(description.clone()));
        Self::Refused { code, description, error }
    }

    /// An answer that is not the Bot API's: a proxy's error page, a captive portal.
    pub(crate) fn from_foreign_answer(status: u16) -> Self {
        match status {
            200..=299 => Self::Garbled("an answer that is not the Bot API's".to_owned()),
            429 => Self::RetryAfter(UNSPECIFIED_WAIT),
            _ => Self::Server(status),
        }
    }

    /// The bot's token is wrong or was revoked. Telegram says 404 to a token of the wrong form.
    #[must_use]
    pub const fn is_token_refused(&self) -> bool {
        matches!(self, Self::Refused { code: 401 | 404, .. })
    }
}

impl From<CallError> for SendError {
    fn from(error: CallError) -> Self {
        let text = error.to_string();
        match error {
            CallError::RetryAfter(wait) => Self::RetryAfter(wait),
            CallError::Moved(chat) => Self::Moved(ConversationKey(chat.to_string())),
            CallError::Refused { code: 401 | 404, .. } => Self::NotSent("Telegram refused the bot's token".to_owned()),
            CallError::Refused { code: 403, .. } => Self::Gone(text),
            CallError::Refused { ref error, ref description, .. } if is_gone(error, description) => Self::Gone(text),
            CallError::Refused { .. } => Self::Rejected(text),
            // A gateway's time-out says that the request went on its way: the one 5xx after which it may be done.
            CallError::Server(504) | CallError::Lost(_) | CallError::Garbled(_) => Self::Ambiguous(text),
            CallError::Server(_) | CallError::NotSent(_) => Self::NotSent(text),
        }
    }
}

fn is_gone(error: &ApiError, description: &str) -> bool {
    matches!(
        error,
        ApiError::ChatNotFound
            | ApiError::GroupDeactivated
            | ApiError::UserDeactivated
            | ApiError::BotBlocked
            | ApiError::BotKicked
            | ApiError::BotKickedFromSupergroup
            | ApiError::BotKickedFromChannel
            | ApiError::CantInitiateConversation
            | ApiError::CantTalkWithBots
    ) || GONE.iter().any(|gone| description.contains(gone))
}

/// `Err` when the request certainly did not leave. The innermost cause is the one that says something.
fn describe(error: reqwest::Error) -> Result<String, String> {
    let left = !(error.is_connect() || error.is_builder());
    if error.is_timeout() {
        let text = if left { "no answer in time" } else { "no connection in time" };
        return if left { Ok(text.to_owned()) } else { Err(text.to_owned()) };
    }
    let mut cause: &dyn Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let text = format!("the connection failed: {cause}");
    if left { Ok(text) } else { Err(text) }
}
