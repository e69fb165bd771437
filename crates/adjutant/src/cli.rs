//! The command line. Exit codes: 0 done, 1 failed, 2 usage, 3 a question was denied because nobody could
//! answer it, 130 interrupted.

use std::process::ExitCode;

use adjutant_core::kind::PlatformKind;
use clap::{Args, Parser, Subcommand};

use crate::config::Config;
use crate::verbs::Form;
use crate::{serve, verbs};

/// The hidden mode in which the binary plays the demo assistant.
pub const DEMO_MODE: &str = "demo-assistant";

#[derive(Parser)]
#[command(name = "adjutant", version, about = "A self-hosted gateway to coding agents on your own repositories")]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the gateway (the default)
    Serve,
    /// Admit the person who was given this pairing code
    Allow { code: String },
    /// Offer pairing codes to strangers on a platform for ten minutes
    Pair { platform: PlatformKind },
    /// Load a codebase's own assistant settings, hooks and servers
    Trust { codebase: String },
    /// Talk to the assistant in this terminal
    Chat(ChatArguments),
    /// Print the token for the API, and a link that opens the console once
    Token,
    /// Bring the database's schema up to date
    Migrate,
    /// Print every setting and where its value comes from
    Config {
        #[command(flatten)]
        output: Output,
    },
    /// Check everything and explain each problem
    Doctor {
        #[command(flatten)]
        output: Output,
    },
}

/// How `adjutant chat` begins.
#[derive(Args)]
struct ChatArguments {
    /// Go on in this conversation: its id, how its id begins, or `last`
    #[arg(long)]
    conversation: Option<String>,
    /// Say this, print the answer and leave; `-` reads it from the standard input
    #[arg(long, value_name = "TEXT")]
    once: Option<String>,
}

/// How a verb prints what it found.
#[derive(Args)]
struct Output {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Output {
    const fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

/// Reads the command line and the configuration, and does what they say.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let verb = cli.verb.unwrap_or(Verb::Serve);
    // The fork server splits off before any thread exists; only the gateway itself starts runs.
    let fork_server = matches!(verb, Verb::Serve).then(|| adjutant_runner::fork_server().ok()).flatten();
    adjutant_runner::harden_process();
    if let Verb::Config { output } = &verb {
        // It also shows settings with which nothing else would start.
        return verbs::config(output.form()).unwrap_or_else(failed);
    }
    let config = match Config::load() {
        Ok(config) => config,
        Err(problems) => {
            eprintln!("{problems}");
            return ExitCode::from(2);
        }
    };
    let done = match verb {
        Verb::Serve => serve::main(config, fork_server),
        other => on_runtime(async move {
            match other {
                Verb::Allow { code } => verbs::allow(&config, code).await,
                Verb::Pair { platform } => verbs::pair(&config, platform).await,
                Verb::Trust { codebase } => verbs::trust(&config, codebase).await,
                Verb::Chat(ChatArguments { conversation, once }) => verbs::chat(&config, conversation, once).await,
                Verb::Token => verbs::token(&config).await,
                Verb::Migrate => verbs::migrate(&config).await,
                Verb::Doctor { output } => verbs::doctor(&config, output.form()).await,
                Verb::Serve | Verb::Config { .. } => Ok(ExitCode::SUCCESS),
            }
        }),
    };
    done.unwrap_or_else(failed)
}

fn failed(error: anyhow::Error) -> ExitCode {
    eprintln!("{error:#}");
    ExitCode::FAILURE
}

fn on_runtime(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
