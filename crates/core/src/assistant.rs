//! The port to a coding assistant. Shaped like the Agent Client Protocol, so that such a backend can be added
//! as one more folder.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};

use crate::id::{ApprovalId, InboundSeq, RunId, TurnId};
use crate::kind::AssistantKind;
use crate::session::{KeptSession, NotForgotten};

/// One assistant program.
#[async_trait]
pub trait Assistant: Send + Sync {
    fn kind(&self) -> AssistantKind;

    /// Whether it can be used now, and if not, why and what to do.
    async fn readiness(&self) -> Readiness;

    /// Opens a run: starts its process under a runner, or attaches to the runner that holds it already.
    ///
    /// # Errors
    /// See [`OpenError`].
    async fn open(&self, spec: &SessionSpec, opening: Opening) -> Result<OpenRun, OpenError>;

    /// Ends a run nobody is attached to, and everything it started. A run that is gone counts as success.
    ///
    /// # Errors
    /// [`OpenError::Failed`] when something of it may still live.
    async fn end(&self, run: RunId) -> Result<(), OpenError>;

    /// Ends what still runs of a session, and deletes what is kept of it outside the database: the spools of its runs and
    /// the assistant's own memory of it. What is gone already is no error, so a deletion that was cut off is repeated.
    ///
    /// # Errors
    /// [`NotForgotten`] when something of it may still be there.
    async fn forget(&self, session: &KeptSession) -> Result<(), NotForgotten>;
}

/// Whether an assistant can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It can; `detail` names version and login for `doctor`.
    Ready { detail: String },
    /// All that can be seen from outside is there, but its program, on a busy machine, has not answered yet. It is used
    /// all the same: another assistant in its place would surprise more than a turn that begins late.
    Checking { detail: String },
    /// It cannot; both texts are shown to people.
    Off { reason: String, hint: String },
}

impl Readiness {
    /// Whether turns may be given to it.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        matches!(self, Self::Ready { .. } | Self::Checking { .. })
    }
}

/// What a session's process is started with.
#[derive(Debug, Clone)]
pub struct SessionSpec {
    pub run: RunId,
    /// The directory the assistant works in.
    pub cwd: PathBuf,
    /// Folders beside it that the assistant may read unasked: what people sent.
    pub folders: Vec<PathBuf>,
    /// The assistant's own session id to go on with.
    pub resume: Option<String>,
    /// The id a new session should get, where the assistant lets us choose.
    pub new_session: uuid::Uuid,
    /// Added to the system prompt. Never contains text of users.
    pub system_prompt: String,
    pub model: Option<String>,
    pub permission_mode: PermissionMode,
    /// The operator ran `adjutant trust` for this codebase: its own settings, hooks and servers are loaded.
    pub trusted_codebase: bool,
    /// Further environment, such as the Git identity. Never secrets.
    pub environment: Vec<(String, String)>,
}

/// Whether a text can be the name of a model. It becomes an argument of a program, so it must not look like an option.
#[must_use]
pub fn is_model_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._:/@[]-".contains(c);
    !text.is_empty() && text.len() <= 200 && !text.starts_with('-') && text.chars().all(fits)
}

/// What the assistant may do unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PermissionMode {
    /// Every change is asked for.
    #[default]
    Ask,
    /// Edits inside the working directory are not asked for.
    AcceptEdits,
    /// Nothing is changed.
    Plan,
    /// Nothing is asked. Refused unless the operator enabled it, and never as root.
    Trust,
}

/// How to open a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Start a process that was never started. Finding a runner there already is not an error: it is attached to.
    Start,
    /// Attach to the runner and read everything from this offset of its spool.
    ///
    /// With a `turn` whose prompt has reached a runner that is gone now (reboot, killed), the run still opens: its
    /// events are replayed from what the spool holds, then `TurnEnded(Failed { MachineRestarted })` and `Exited`.
    Attach { from: SpoolOffset, turn: Option<TurnId> },
}

/// A place in a run's spool, in bytes of the assistant's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SpoolOffset(pub u64);

/// An opened run: what to write to it, and what it says.
pub struct OpenRun {
    pub control: std::sync::Arc<dyn RunControl>,
    pub events: BoxStream<'static, RunEvent>,
    /// The spool's end at the moment of opening: what a new turn starts from.
    pub at: SpoolOffset,
}

impl std::fmt::Debug for OpenRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenRun").field("at", &self.at).finish_non_exhaustive()
    }
}

/// Writes to a run. Every call is idempotent: what is written carries a key, and the runner drops a key that it
/// has written before, so a gateway that died between writing and recording repeats safely.
#[async_trait]
pub trait RunControl: Send + Sync {
    /// Gives the prompt of a turn.
    ///
    /// # Errors
    /// [`RunGone`] when the process cannot take it any more.
    async fn prompt(&self, turn: TurnId, text: &str) -> Result<(), RunGone>;

    /// Whether a further message can be put into this turn now. The answer stays true until the next event is read.
    fn can_steer(&self, turn: TurnId) -> Steering;

    /// Puts a further message of a person into the turn that runs. The turn then ends only when the assistant has
    /// answered that, too. After a restart it is called again for every message that was put into the turn, before
    /// the first event is read.
    ///
    /// # Errors
    /// [`RunGone`] when the message did not arrive.
    async fn steer(&self, turn: TurnId, message: InboundSeq, text: &str) -> Result<(), RunGone>;

    /// Asks the assistant to end the turn; the process stays. [`AssistantEvent::TurnEnded`] follows.
    ///
    /// # Errors
    /// [`RunGone`] when there is nothing left to interrupt.
    async fn interrupt(&self, turn: TurnId) -> Result<(), RunGone>;

