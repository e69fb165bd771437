//! A scripted assistant for people who have no account yet: they see in a minute how a session looks and feels.
//!
//! It is a program of its own (a hidden mode of the gateway's binary, [`demo_main`]) that speaks Claude's protocol, so
//! that the very same way is used as with the real thing: runner, codec, permission questions, interrupt, resume.
//!
//! - `launch`: how it is started · `program`: the protocol on its side · `script`: what it says · `sample`: the small
//!   codebase it works on

mod launch;
mod program;
pub mod retention;
mod sample;
mod script;

use std::path::PathBuf;

use adjutant_core::assistant::{Assistant, OpenError, OpenRun, Opening, Readiness, SessionSpec};
use adjutant_core::clock::Clock;
use adjutant_core::id::RunId;
use adjutant_core::kind::AssistantKind;
use adjutant_core::session::{KeptSession, NotForgotten};
use adjutant_runner::Launcher;
use async_trait::async_trait;

pub use program::demo_main;
pub use sample::make_sample_codebase;

use crate::claude::ClaudeCodec;
use crate::held::Holder;

/// Where its sessions lie in the data directory.
const FOLDER: &str = "demo";

/// How the demo is started.
#[derive(Debug, Clone)]
pub struct DemoConfig {
    /// The gateway's own executable.
    pub program: PathBuf,
    /// What makes it the demo, for example `["demo-assistant"]`.
    pub args: Vec<String>,
    /// The gateway's data directory. The demo's sessions lie in `demo/` below it.
    pub data_dir: PathBuf,
}

/// The demo as an assistant.
#[derive(Debug)]
pub struct DemoAssistant {
    config: DemoConfig,
    holder: Holder,
}

impl DemoAssistant {
    #[must_use]
    pub fn new(config: DemoConfig, launcher: Launcher, clock: Clock) -> Self {
        let holder = Holder::new(launcher, clock, &config.data_dir, "the demo");
        Self { config, holder }
    }
}

#[async_trait]
impl Assistant for DemoAssistant {
    fn kind(&self) -> AssistantKind {
        AssistantKind::Demo
    }

    async fn readiness(&self) -> Readiness {
        Readiness::Ready { detail: "scripted answers, no model: it shows how a session looks".to_owned() }
    }

    async fn open(&self, spec: &SessionSpec, opening: Opening) -> Result<OpenRun, OpenError> {
        let dir = self.holder.dir(spec.run);
        let codec = ClaudeCodec::new(spec.cwd.clone());
        match opening {
            Opening::Attach { .. } => self.holder.attach(&dir, codec, opening).await,
            Opening::Start => {
                let run = launch::run_spec(&self.config, spec, (dir, self.holder.clock().now()))?;
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
        for id in announced.into_iter().chain([session.id.0]) {
            let deleted = retention::forget_session(&self.config.data_dir, id);
            deleted.map_err(|error| {
                NotForgotten(format!("The demo's file of the session could not be deleted: {error}."))
            })?;
        }
        Ok(())
    }
}
