//! The command line's verbs. Those that change something go through the running gateway, or, when none runs, work on
//! the database themselves.

mod chat;
mod config;
mod doctor;

use std::process::ExitCode;

use adjutant_core::clock::Clock;
use adjutant_core::kind::PlatformKind;
use adjutant_orchestrator::orchestrator::Orchestrator;
use adjutant_server::ApiToken;
use adjutant_server::control::{self, ControlError, Request};
use secrecy::ExposeSecret;

use crate::config::Config;
use crate::wiring::{self, context::Pieces};

pub use chat::chat;
pub use config::config;
pub use doctor::doctor;

/// How an outcome is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `adjutant allow <code>`
///
/// # Errors
/// One sentence.
pub async fn allow(config: &Config, code: String) -> anyhow::Result<ExitCode> {
    let asked = control::call(&config.data_dir, Request::Allow { code: code.clone() }).await;
    or_directly(asked, async {
        let (orchestrator, store) = offline(config).await?;
        let text = orchestrator.allow(&code).await?;
        store.close().await;
        Ok(text)
    })
    .await
}

/// `adjutant pair <platform>`
///
/// # Errors
/// One sentence.
pub async fn pair(config: &Config, platform: PlatformKind) -> anyhow::Result<ExitCode> {
    let asked = control::call(&config.data_dir, Request::Pair { platform }).await;
    or_directly(asked, async {
        let (orchestrator, store) = offline(config).await?;
        let text = orchestrator.pair(platform).await?;
        store.close().await;
        Ok(format!("{text} The gateway is not running; start it with `adjutant serve`."))
    })
    .await
}

/// `adjutant trust <codebase>`
///
/// # Errors
/// One sentence.
pub async fn trust(config: &Config, codebase: String) -> anyhow::Result<ExitCode> {
    let asked = control::call(&config.data_dir, Request::Trust { codebase: codebase.clone() }).await;
    or_directly(asked, async {
        let (orchestrator, store) = offline(config).await?;
        let text = orchestrator.trust(&codebase).await?;
        store.close().await;
        Ok(text)
    })
    .await
}

/// `adjutant token`
///
/// # Errors
/// One sentence.
pub async fn token(config: &Config) -> anyhow::Result<ExitCode> {
    wiring::make_data_dir(config)?;
    let token = ApiToken::load_or_create(&config.data_dir, config.server.api_token.clone())?;
    println!("{}", token.secret().expose_secret());
    match control::call(&config.data_dir, Request::LoginLink).await {
        Ok(link) => eprintln!("Console: {link}  (opens once)"),
        Err(ControlError::NotRunning { .. }) => {
            eprintln!("The gateway is not running; `adjutant serve` prints a link.")
        }
        Err(error) => return Err(error.into()),
    }
    Ok(ExitCode::SUCCESS)
}

/// `adjutant migrate`
///
/// # Errors
/// One sentence.
pub async fn migrate(config: &Config) -> anyhow::Result<ExitCode> {
    wiring::make_data_dir(config)?;
    let options = wiring::store::options(config, &Clock::System);
    let store = adjutant_store::store::Store::open_for_command(options).await.map_err(wiring::store::explain)?;
    let report = store.migrate().await.map_err(wiring::store::explain)?;
    store.close().await;
    match report.applied {
        0 => println!("The schema is up to date (version {}).", report.version),
        1 => println!("1 migration applied; the schema has version {}.", report.version),
        n => println!("{n} migrations applied; the schema has version {}.", report.version),
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the gateway's answer, or does it here when no gateway runs.
async fn or_directly(
    asked: Result<String, ControlError>,
    here: impl Future<Output = anyhow::Result<String>>,
) -> anyhow::Result<ExitCode> {
    let text = match asked {
        Ok(text) => text,
        Err(ControlError::NotRunning { .. }) => here.await?,
        Err(error) => return Err(error.into()),
    };
    println!("{text}");
    Ok(ExitCode::SUCCESS)
}

/// The orchestrator over the database alone: nothing is received, sent or started.
async fn offline(config: &Config) -> anyhow::Result<(std::sync::Arc<Orchestrator>, adjutant_store::store::Store)> {
    wiring::make_data_dir(config)?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = Clock::System;
    let store = wiring::store::open(config, &clock).await?;
    let platforms = wiring::platforms::all(config, &clock)?;
    let root = wiring::root::policy(&config.root)?;
    let pieces = Pieces { config, clock: &clock, store: &store, platforms: &platforms, root: &root, fork_server: None };
    let (context, events) = wiring::context::build(pieces)?;
    Ok((Orchestrator::new(context, events), store))
}