    /// Answers a permission request.
    ///
    /// # Errors
    /// [`RunGone`] when nobody waits for the answer any more.
    async fn answer(&self, approval: ApprovalId, request: &PermissionRequest, answer: &Answer) -> Result<(), RunGone>;

    /// How long the runner keeps the process while no gateway is attached.
    async fn keep_until(&self, until: DateTime<Utc>);

    /// Everything up to this offset is committed; the spool may forget it.
    async fn taken(&self, upto: SpoolOffset);

    /// Ends the process and everything it started: close stdin, SIGTERM, five seconds, SIGKILL of the whole tree.
    /// Returns when nothing of it lives.
    async fn end(&self);
}

/// Whether a running turn takes further messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steering {
    Possible,
    /// The turn is over or ending; the message has to be a turn of its own.
    TurnEnded,
    /// This assistant takes messages only between turns.
    NotSupported,
}

/// The run's process has ended or its runner is gone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the run is gone: {0}")]
pub struct RunGone(pub String);

/// Why a run could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Attach: there is no such runner, and the turn's prompt never reached it. Safe to start another run.
    #[error("the run is gone")]
    Gone,
    /// The program could not be started; `class` says which sentence the person gets.
    #[error("could not be started: {message}")]
    Failed { class: FailureClass, message: String },
}

/// An event with the spool offset behind the line that caused it. Replaying from an earlier offset yields the
/// same events again.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEvent {
    pub after: SpoolOffset,
    pub event: AssistantEvent,
}

/// What an assistant says and does, whichever it is.
#[derive(Debug, Clone, PartialEq)]
pub enum AssistantEvent {
    /// The assistant's own session id, to resume with. Announced again after every start.
    SessionStarted {
        id: String,
        model: Option<String>,
    },
    /// A piece of text that is still being written; a preview, not the truth.
    TextDelta(String),
    /// A finished block of text: replaces the deltas since the last block.
    TextBlock(String),
    /// The deltas since the last block will not be finished: throw them away.
    TextAbandoned,
    /// The assistant thinks. The text is never shown.
    Thinking,
    ToolStarted {
        id: String,
        title: ToolTitle,
    },
    ToolFinished {
        id: String,
        failed: bool,
    },
    PermissionRequested(PermissionRequest),
    /// The assistant does not wait for this permission any more.
    PermissionWithdrawn {
        request: String,
    },
    /// What the turn consumed so far, as differences to what was reported before.
    Usage(Usage),
    /// The provider's limit is reached or close.
    Limit {
        reached: bool,
        resets_at: Option<DateTime<Utc>>,
    },
    /// Something the person should know: a retry, a cut line, unreadable output.
    Notice(Notice),
    TurnEnded(Outcome),
    /// The process has ended; nothing follows. Comes after a `TurnEnded` if a turn was running.
    Exited {
        description: String,
    },
}

/// One line about a tool call: `Bash: cargo test`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolTitle {
    pub tool: String,
    /// The command, path or pattern, shortened; empty if there is nothing to say.
    pub detail: String,
}

/// What the assistant asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PermissionRequest {
    /// The protocol's id of the question.
    pub request: String,
    pub title: ToolTitle,
    /// What would happen: a command, or a unified diff. Shown escaped. Blanked once answered.
    pub detail: PermissionDetail,
    /// The protocol's own data needed to answer, kept as it came. Blanked once answered.
    pub raw: String,
}

/// What a permission is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PermissionDetail {
    Command {
        command: String,
    },
    Diff {
        path: String,
        diff: String,
    },
    Other {
        text: String,
    },
    /// Questions to be answered one after the other.
    Choices {
        questions: Vec<Question>,
    },
}

/// A question with choices, and what a person answered so far. Other words than those of a choice are an answer, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub text: String,
    pub choices: Vec<Choice>,
    /// Several choices may be picked.
    pub several: bool,
    /// The places of the choices that are picked, before the person says that these are all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub picked: Vec<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// One choice of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub label: String,
    pub description: String,
}

/// A person's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Answer {
    AllowOnce,
    /// This kind of call is not asked for again while the session's process lives.
    AllowSession,
    Deny {
        reason: Option<String>,
    },
    /// The answers to its questions, in their order.
    Chosen {
        answers: Vec<String>,
    },
}

/// Tokens and money. `None` is unknown, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Usage {
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub cost_usd: Option<f64>,
}

/// A remark of the assistant or of its codec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The provider is slow or refuses; the assistant tries again.
    Retrying { attempt: u32, of: u32, wait: Duration, reason: FailureClass },
    /// A line longer than 16 MiB was cut.
    LineCut,
    /// Output that is no message of the protocol; counted, not shown one by one.
    Unreadable { lines: u64 },
    /// The assistant's own words to the person.
    Said(String),
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outcome {
    Completed,
    Interrupted,
    Failed { class: FailureClass, message: String },
}

/// What went wrong, in terms of what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The program is not there.
    NotInstalled,
    /// No login, or one that is refused.
    Authentication,
    /// Too many requests; the same again may pass soon.
    RateLimit,
    /// The plan's limit is used up until a certain time.
    Quota,
    /// The conversation does not fit into the model any more.
    ContextFull,
    /// The assistant does not know the session to resume.
    SessionLost,
    ModelUnknown,
    /// The provider or the way to it has a fault.
    Network,
    /// The turn's own limit of steps or money was reached.
    Limit,
    /// The process ended without saying how the turn went.
    Crashed,
    /// Nothing was heard for too long.
    Stalled,
    /// The machine or the runner went away while it ran.
    MachineRestarted,
    /// Anything else; the message says it.
    Other,
}
