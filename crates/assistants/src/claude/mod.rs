//! Claude Code, driven over its stream-json protocol: one long-lived process per session.
//!
//! - [`config`]: what the operator decides · `launch`: arguments, environment, directories · `readiness`: can it be used
//! - `protocol`: wire types · `session`: the protocol's state · `errors`: failures and their sentences
//! - `memory`: what it keeps of a session · `asking`: permission questions and answers · `title`: one line per tool call · `usage`: tokens and money
//!
//! The protocol is the one of the vendor's Agent SDK, observed and recorded; `tests/fixtures/claude` holds recordings.

mod asking;
pub mod config;
mod errors;
mod launch;
mod memory;
mod protocol;
mod readiness;
mod session;
mod title;
mod usage;

use adjutant_core::assistant::{Assistant, OpenError, OpenRun, Opening, Readiness, SessionSpec};
use adjutant_core::clock::Clock;
use adjutant_core::id::RunId;
use adjutant_core::kind::AssistantKind;
use adjutant_core::session::{KeptSession, NotForgotten};
use adjutant_runner::Launcher;
use async_trait::async_trait;

pub use config::{ClaudeConfig, Credential, RootPolicy, User};
pub use session::ClaudeCodec;

use crate::held::Holder;
use launch::Places;
use readiness::Check;

/// Claude Code as an assistant.
#[derive(Debug)]
pub struct ClaudeAssistant {
    config: ClaudeConfig,
    places: Places,
    holder: Holder,
    check: Check,
}

impl ClaudeAssistant {
    #[must_use]
    pub fn new(config: ClaudeConfig, launcher: Launcher, clock: Clock) -> Self {
        let places = Places::of(&config);
        let holder = Holder::new(launcher, clock, &config.data_dir, "claude");
        Self { config, places, holder, check: Check::default() }
    }
}

#[async_trait]
impl Assistant for ClaudeAssistant {
    fn kind(&self) -> AssistantKind {
        AssistantKind::Claude
    }

    async fn readiness(&self) -> Readiness {
        self.check.readiness(&self.config, &self.places, self.holder.clock()).await
    }

    async fn open(&self, spec: &SessionSpec, opening: Opening) -> Result<OpenRun, OpenError> {
        let dir = self.holder.dir(spec.run);
        let codec = ClaudeCodec::new(spec.cwd.clone());
        match opening {
            Opening::Attach { .. } => self.holder.attach(&dir, codec, opening).await,
            Opening::Start => {
                self.places.prepare(&self.config).map_err(launch::unprepared)?;
                let session = spec.resume.as_deref().map_or(Ok(spec.new_session), launch::session_id)?;
                let _starting = self.places.lock(session).await?;
                let run = launch::run_spec(&self.config, &self.places, spec, (dir, self.holder.clock().now()))?;
                self.holder.start(&run, codec).await
            }
        }
    }

    async fn end(&self, run: RunId) -> Result<(), OpenError> {
        self.holder.end(run).await
    }

    async fn forget(&self, session: &KeptSession) -> Result<(), NotForgotten> {
        for run in &session.runs {
            self.holder.forget(*run).await?;
        }
        let announced = session.assistant_session_id.as_deref().and_then(|id| id.parse().ok());
        let ids: Vec<uuid::Uuid> = announced.into_iter().chain([session.id.0]).collect();
        let places = self.places.memory();
        let work = move || places.iter().try_for_each(|root| memory::forget(root, &ids));
        let deleted = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        deleted
            .map_err(|error| NotForgotten(format!("Claude's own files of the session could not be deleted: {error}.")))
    }
}
