//! Log lines on stderr: compact text for people, or JSON for programs.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::logging::{Format, Logging};

/// Libraries whose `info` is about themselves. A directive of `RUST_LOG` for one of them wins.
const NOISY: &str = "h2=warn,hyper=warn,hyper_util=warn,reqwest=warn,rustls=warn,sqlx=warn,teloxide=warn,tower=warn";

/// Sends log lines to stderr from now on.
///
/// # Errors
/// When this process has a subscriber already.
pub fn init(logging: &Logging) -> Result<(), TryInitError> {
    let registry = tracing_subscriber::registry().with(filter(&logging.filter));
    match logging.format {
        Format::Text => {
            let lines = tracing_subscriber::fmt::layer().compact().with_target(false).with_ansi(has_colour());
            registry.with(lines.with_writer(io::stderr)).try_init()
        }
        Format::Json => {
            let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(true);
            registry.with(lines.with_span_list(false).with_writer(io::stderr)).try_init()
        }
    }
}

/// Colour is for terminals; files and pipes get plain text.
fn has_colour() -> bool {
    io::stderr().is_terminal()
}

fn filter(text: &str) -> EnvFilter {
    // The text was checked when the configuration was read.
    EnvFilter::new(format!("{NOISY},{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noisy_libraries_are_quiet_until_they_are_asked_for_by_name() {
        let quiet = filter("debug").to_string();
        assert!(quiet.contains("sqlx=warn") && quiet.contains("debug"), "{quiet}");
        let loud = filter("info,sqlx=trace").to_string();
        assert!(loud.contains("sqlx=trace") && !loud.contains("sqlx=warn"), "{loud}");
    }
}
