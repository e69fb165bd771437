//! What answers, here and elsewhere: gateway, console, database, Telegram.

use std::net::{SocketAddr, TcpListener};

use adjutant_core::clock::Clock;
use adjutant_server::control::{self, ControlError, Request};
use adjutant_store::error::StoreError;
use adjutant_store::store::Store;
use serde_json::Value;

use super::check::Check;
use crate::config::Config;
use crate::wiring;

/// Gateways on one database take leases by its clock; one that is off by more than this is looked at.
const SKEW: chrono::Duration = chrono::Duration::seconds(5);

pub async fn look(config: &Config) -> Vec<Check> {
    let asked = control::call(&config.data_dir, Request::Overview).await;
    // What listens there is the gateway itself, where one runs.
    let taken = if asked.is_ok() { None } else { taken(config) };
    let console = taken.unwrap_or_else(|| console(config));
    vec![gateway(config, asked), console, database(config).await, telegram(config).await]
}

fn gateway(config: &Config, asked: Result<String, ControlError>) -> Check {
    let own = env!("CARGO_PKG_VERSION");
    match asked {
        Ok(overview) => {
            let overview: Value = serde_json::from_str(&overview).unwrap_or_default();
            match overview["version"].as_str() {
                Some(version) if version != own => Check::warning(
                    "Gateway",
                    format!("runs in version {version}, and this program is {own}."),
                    "Start it again to run this one.",
                ),
                _ => Check::ok("Gateway", format!("runs, version {own}, port {}", config.server.port)),
            }
        }
        Err(ControlError::NotRunning { .. }) => {
            Check::off("Gateway", format!("version {own} does not run."), "`adjutant serve` starts it.")
        }
        Err(error) => Check::failed("Gateway", error),
    }
}

/// Why a start could not listen.
fn taken(config: &Config) -> Option<Check> {
    let address = SocketAddr::new(config.server.bind, config.server.port);
    let error = TcpListener::bind(address).err()?;
    Some(Check::problem(
        "Console",
        format!("{address} cannot be listened on ({error})."),
        "Set `PORT` to one that is free, and `BIND` to an address of this machine.",
    ))
}

fn console(config: &Config) -> Check {
    let server = &config.server;
    let address = SocketAddr::new(server.bind, server.port);
    match &server.public_url {
        Some(url) => Check::ok("Console", format!("{address}, as {url} behind a proxy")),
        None if !server.bind.is_loopback() => Check::warning(
            "Console",
            format!("{address} is reached from other machines without TLS, by no name but those of this machine."),
            "Put a proxy with TLS before it and set `PUBLIC_URL`, or leave `BIND` out.",
        ),
        None => Check::ok("Console", format!("http://{address}, from this machine alone")),
    }
}

async fn database(config: &Config) -> Check {
    let kind = if wiring::store::is_shared(config) { "PostgreSQL" } else { "SQLite" };
    let options = wiring::store::options(config, &Clock::System);
    match Store::open_for_command(options).await {
        Ok(store) => {
            let check = match store.ping().await {
                Ok(()) => answers(kind, &store).await,
                Err(error) => Check::failed("Database", wiring::store::explain(error)),
            };
            store.close().await;
            check
        }
        // A running gateway holds the file, which is as it should be.
        Err(StoreError::Taken { holder }) => Check::ok("Database", format!("{kind}, in use by {holder}")),
        Err(error) => Check::failed("Database", wiring::store::explain(error)),
    }
}

async fn answers(kind: &str, store: &Store) -> Check {
    let before = Clock::System.now();
    match store.time().await {
        Ok(Some(theirs)) => {
            let skew = (theirs - before).abs();
            if skew > SKEW {
                return Check::warning(
                    "Database",
                    format!("{kind} answers, but its clock differs by {} s.", skew.num_seconds()),
                    "Let both machines set their clocks by NTP.",
                );
            }
            Check::ok("Database", format!("{kind} answers, its clock agrees"))
        }
        Ok(None) => Check::ok("Database", format!("{kind} answers")),
        Err(error) => Check::failed("Database", wiring::store::explain(error)),
    }
}

async fn telegram(config: &Config) -> Check {
    let Some(telegram) = &config.telegram else {
        return Check::off("Telegram", "`TELEGRAM_BOT_TOKEN` is not set.", "@BotFather gives one.");
    };
    let adapter = adjutant_telegram::Telegram::new(wiring::platforms::telegram_config(telegram), Clock::System);
    let checked = match adapter {
        Ok(adapter) => adapter.check().await,
        Err(error) => Err(error),
    };
    match (checked, telegram.allowed_users.len()) {
        (Err(error), _) => {
            Check::problem("Telegram", format!("{error}."), "Compare `TELEGRAM_BOT_TOKEN` with what @BotFather shows.")
        }
        (Ok(me), 0) => Check::ok(
            "Telegram",
            format!("@{} · nobody in `TELEGRAM_ALLOWED_USERS`; write to the bot for a pairing code", me.username),
        ),
        (Ok(me), n) => Check::ok("Telegram", format!("@{} · {n} allowed by `TELEGRAM_ALLOWED_USERS`", me.username)),
    }
}
