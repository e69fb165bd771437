//! `adjutant serve`: from nothing to a running gateway, and back to nothing on SIGTERM.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use adjutant_core::clock::Clock;
use adjutant_core::intake::Intake;
use adjutant_orchestrator::orchestrator::Orchestrator;
use adjutant_runner::ForkServer;
use adjutant_server::engine::Engine;
use adjutant_server::serve::Server;
use adjutant_server::{ApiToken, ServerConfig};
use adjutant_store::store::Store;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::wiring::context::Pieces;
use crate::wiring::engine::GatewayEngine;
use crate::wiring::retention::Kept;
use crate::wiring::{self, platforms::Platforms};
use crate::{logging, summary};

/// How long a stop may take before what is left waits for the next start.
const STOP_WITHIN: Duration = Duration::from_secs(8);

/// The exit code after Ctrl-C, as shells expect it.
const INTERRUPTED: u8 = 130;

/// Runs the gateway until a signal.
///
/// # Errors
/// One sentence that says what is missing or wrong.
pub fn main(config: Config, fork_server: Option<ForkServer>) -> anyhow::Result<ExitCode> {
    logging::init(&config.logging)?;
    raise_descriptor_limit();
    // TLS has one provider; two would panic at the first use.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // One thread: the work is waiting, and waking another thread for each step costs more than the step itself. The
    // database, file access and name look-ups have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(config, fork_server))
}

async fn run(config: Config, fork_server: Option<ForkServer>) -> anyhow::Result<ExitCode> {
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    wiring::make_data_dir(&config)?;
    let clock = clock()?;
    let server = Server::bind(server_config(&config, &clock)?).await?;
    let store = wiring::store::open(&config, &clock).await?;
    let platforms = wiring::platforms::all(&config, &clock)?;
    let root = wiring::root::policy(&config.root)?;
    let pieces =
        Pieces { config: &config, clock: &clock, store: &store, platforms: &platforms, root: &root, fork_server };
    let (context, events) = wiring::context::build(pieces)?;
    let kept = Kept {
        data_dir: config.data_dir.clone(),
        days: config.store.transcript_days,
        store: store.clone(),
        console: platforms.console.clone(),
        uploads: context.uploads.clone(),
        outgoing: context.outgoing.clone(),
        clock,
    };
    let orchestrator = Orchestrator::new(context, events);
    orchestrator.load_people().await.map_err(wiring::store::explain)?;
    let running = Running::start(&config, orchestrator, platforms, server, kept);
    let mut signals = Signals::listen()?;
    let code = signals.next().await;
    tokio::select! {
        () = running.stop(store) => {}
        // Whoever asks twice does not want to wait. What is committed is taken up by the next start.
        _ = signals.next() => {}
    }
    Ok(code)
}

/// What ends the gateway.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for a signal and gives the exit code that belongs to it.
    async fn next(&mut self) -> ExitCode {
        tokio::select! {
            _ = self.terminate.recv() => ExitCode::SUCCESS,
            _ = self.interrupt.recv() => ExitCode::from(INTERRUPTED),
        }
    }
}

/// A gateway that runs.
struct Running {
    orchestrator: Arc<Orchestrator>,
    /// Ends the intake: adapters and server.
    intake_ends: CancellationToken,
    tasks: tokio_util::task::TaskTracker,
}

impl Running {
    fn start(
        config: &Config,
        orchestrator: Arc<Orchestrator>,
        platforms: Platforms,
        server: Server,
        kept: Kept,
    ) -> Self {
        let intake_ends = CancellationToken::new();
        let tasks = tokio_util::task::TaskTracker::new();
        let intake: Arc<dyn Intake> = Arc::clone(&orchestrator) as Arc<dyn Intake>;
        let telegram = platforms.telegram.as_ref().map(adjutant_telegram::Telegram::health);
        if let Some(telegram) = platforms.telegram {
            let (intake, stop) = (Arc::clone(&intake), intake_ends.clone());
            tasks.spawn(async move {
                if let Err(error) = telegram.run(intake, stop).await {
                    tracing::error!(%error, "Telegram is off: {error}");
                }
            });
        }
        tasks.spawn(Arc::clone(&orchestrator).run());
        let (known, readiness) = watch::channel(Vec::new());
        let database = if orchestrator.context().settings.shared_store { "PostgreSQL" } else { "SQLite" };
        let engine = Arc::new(GatewayEngine { orchestrator: Arc::clone(&orchestrator), database, readiness, telegram });
        let link = server.login_link();
        tasks.spawn(server.run(Arc::clone(&engine) as Arc<dyn Engine>, intake, platforms.console, intake_ends.clone()));
        let data_dir = config.data_dir.display().to_string();
        let assistants = Arc::clone(&orchestrator);
        tokio::spawn(async move {
            // Looking at the assistants starts their programs; nothing waits for it.
            known.send_replace(assistants.context().assistants.readiness().await);
            eprintln!("{}", summary::text(&engine.overview(), &data_dir, &link));
            // Last of all: nothing that a person waits for stands behind it.
            kept.prune_daily().await;
        });
        Self { orchestrator, intake_ends, tasks }
    }

    /// Stops intake, finishes sends, leaves runs to their runners.
    async fn stop(self, store: Store) {
        tracing::debug!("stopping");
        self.intake_ends.cancel();
        self.tasks.close();
        self.orchestrator.stop(STOP_WITHIN).await;
        if tokio::time::timeout(Duration::from_secs(1), self.tasks.wait()).await.is_err() {
            tracing::debug!("not everything ended in time");
        }
        store.close().await;
    }
}

fn server_config(config: &Config, clock: &Clock) -> anyhow::Result<ServerConfig> {
    let token = ApiToken::load_or_create(&config.data_dir, config.server.api_token.clone())?;
    let mut server = ServerConfig::new(config.data_dir.clone(), token);
    server.bind = config.server.bind;
    server.port = config.server.port;
    server.public_url = config.server.public_url.clone();
    server.clock = clock.clone();
    Ok(server)
}

/// Production reads the system's clock; a debug build can be given one that tests move.
fn clock() -> anyhow::Result<Clock> {
    #[cfg(debug_assertions)]
    if let Some(clock) = crate::test_clock::from_environment()? {
        return Ok(clock);
    }
    Ok(Clock::System)
}

/// Every conversation that works holds a few descriptors; the soft limit of 1,024 is no limit of the machine.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files stays as it is: {error}");
    }
}
