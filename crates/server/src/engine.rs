//! The port to the rest of the gateway. The binary's wiring implements it; the server knows no other part.

use adjutant_core::approval::Approval;
use adjutant_core::codebase::Codebase;
use adjutant_core::error::UserError;
use adjutant_core::kind::PlatformKind;
use adjutant_core::message::ConversationKey;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::standing::Standing;

/// What the server asks the gateway.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Whether the database answers.
    ///
    /// # Errors
    /// [`EngineError::Away`] with the reason.
    async fn health_db(&self) -> Result<(), EngineError>;

    /// How busy the gateway is.
    fn concurrency(&self) -> Concurrency;

    /// The figures in the text format of Prometheus.
    fn metrics_text(&self) -> String;

    /// The open approvals, of one console conversation or of all platforms.
    ///
    /// # Errors
    /// [`EngineError::Away`] when the database does not answer.
    async fn approvals(&self, conversation: Option<&ConversationKey>) -> Result<Vec<Approval>, EngineError>;

    /// The codebases the gateway knows, by name.
    ///
    /// # Errors
    /// [`EngineError::Away`] when the database does not answer.
    async fn codebases(&self) -> Result<Vec<Codebase>, EngineError>;

    /// Where a conversation of the console stands.
    ///
    /// # Errors
    /// [`EngineError::Away`] when the database does not answer.
    async fn standing(&self, conversation: &ConversationKey) -> Result<Standing, EngineError>;

    /// `adjutant allow <code>`: lets the person in who was given this pairing code. Returns what to tell the operator.
    ///
    /// # Errors
    /// [`EngineError::User`] when the code is unknown or too old.
    async fn allow(&self, code: &str) -> Result<String, EngineError>;

    /// `adjutant pair <platform>`: gives pairing codes to strangers for ten minutes. Returns what to tell the operator.
    ///
    /// # Errors
    /// [`EngineError::User`] when the platform is off or has no pairing.
    async fn pair(&self, platform: PlatformKind) -> Result<String, EngineError>;

    /// `adjutant trust <codebase>`: its own settings are loaded from now on. Returns what to tell the operator.
    ///
    /// # Errors
    /// [`EngineError::User`] when there is no such codebase.
    async fn trust(&self, codebase: &str) -> Result<String, EngineError>;

    /// What is on, what is off, and why.
    fn overview(&self) -> Overview;
}

/// Why the gateway could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Shown as it stands.
    #[error(transparent)]
    User(#[from] UserError),
    /// Something the gateway needs does not answer; the same again may pass later.
    #[error("not available now: {0}")]
    Away(String),
}

/// Turns that run, messages that wait, and how many turns may run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concurrency {
    pub active: usize,
    pub queued: usize,
    pub max: usize,
}

/// What is on, what is off, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Overview {
    pub version: String,
    /// `sqlite` or `postgresql`.
    pub database: String,
    /// The assistant of new conversations, as shown to people; `None`: there is none.
    pub assistant: Option<String>,
    /// New conversations are answered by the built-in demo, which is no real assistant.
    pub demo: bool,
    pub assistants: Vec<Feature>,
    pub platforms: Vec<Feature>,
    /// The commands a person may type, for the console's suggestions.
    pub commands: Vec<CommandHint>,
}

/// Something that is on or off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    pub name: String,
    pub on: bool,
    /// When on: version, login or account. When off: why, and how to switch it on.
    pub detail: String,
}

/// A command a person may type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandHint {
    /// Without the slash.
    pub name: String,
    /// Its arguments, for example `<url>`; empty if it takes none.
    #[serde(default)]
    pub arguments: String,
    /// One short sentence.
    pub summary: String,
}
