//! Starts runs.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::connection::{Connection, Refusal, greet};
use crate::fork_server::ForkServer;
use crate::spec::RunSpec;
use crate::wire::What;

/// Starts runners. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Launcher {
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    Fork(ForkServer),
    Exec(PathBuf),
}

/// A run that did not start; nothing of it is left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct StartError {
    pub kind: StartFailure,
    pub message: String,
}

/// Why a run did not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartFailure {
    /// The program is not there.
    NotFound,
    /// The program may not be executed, or the user not be changed to.
    PermissionDenied,
    /// The working directory is missing or cannot be entered.
    BadDirectory,
    /// This run's directory is in use: [`crate::attach`] or [`crate::probe`] it.
    AlreadyStarted,
    #[serde(other)]
    Other,
}

impl Launcher {
    /// Starts runners by forking from `fork_server`, the cheapest way. Should the fork server be gone, the program
    /// that runs now is executed instead.
    pub fn with_fork_server(fork_server: ForkServer) -> Launcher {
        Launcher { way: Way::Fork(fork_server) }
    }

    /// Starts runners by executing `program` with the single argument `runner`; its `main` calls
    /// [`crate::run_if_asked`].
    pub fn with_program(program: PathBuf) -> Launcher {
        Launcher { way: Way::Exec(program) }
    }

    /// Starts a run and attaches to it from the beginning. Returns when the program runs, or could not be started.
    ///
    /// Dropping the future before it resolves leaves open whether the run started: [`crate::probe`] tells.
    ///
    /// # Errors
    /// [`StartError`]; with every kind but `AlreadyStarted` the run's directory is gone.
    pub async fn start(&self, spec: &RunSpec) -> Result<Connection, StartError> {
        let mut spec = spec.clone();
        spec.dir = std::path::absolute(&spec.dir).map_err(other)?;
        check(&spec)?;
        let (ours, runners) = UnixStream::pair().map_err(other)?;
        self.launch(runners.into()).await.map_err(other)?;
        ours.set_nonblocking(true).map_err(other)?;
        let stream = tokio::net::UnixStream::from_std(ours).map_err(other)?;
        let dir = spec.dir.clone();
        greet(stream, dir, What::Start { spec: Box::new(spec) }).await.map_err(|refusal| match refusal {
            Refusal::Said(error) => error,
            Refusal::Io(error) => failure(format!("the runner ended before its run began: {error}")),
        })
    }

    /// Brings a runner into being that speaks over `socket`.
    async fn launch(&self, socket: OwnedFd) -> io::Result<()> {
        match &self.way {
            Way::Exec(program) => exec(program.clone(), socket).await,
            Way::Fork(fork_server) => match fork_server.fork_runner(&socket) {
                Ok(()) => Ok(()),
                Err(_) => exec(this_program()?, socket).await,
            },
        }
    }
}

/// The program that runs now, also when an upgrade has put another in its place.
fn this_program() -> io::Result<PathBuf> {
    #[cfg(target_os = "linux")]
    return Ok(PathBuf::from("/proc/self/exe"));
    #[cfg(not(target_os = "linux"))]
    std::env::current_exe()
}

/// Executes a runner, which forks at once: what is waited for here is only its short-lived parent.
#[expect(
    clippy::disallowed_methods,
    reason = "a runner is no child that could learn anything: its environment is empty"
)]
async fn exec(program: PathBuf, socket: OwnedFd) -> io::Result<()> {
    let run = move || {
        Command::new(program)
            .arg("runner")
            .env_clear()
            .stdin(socket)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .status()
    };
    let status = tokio::task::spawn_blocking(run).await.map_err(io::Error::other)??;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("the runner ended with {status}"))) }
}

/// What cannot cross to the runner is refused here.
fn check(spec: &RunSpec) -> Result<(), StartError> {
    for path in [&spec.dir, &spec.program, &spec.cwd] {
        if path.to_str().is_none() {
            return Err(failure(format!("the path `{}` is not UTF-8", path.display())));
        }
    }
    let bad_name = |name: &str| name.is_empty() || name.contains(['=', '\0']);
    if let Some((name, _)) = spec.env.iter().find(|(name, value)| bad_name(name) || value.contains('\0')) {
        return Err(failure(format!("the environment variable `{}` cannot be set", name.escape_debug())));
    }
    Ok(())
}

fn other(error: io::Error) -> StartError {
    failure(error.to_string())
}

fn failure(message: String) -> StartError {
    StartError { kind: StartFailure::Other, message }
}
