//! The binary: command line, configuration, wiring. The only place that names implementations.

mod cli;
mod config;
mod logging;
mod serve;
mod summary;
#[cfg(debug_assertions)]
mod test_clock;
mod verbs;
mod wiring;

use std::process::ExitCode;

fn main() -> ExitCode {
    // A runner branches off before anything else exists: it must hardly ever change, and start at once.
    adjutant_runner::run_if_asked();
    if std::env::args_os().nth(1).is_some_and(|mode| mode == cli::DEMO_MODE) {
        return exit_code(adjutant_assistants::demo::demo_main());
    }
    cli::run()
}

fn exit_code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
