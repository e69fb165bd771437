//! What the operator configured, as far as conversations are concerned.

use std::collections::BTreeMap;
use std::time::Duration;

use adjutant_core::assistant::PermissionMode;
use adjutant_core::codebase::Codebase;
use adjutant_core::conversation::ReplyMode;
use adjutant_core::kind::{AssistantKind, PlatformKind};

/// Settings of the orchestrator.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `None`: the first assistant that is ready.
    pub default_assistant: Option<AssistantKind>,
    /// Name or path inside the workspace of the codebase in which new conversations start.
    pub default_codebase: Option<String>,
    /// Turns that run at the same time.
    pub max_turns: usize,
    /// Idle processes kept alive, least recently used ended first.
    pub max_live: usize,
    /// How long an idle process is kept.
    pub idle: Duration,
    /// The longest a turn may take.
    pub turn_max: Duration,
    pub permission_mode: PermissionMode,
    /// `trust` was enabled by the operator and the gateway does not run as root.
    pub trust_allowed: bool,
    /// What the operator decided for single codebases, by their names.
    pub per_codebase: BTreeMap<String, CodebaseSettings>,
    /// Prompts that may wait in one conversation.
    pub queue_limit: usize,
    /// Messages one person may send in an hour.
    pub messages_per_hour: u32,
    /// After the first command, the second starts a fresh session that gets the first one's text as `$PLAN`.
    pub fresh_context_pairs: Vec<(String, String)>,
    /// Environment of assistants: who commits.
    pub environment: Vec<(String, String)>,
    pub platforms: BTreeMap<PlatformKind, PlatformSettings>,
    /// Below the reply of a turn that used tools stands what it changed, how long it took and what it cost.
    pub footer: bool,
    pub watchdogs: Watchdogs,
    /// Several gateways may share the database, so lanes of nodes that went away are looked for.
    pub shared_store: bool,
}

impl Settings {
    /// How replies arrive on a platform unless the conversation chose otherwise.
    #[must_use]
    pub fn mode(&self, platform: PlatformKind) -> ReplyMode {
        self.platforms.get(&platform).map_or(ReplyMode::Stream, |settings| settings.mode)
    }

    /// What the operator decided for this codebase in particular.
    #[must_use]
    pub fn codebase(&self, codebase: Option<&Codebase>) -> CodebaseSettings {
        codebase.and_then(|codebase| self.per_codebase.get(&codebase.name)).cloned().unwrap_or_default()
    }

    /// What assistants may do unasked in this codebase. `trust` that is not possible is `ask`.
    #[must_use]
    pub fn permission_mode(&self, codebase: Option<&Codebase>) -> PermissionMode {
        let mode = self.codebase(codebase).permission_mode.unwrap_or(self.permission_mode);
        if mode == PermissionMode::Trust && !self.trust_allowed { PermissionMode::Ask } else { mode }
    }
}

/// What differs from codebase to codebase; `None` is what holds everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodebaseSettings {
    pub permission_mode: Option<PermissionMode>,
    pub assistant: Option<AssistantKind>,
    pub model: Option<String>,
}

/// What differs from platform to platform.
#[derive(Debug, Clone)]
pub struct PlatformSettings {
    pub mode: ReplyMode,
    pub access: Access,
}

/// Who may make the gateway do anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// The platform admits only the operator by itself (the console's token).
    Operator,
    /// These ids, and whoever was paired. Everybody else is a stranger.
    AllowList { ids: Vec<String> },
}

/// How long nothing may be heard before a turn is interrupted.
#[derive(Debug, Clone, Copy)]
pub struct Watchdogs {
    /// Until the first event of a turn.
    pub first_event: Duration,
    /// Between events. Pauses while an approval is open or a tool runs.
    pub silence: Duration,
    /// After an interrupt, before the process is ended.
    pub interrupt: Duration,
    /// Until an unanswered approval counts as denied.
    pub approval: Duration,
}

impl Default for Watchdogs {
    fn default() -> Self {
        Self {
            first_event: Duration::from_secs(120),
            silence: Duration::from_secs(600),
            interrupt: Duration::from_secs(5),
            approval: Duration::from_secs(24 * 3600),
        }
    }
}
