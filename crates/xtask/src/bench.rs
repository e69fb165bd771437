//! `cargo xtask bench`: builds what is shipped and measures it.

use std::process::{Command, ExitCode};

use anyhow::{Context, ensure};

/// The steps, each a call of cargo.
const STEPS: &[&[&str]] = &[
    &["build", "--profile", "dist", "--package", "adjutant"],
    &["build", "--release", "--package", "adjutant-testkit", "--bins"],
    &["bench", "--package", "adjutant", "--bench", "gateway"],
];

/// Runs them in turn.
///
/// # Errors
/// When one fails.
pub fn run(_arguments: &[String]) -> anyhow::Result<ExitCode> {
    for step in STEPS {
        let status = Command::new(env!("CARGO")).args(*step).status().context("cargo does not start")?;
        ensure!(status.success(), "`cargo {}` failed", step.join(" "));
    }
    Ok(ExitCode::SUCCESS)
}
