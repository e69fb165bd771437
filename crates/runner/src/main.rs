//! The runner mode by itself: `adjutant-runner runner`.

use std::process::ExitCode;

fn main() -> ExitCode {
    adjutant_runner::run_if_asked();
    eprintln!("`adjutant-runner` is started by the gateway, not by hand.");
    ExitCode::from(2)
}
