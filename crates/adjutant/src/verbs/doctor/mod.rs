//! `adjutant doctor`: what is on, what is off, why, and what to do. It looks at everything and changes nothing but what
//! a start makes as well: the data directory and the workspace.
//!
//! | module | what is looked at |
//! | --- | --- |
//! | [`check`] | one thing that was looked at |
//! | [`machine`] | settings, user, data directory, disk, clock, Git |
//! | [`services`] | gateway, console, database, Telegram |
//! | [`work`] | workspace, default codebase, assistants |

mod check;
mod machine;
mod services;
mod work;

use std::process::ExitCode;

use adjutant_core::mask::Mask;

use self::check::State;
use super::Form;
use crate::config::Config;

/// Looks at everything. Exit code 1 when something that is switched on does not work.
///
/// # Errors
/// When the outcome cannot be printed.
pub async fn doctor(config: &Config, form: Form) -> anyhow::Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut checks = machine::look(config).await;
    checks.extend(services::look(config).await);
    checks.extend(work::look(config).await);
    // What a service says of a failure may repeat what it was given.
    let mask = Mask::new(config.secrets());
    for check in &mut checks {
        check.detail = mask.apply(std::mem::take(&mut check.detail));
        check.hint = check.hint.take().map(|hint| mask.apply(hint));
    }
    if form == Form::Json {
        println!("{}", serde_json::to_string_pretty(&checks)?);
    } else {
        checks.iter().for_each(|check| println!("{check}"));
    }
    let failed = checks.iter().any(|check| check.state == State::Problem);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
