//! What the adapter needs to know. Who may write to it is decided by the orchestrator.

use adjutant_core::menu::MenuEntry;
use secrecy::SecretString;
use url::Url;

/// The settings of one bot.
#[derive(Debug, Clone)]
pub struct TelegramConfig {
    /// The token from @BotFather.
    pub token: SecretString,
    /// Where the Bot API is served; another one than Telegram's own for a local server or a test.
    pub api_url: Url,
    pub format: Format,
    /// The whole bot's sending rate. Telegram's guideline is 30 a second:
    /// <https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>.
    pub messages_per_second: u32,
    /// The gateway's own commands, in the order in which the menus list them.
    pub commands: Vec<MenuEntry>,
}

impl TelegramConfig {
    /// The public Bot API with its usual rate.
    ///
    /// # Panics
    /// Never: the address is a constant that parses.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the constant is proven by a test")]
    pub fn new(token: SecretString) -> Self {
        Self {
            token,
            api_url: Url::parse(API_URL).expect("a constant address"),
            format: Format::Auto,
            messages_per_second: 30,
            commands: Vec::new(),
        }
    }
}

/// How model text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// As a rich message where the text needs one, for a table or a list of tasks; else as message entities.
    #[default]
    Auto,
    /// As a rich message wherever that is taken.
    Rich,
    /// The source as it stands.
    Plain,
}

const API_URL: &str = "https://api.telegram.org";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_address_is_telegrams_and_the_token_is_not_printed() {
        let config = TelegramConfig::new("123:secret-part".to_owned().into());
        assert_eq!(config.api_url.as_str(), "https://api.telegram.org/");
        assert!(!format!("{config:?}").contains("secret-part"));
    }
}
