//! `cargo xtask bench`: builds what is shipped and measures it.

use std::process::{Command, ExitCode};

use anyhow::{Context, ensure};

/// The steps, each a call of cargo.
const STEPS: &[&[&str]] = &[
    &["build", "--profile", "dist", "--package", "adjutant"],
    &["build", "--release", "--package", "adjutant-testkit", "--bins"],
    &["bench", "--package", "adjutant", "--bench", "gateway"],
];

/// Runs them in turn. Words behind `bench` name figures: `cargo xtask bench P4 P6`.
///
/// # Errors
/// When one fails.
pub fn run(figures: &[String]) -> anyhow::Result<ExitCode> {
    for step in STEPS {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(*step);
        if step[0] == "bench" {
            cargo.arg("--").args(figures);
        }
        let status = cargo.status().context("cargo does not start")?;
        ensure!(status.success(), "`cargo {}` failed", step.join(" "));
    }
    Ok(ExitCode::SUCCESS)
}
