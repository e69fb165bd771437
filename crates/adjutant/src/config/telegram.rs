//! Telegram.

use adjutant_core::conversation::ReplyMode;
use adjutant_telegram::Format;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::env::Reader;

/// The bot and who may use it.
#[derive(Debug, Clone)]
pub struct Telegram {
    /// `TELEGRAM_BOT_TOKEN`.
    pub token: SecretString,
    /// `TELEGRAM_ALLOWED_USERS`, nobody: stable numeric ids, never names, which can change hands.
    pub allowed_users: Vec<u64>,
    /// `TELEGRAM_STREAMING_MODE`, `stream`.
    pub mode: ReplyMode,
    /// `TELEGRAM_FORMAT`, `auto`.
    pub format: Format,
    /// `TELEGRAM_MESSAGES_PER_SECOND`, 30: what Telegram allows a bot in all.
    pub messages_per_second: u32,
    /// `TELEGRAM_API_URL`; `None`: Telegram's own.
    pub api_url: Option<Url>,
}

impl Telegram {
    /// `None` without a token. The other values are checked all the same.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let token = reader.secret("TELEGRAM_BOT_TOKEN");
        if token.as_ref().is_some_and(|token| !is_token(token.expose_secret())) {
            reader.problem("TELEGRAM_BOT_TOKEN", "is not of the form that @BotFather gives");
        }
        let wanted = "a numeric user id (`/whoami` tells it), not a name";
        let allowed_users =
            reader.list("TELEGRAM_ALLOWED_USERS", wanted, |text| text.parse().ok().filter(|id| *id > 0));
        let mode = super::conversations::reply_mode(reader, "TELEGRAM_STREAMING_MODE");
        let formats = [("auto", Format::Auto), ("rich", Format::Rich), ("plain", Format::Plain)];
        let format = reader.choice("TELEGRAM_FORMAT", &formats).unwrap_or_default();
        let messages_per_second = reader.number("TELEGRAM_MESSAGES_PER_SECOND", 1..=1000).unwrap_or(30);
        let api_url = reader.address("TELEGRAM_API_URL");
        Some(Self { token: token?, allowed_users, mode, format, messages_per_second, api_url })
    }
}

impl Telegram {
    /// The token, and by itself the half behind the colon: the other is the bot's public number, and the colon may be
    /// written otherwise.
    pub fn secrets(&self) -> Vec<SecretString> {
        let half = self.token.expose_secret().split_once(':').map(|(_, half)| SecretString::from(half.to_owned()));
        half.into_iter().chain([self.token.clone()]).collect()
    }
}

/// `123456789:letters`, as in <https://core.telegram.org/bots/api#authorizing-your-bot>.
fn is_token(text: &str) -> bool {
    text.split_once(':').is_some_and(|(id, key)| {
        !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_digit())
            && !key.is_empty()
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}
