//! Starts runs.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::fork_server::ForkServer;
use crate::spec::RunSpec;

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
        let _ = (spec, &self.way);
        Err(StartError { kind: StartFailure::Other, message: "not there yet".into() })
    }
}
