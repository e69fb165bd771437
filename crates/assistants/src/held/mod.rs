//! One assistant process, held by a runner: everything that is the same for all assistants. An assistant brings how to
//! start it (a [`RunSpec`]) and its protocol (a [`Codec`](codec::Codec)).

pub mod codec;
mod control;
mod events;
mod lines;
pub mod retention;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adjutant_core::assistant::{FailureClass, OpenError, OpenRun, Opening, SpoolOffset};
use adjutant_core::clock::Clock;
use adjutant_core::id::{RunId, TurnId};
use adjutant_core::session::NotForgotten;
use adjutant_runner::{AttachError, Connection, Found, Launcher, RunSpec, StartError, StartFailure};
use futures_util::StreamExt as _;
use futures_util::stream;

use codec::{Codec, End};
use control::{Gone, Held, prompt_key};
use events::{Reader, Source};

/// How often and how long a runner that lives and does not answer is waited for.
const RETRY: Duration = Duration::from_millis(50);
const RETRIES: u32 = 40;

/// Starts processes, and finds them again.
#[derive(Debug, Clone)]
pub struct Holder {
    launcher: Launcher,
    clock: Clock,
    /// Below it every run has a directory of its own.
    runs: PathBuf,
    /// What the program is called in messages, for example `claude`.
    name: &'static str,
}

impl Holder {
    /// `data_dir` is the gateway's; the runs' directories are `runs/<run id>` below it.
    pub fn new(launcher: Launcher, clock: Clock, data_dir: &Path, name: &'static str) -> Self {
        Self { launcher, clock, runs: data_dir.join("runs"), name }
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The directory of a run.
    pub fn dir(&self, run: RunId) -> PathBuf {
        self.runs.join(run.to_string())
    }

    /// Starts the run, or attaches to it if it was started already.
    pub async fn start<C: Codec>(&self, spec: &RunSpec, codec: C) -> Result<OpenRun, OpenError> {
        match self.launcher.start(spec).await {
            Ok(connection) => Ok(self.live(spec.dir.clone(), connection, codec, 0)),
            Err(StartError { kind: StartFailure::AlreadyStarted, .. }) => {
                let opening = Opening::Attach { from: SpoolOffset(0), turn: None };
                self.attach(&spec.dir, codec, opening).await.map_err(|error| match error {
                    OpenError::Gone => {
                        let message = "The machine restarted while this was starting. Try again.".to_owned();
                        OpenError::Failed { class: FailureClass::MachineRestarted, message }
                    }
                    failed @ OpenError::Failed { .. } => failed,
                })
            }
            Err(error) => Err(self.not_started(&error)),
        }
    }

    /// Attaches to a run, or replays one that is gone and has seen the turn's prompt. An [`Opening::Start`] attaches
    /// from the beginning.
    pub async fn attach<C: Codec>(&self, dir: &Path, mut codec: C, opening: Opening) -> Result<OpenRun, OpenError> {
        let (from, turn) = match opening {
            Opening::Attach { from, turn } => (from.0, turn),
            Opening::Start => (0, None),
        };
        if let Some(turn) = turn {
            codec.begin(turn);
        }
        for _ in 0..RETRIES {
            match adjutant_runner::attach(dir, from).await {
                Ok(connection) => return Ok(self.live(dir.to_owned(), connection, codec, from)),
                Err(AttachError::Io(error)) => {
                    tracing::debug!(dir = %dir.display(), %error, "a runner could not be reached");
                }
                Err(AttachError::NotThere) => match adjutant_runner::probe(dir) {
                    Ok(Found::Alive) => {}
                    Ok(Found::NeverStarted) => return Err(OpenError::Gone),
                    Ok(found @ Found::Gone { .. }) => return self.replay(dir, codec, found, (from, turn)),
                    Err(error) => return Err(self.unreachable(&error)),
                },
            }
            self.clock.sleep(RETRY).await;
        }
        Err(self.unreachable(&"its runner does not answer"))
    }

    /// Ends a run nobody is attached to.
    pub async fn end(&self, run: RunId) -> Result<(), OpenError> {
        match adjutant_runner::end(&self.dir(run)).await {
            Ok(()) | Err(AttachError::NotThere) => Ok(()),
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    /// Ends a run, if it has not ended, and deletes its directory with everything its process said.
    pub async fn forget(&self, run: RunId) -> Result<(), NotForgotten> {
        self.end(run).await.map_err(|error| NotForgotten(error.to_string()))?;
        let dir = self.dir(run);
        let removed = tokio::task::spawn_blocking(move || adjutant_runner::remove(&dir)).await;
        let removed = removed.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        removed.map_err(|error| NotForgotten(format!("The spool of run {run} could not be deleted: {error}.")))
    }

    fn live<C: Codec>(&self, dir: PathBuf, connection: Connection, codec: C, from: u64) -> OpenRun {
        let codec = Arc::new(Mutex::new(codec));
        let source = Source::Live(connection.incoming);
        let reader = Reader::new(dir, self.clock.clone(), Arc::clone(&codec), source, from);
        OpenRun {
            control: Arc::new(Held { control: connection.control, codec }),
            events: stream::unfold(
                reader,
                |mut reader| async move { reader.next().await.map(|event| (event, reader)) },
            )
            .boxed(),
            at: SpoolOffset(connection.end),
        }
    }

    /// A run that is gone: opens for a turn whose prompt has reached it, so that what had arrived is not lost.
    fn replay<C: Codec>(
        &self,
        dir: &Path,
        codec: C,
        found: Found,
        (from, turn): (u64, Option<TurnId>),
    ) -> Result<OpenRun, OpenError> {
        let Found::Gone { keys, spool_end, exit } = found else { return Err(OpenError::Gone) };
        if !turn.is_some_and(|turn| keys.contains(&prompt_key(turn))) {
            return Err(OpenError::Gone);
        }
        let leftover = adjutant_runner::read_spool(dir, from).map_err(|error| self.unreachable(&error))?;
        let source = Source::Spool(leftover, exit.map_or(End::Lost, events::ended));
        let codec = Arc::new(Mutex::new(codec));
        let reader = Reader::new(dir.to_owned(), self.clock.clone(), Arc::clone(&codec), source, from);
        Ok(OpenRun {
            control: Arc::new(Gone { keys, codec }),
            events: stream::unfold(
                reader,
                |mut reader| async move { reader.next().await.map(|event| (event, reader)) },
            )
            .boxed(),
            at: SpoolOffset(spool_end),
        })
    }

    fn not_started(&self, error: &StartError) -> OpenError {
        let (class, message) = match error.kind {
            StartFailure::NotFound => (
                FailureClass::NotInstalled,
                format!(
                    "`{}` was not found on this machine. `adjutant doctor` says what to do; then try again.",
                    self.name
                ),
            ),
            StartFailure::BadDirectory => (
                FailureClass::Other,
                format!("The working directory cannot be entered ({}). /setcwd chooses another.", error.message),
            ),
            _ => (FailureClass::Other, format!("`{}` could not be started: {}.", self.name, error.message)),
        };
        OpenError::Failed { class, message }
    }

    fn unreachable(&self, error: &dyn std::fmt::Display) -> OpenError {
        let message = format!("The run of `{}` could not be reached: {error}.", self.name);
        OpenError::Failed { class: FailureClass::Other, message }
    }
}
