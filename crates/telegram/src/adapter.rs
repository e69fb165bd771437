//! The adapter itself: what its receiving and its sending half share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use adjutant_core::clock::Clock;
use adjutant_core::intake::Intake;
use serde::Deserialize;
use teloxide::payloads::GetMe;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::config::TelegramConfig;
use crate::failure::CallError;
use crate::health::TelegramHealth;
use crate::menu::Menus;
use crate::poll::Poller;
use crate::render::Names;
use crate::rich::Latch;

/// A bot on Telegram. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telegram {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub client: Client,
    pub config: TelegramConfig,
    pub clock: Clock,
    pub health: TelegramHealth,
    pub identity: OnceCell<Identity>,
    pub menus: Menus,
    /// Commands that may be tapped in a text.
    pub names: Names,
    /// The Bot API server knows no drafts: one of one's own that is older than 9.5.
    pub no_drafts: AtomicBool,
    pub rich: Latch,
}

/// Who the bot is, by Telegram's word.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Identity {
    pub id: i64,
    /// Without `@`.
    #[serde(default)]
    pub username: String,
    /// Privacy mode is off: the bot sees all talk of its groups.
    #[serde(default)]
    pub can_read_all_group_messages: bool,
}

/// Why the adapter cannot work at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TelegramError {
    #[error("the HTTP client cannot be built: {0}")]
    Client(String),
    #[error("Telegram refused the bot's token")]
    TokenRefused,
    #[error("{0}")]
    Call(CallError),
}

impl Telegram {
    /// Builds the adapter; nothing is sent yet.
    ///
    /// # Errors
    /// [`TelegramError::Client`] when TLS cannot be set up.
    pub fn new(config: TelegramConfig, clock: Clock) -> Result<Self, TelegramError> {
        let client = Client::new(&config).map_err(|error| TelegramError::Client(error.to_string()))?;
        let (health, identity) = (TelegramHealth::default(), OnceCell::new());
        let names = config.commands.iter().map(|command| command.name.clone()).collect();
        let (menus, no_drafts, rich) = (Menus::default(), AtomicBool::new(false), Latch::default());
        Ok(Self { inner: Arc::new(Inner { client, config, clock, health, identity, menus, names, no_drafts, rich }) })
    }

    #[must_use]
    pub fn health(&self) -> TelegramHealth {
        self.inner.health.clone()
    }

    /// Asks Telegram once who the bot is.
    ///
    /// # Errors
    /// [`TelegramError::TokenRefused`], or the failed call.
    pub async fn check(&self) -> Result<Identity, TelegramError> {
        self.inner.client.call(&GetMe::new()).await.map_err(|error| {
            if error.is_token_refused() { TelegramError::TokenRefused } else { TelegramError::Call(error) }
        })
    }

    /// Receives until `stop`, at once even in the middle of a poll. Nothing is confirmed to Telegram before `intake`
    /// has taken it.
    ///
    /// # Errors
    /// [`TelegramError::TokenRefused`]: trying again makes no sense before the token is changed.
    pub async fn run(&self, intake: Arc<dyn Intake>, stop: CancellationToken) -> Result<(), TelegramError> {
        Poller::new(self.inner.clone(), intake).run(&stop).await
    }
}
