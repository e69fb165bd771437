//! The gateway as the HTTP server and the command line see it.

use std::sync::Arc;

use adjutant_core::approval::Approval;
use adjutant_core::assistant::Readiness;
use adjutant_core::codebase::Codebase;
use adjutant_core::kind::{AssistantKind, PlatformKind};
use adjutant_core::message::ConversationKey;
use adjutant_orchestrator::commands::{self, Group};
use adjutant_orchestrator::orchestrator::{OperatorError, Orchestrator};
use adjutant_server::engine::{CommandHint, Concurrency, Engine, EngineError, Feature, Overview};
use adjutant_server::standing::Standing;
use adjutant_store::error::StoreError;
use adjutant_telegram::TelegramHealth;
use async_trait::async_trait;
use tokio::sync::watch;

/// The gateway behind the server.
pub struct GatewayEngine {
    pub orchestrator: Arc<Orchestrator>,
    pub database: &'static str,
    /// What is known of the assistants' readiness; filled soon after the start.
    pub readiness: watch::Receiver<Vec<(AssistantKind, Readiness)>>,
    pub telegram: Option<TelegramHealth>,
}

#[async_trait]
impl Engine for GatewayEngine {
    async fn health_db(&self) -> Result<(), EngineError> {
        self.orchestrator.context().store.ping().await.map_err(away)
    }

    fn concurrency(&self) -> Concurrency {
        let slots = &self.orchestrator.context().slots;
        Concurrency { active: slots.active(), queued: slots.waiting(), max: slots.max() }
    }

    fn metrics_text(&self) -> String {
        let context = self.orchestrator.context();
        let mut text = context.metrics.text();
        // Delivery keeps plain counters; the exposition's end marker has to stay last.
        if let Some(end) = text.rfind("# EOF") {
            text.truncate(end);
        }
        text.push_str(&super::figures::delivery(&context.delivery.counts()));
        text.push_str("# EOF\n");
        text
    }

    async fn approvals(&self, conversation: Option<&ConversationKey>) -> Result<Vec<Approval>, EngineError> {
        let store = &self.orchestrator.context().store;
        let open = store.list_open_approvals().await.map_err(away)?;
        let Some(key) = conversation else { return Ok(open) };
        let found = store.find_conversation(PlatformKind::Console, key).await.map_err(away)?;
        Ok(open.into_iter().filter(|approval| found.as_ref().is_some_and(|c| c.id == approval.conversation)).collect())
    }

    async fn codebases(&self) -> Result<Vec<Codebase>, EngineError> {
        self.orchestrator.context().store.list_codebases().await.map_err(away)
    }

    async fn standing(&self, conversation: &ConversationKey) -> Result<Standing, EngineError> {
        super::standing::read(self.orchestrator.context(), conversation).await.map_err(away)
    }

    async fn allow(&self, code: &str) -> Result<String, EngineError> {
        self.orchestrator.allow(code).await.map_err(refused)
    }

    async fn pair(&self, platform: PlatformKind) -> Result<String, EngineError> {
        self.orchestrator.pair(platform).await.map_err(refused)
    }

    async fn trust(&self, codebase: &str) -> Result<String, EngineError> {
        self.orchestrator.trust(codebase).await.map_err(refused)
    }

    fn overview(&self) -> Overview {
        let readiness = self.readiness.borrow().clone();
        let chosen = chosen(self.orchestrator.context().settings.default_assistant, &readiness);
        Overview {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            database: self.database.to_owned(),
            assistant: chosen.map(|kind| kind.shown().to_owned()),
            demo: chosen == Some(super::assistants::FALLBACK),
            assistants: readiness.iter().map(|(kind, readiness)| assistant_feature(*kind, readiness)).collect(),
            platforms: self.platforms(),
            commands: command_hints(),
        }
    }
}

impl GatewayEngine {
    fn platforms(&self) -> Vec<Feature> {
        let console = Feature { name: "Console".to_owned(), on: true, detail: "this page".to_owned() };
        let telegram = match &self.telegram {
            None => Feature {
                name: "Telegram".to_owned(),
                on: false,
                detail: "`TELEGRAM_BOT_TOKEN` is not set; @BotFather gives one.".to_owned(),
            },
            Some(health) => {
                let health = health.snapshot();
                let name = health.username.map_or_else(|| "connecting".to_owned(), |name| format!("@{name}"));
                let nobody = self.orchestrator.context().people.nobody_yet(PlatformKind::Telegram);
                let hint = if nobody { " · nobody may use it yet: write to it, and it tells you how" } else { "" };
                Feature {
                    name: "Telegram".to_owned(),
                    on: !health.token_refused,
                    detail: health.last_error.unwrap_or(name) + hint,
                }
            }
        };
        vec![console, telegram]
    }
}

/// Who answers a new conversation.
#[must_use]
pub fn chosen(default: Option<AssistantKind>, readiness: &[(AssistantKind, Readiness)]) -> Option<AssistantKind> {
    let ready = |kind: &AssistantKind| readiness.iter().any(|(known, state)| known == kind && state.is_usable());
    // What the operator named is never replaced by another.
    if default.is_some() {
        return default.filter(ready);
    }
    AssistantKind::ALL
        .iter()
        .copied()
        .find(|kind| *kind != super::assistants::FALLBACK && ready(kind))
        .or_else(|| Some(super::assistants::FALLBACK).filter(ready))
}

fn assistant_feature(kind: AssistantKind, readiness: &Readiness) -> Feature {
    match readiness {
        Readiness::Ready { detail } | Readiness::Checking { detail } => {
            Feature { name: kind.shown().to_owned(), on: true, detail: detail.clone() }
        }
        Readiness::Off { reason, hint } => {
            Feature { name: kind.shown().to_owned(), on: false, detail: format!("{reason} {hint}") }
        }
    }
}

fn command_hints() -> Vec<CommandHint> {
    commands::ALL
        .iter()
        .filter(|command| command.group() != Group::Hidden)
        .map(|command| CommandHint {
            name: command.name().to_owned(),
            arguments: command.usage().to_owned(),
            summary: command.summary().to_owned(),
        })
        .collect()
}

fn away(error: StoreError) -> EngineError {
    EngineError::Away(error.to_string())
}

fn refused(error: OperatorError) -> EngineError {
    match error {
        OperatorError::User(error) => EngineError::User(error),
        OperatorError::Store(error) => away(error),
    }
}
