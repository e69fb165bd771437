//! The platforms of this installation: one block each in [`all`].

use std::collections::BTreeMap;
use std::sync::Arc;

use adjutant_core::clock::Clock;
use adjutant_core::conversation::ReplyMode;
use adjutant_core::kind::PlatformKind;
use adjutant_core::menu::MenuEntry;
use adjutant_core::platform::Platform;
use adjutant_orchestrator::commands;
use adjutant_orchestrator::settings::{Access, PlatformSettings};
use adjutant_server::ConsolePlatform;
use adjutant_telegram::{Telegram, TelegramConfig};

use crate::config::{self, Config};

/// The platforms that are switched on.
pub struct Platforms {
    pub console: ConsolePlatform,
    pub telegram: Option<Telegram>,
}

/// Builds what the configuration switches on. Nothing is sent or received yet.
///
/// # Errors
/// When TLS cannot be set up or the console's folder cannot be made.
pub fn all(config: &Config, clock: &Clock) -> anyhow::Result<Platforms> {
    Ok(Platforms {
        console: ConsolePlatform::new(&config.data_dir, clock.clone())?,
        telegram: config
            .telegram
            .as_ref()
            .map(|telegram| Telegram::new(telegram_config(telegram), clock.clone()))
            .transpose()?,
    })
}

impl Platforms {
    /// As delivery wants them.
    #[must_use]
    pub fn list(&self) -> Vec<Arc<dyn Platform>> {
        let mut list: Vec<Arc<dyn Platform>> = vec![Arc::new(self.console.clone())];
        if let Some(telegram) = &self.telegram {
            list.push(Arc::new(telegram.clone()));
        }
        list
    }
}

/// Who is admitted, and how replies arrive.
#[must_use]
pub fn settings(config: &Config) -> BTreeMap<PlatformKind, PlatformSettings> {
    let console = PlatformSettings { mode: ReplyMode::Stream, access: Access::Operator };
    let mut settings = BTreeMap::from([(PlatformKind::Console, console)]);
    if let Some(telegram) = &config.telegram {
        let ids = telegram.allowed_users.iter().map(u64::to_string).collect();
        settings.insert(
            PlatformKind::Telegram,
            PlatformSettings { mode: telegram.mode, access: Access::AllowList { ids } },
        );
    }
    settings
}

/// What the Telegram adapter is built from.
#[must_use]
pub fn telegram_config(telegram: &config::telegram::Telegram) -> TelegramConfig {
    let mut config = TelegramConfig::new(telegram.token.clone());
    config.format = telegram.format;
    config.messages_per_second = telegram.messages_per_second;
    config.commands = commands::menu()
        .map(|command| MenuEntry { name: command.name().replace('-', "_"), description: command.summary().to_owned() })
        .collect();
    if let Some(url) = &telegram.api_url {
        config.api_url = url.clone();
    }
    config
}
