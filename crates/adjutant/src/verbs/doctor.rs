//! `adjutant doctor`: what is on, what is off, why, and what to do.

use std::process::ExitCode;

use adjutant_core::assistant::Readiness;
use adjutant_core::clock::Clock;
use adjutant_server::control::{self, Request};
use serde::Serialize;

use super::Form;
use crate::config::Config;
use crate::wiring;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: String,
    state: State,
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// Not switched on; no fault.
    Off,
    Problem,
}

/// Looks at everything. Exit code 1 when something that is switched on does not work.
///
/// # Errors
/// When the outcome cannot be printed.
pub async fn doctor(config: &Config, form: Form) -> anyhow::Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut checks = vec![data_dir(config), gateway(config).await, database(config).await, git().await];
    checks.push(workspace(config));
    checks.push(telegram(config).await);
    checks.extend(assistants(config).await);
    if form == Form::Json {
        println!("{}", serde_json::to_string_pretty(&checks)?);
    } else {
        for check in &checks {
            let sign = match check.state {
                State::Ok => '✓',
                State::Off => '–',
                State::Problem => '✗',
            };
            println!("{sign} {:<10} {}", check.name, check.detail);
        }
    }
    let failed = checks.iter().any(|check| check.state == State::Problem);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn check(name: &str, result: Result<String, String>) -> Check {
    match result {
        Ok(detail) => Check { name: name.to_owned(), state: State::Ok, detail },
        Err(detail) => Check { name: name.to_owned(), state: State::Problem, detail },
    }
}

fn off(name: &str, detail: impl Into<String>) -> Check {
    Check { name: name.to_owned(), state: State::Off, detail: detail.into() }
}

fn data_dir(config: &Config) -> Check {
    let made = wiring::make_data_dir(config).map_err(|error| error.to_string());
    check("Data", made.map(|()| config.data_dir.display().to_string()))
}

async fn gateway(config: &Config) -> Check {
    match control::call(&config.data_dir, Request::Overview).await {
        Ok(_) => check("Gateway", Ok(format!("runs, port {}", config.server.port))),
        Err(control::ControlError::NotRunning { .. }) => off("Gateway", "does not run; `adjutant serve` starts it"),
        Err(error) => check("Gateway", Err(error.to_string())),
    }
}

async fn database(config: &Config) -> Check {
    let kind = if wiring::store::is_shared(config) { "PostgreSQL" } else { "SQLite" };
    let options = wiring::store::options(config, &Clock::System);
    match adjutant_store::store::Store::open_for_command(options).await {
        Ok(store) => {
            let answer = store.ping().await.map(|()| format!("{kind} answers")).map_err(|error| error.to_string());
            store.close().await;
            check("Database", answer)
        }
        // A running gateway holds the file, which is as it should be.
        Err(adjutant_store::error::StoreError::Taken { holder }) => {
            check("Database", Ok(format!("{kind}, in use by {holder}")))
        }
        Err(error) => check("Database", Err(wiring::store::explain(error).to_string())),
    }
}

#[expect(clippy::disallowed_methods, reason = "it asks for nothing but the version of the program on the path")]
async fn git() -> Check {
    let output = tokio::process::Command::new("git").arg("--version").output().await;
    check(
        "Git",
        match output {
            Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            Ok(output) => Err(format!("`git --version` failed with {}. Install Git again.", output.status)),
            Err(error) => Err(format!("`git` cannot be started ({error}). Install Git.")),
        },
    )
}

fn workspace(config: &Config) -> Check {
    let opened = wiring::root::policy(&config.root)
        .and_then(|root| wiring::context::workspace(config, &root, &Clock::System))
        .map(|workspace| format!("{} · {} Git trees", workspace.root().display(), workspace.find_trees().len()));
    check("Workspace", opened.map_err(|error| error.to_string()))
}

async fn telegram(config: &Config) -> Check {
    let Some(telegram) = &config.telegram else {
        return off("Telegram", "`TELEGRAM_BOT_TOKEN` is not set; @BotFather gives one");
    };
    let adapter = adjutant_telegram::Telegram::new(wiring::platforms::telegram_config(telegram), Clock::System);
    let checked = match adapter {
        Ok(adapter) => adapter.check().await,
        Err(error) => Err(error),
    };
    let people = match telegram.allowed_users.len() {
        0 => "nobody in `TELEGRAM_ALLOWED_USERS`; write to the bot for a pairing code".to_owned(),
        n => format!("{n} allowed by `TELEGRAM_ALLOWED_USERS`"),
    };
    check("Telegram", checked.map(|me| format!("@{} · {people}", me.username)).map_err(|error| error.to_string()))
}

async fn assistants(config: &Config) -> Vec<Check> {
    let root = match wiring::root::policy(&config.root) {
        Ok(root) => root,
        Err(error) => return vec![check("Assistants", Err(error.to_string()))],
    };
    let all = match wiring::assistants::all(config, &root, None, &Clock::System) {
        Ok(all) => all,
        Err(error) => return vec![check("Assistants", Err(error.to_string()))],
    };
    let mut checks = Vec::new();
    let mut real = false;
    for assistant in all {
        let name = assistant.kind().shown();
        let fallback = assistant.kind() == wiring::assistants::FALLBACK;
        match assistant.readiness().await {
            Readiness::Ready { .. } if fallback && real => checks.push(off(name, "not needed")),
            Readiness::Ready { detail } | Readiness::Checking { detail } => {
                real |= !fallback;
                checks.push(check(name, Ok(detail)));
            }
            Readiness::Off { reason, hint } => checks.push(off(name, format!("{reason} {hint}"))),
        }
    }
    checks
}
