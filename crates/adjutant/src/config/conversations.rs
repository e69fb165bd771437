//! Limits and habits of conversations.

use std::collections::BTreeMap;
use std::time::Duration;

use adjutant_core::assistant::PermissionMode;
use adjutant_core::conversation::ReplyMode;
use adjutant_core::kind::AssistantKind;
use adjutant_orchestrator::settings::CodebaseSettings;

use super::env::Reader;
use super::file::{CodebaseSection, File};

/// Limits and habits of conversations.
#[derive(Debug, Clone)]
pub struct Conversations {
    /// `DEFAULT_AI_ASSISTANT`; `None`: the first that works.
    pub default_assistant: Option<AssistantKind>,
    /// `PERMISSION_MODE`, `ask`. `trust` here is what enables it at all.
    pub permission_mode: PermissionMode,
    /// `MAX_CONCURRENT_CONVERSATIONS`, 10.
    pub max_concurrent: usize,
    /// `ASSISTANT_MAX_LIVE`, 6: idle processes kept alive.
    pub max_live: usize,
    /// `ASSISTANT_IDLE_SECS`, 300: how long an idle process is kept.
    pub idle: Duration,
    /// `TURN_MAX_MINUTES`, 120.
    pub turn_max: Duration,
    /// `MESSAGES_PER_PERSON_HOUR`, 120.
    pub messages_per_hour: u32,
    /// `REPLY_FOOTER`, true.
    pub footer: bool,
    /// `fresh_context` of `adjutant.toml`: `plan` and `plan-feature`, each followed by `execute`.
    pub fresh_context_pairs: Vec<(String, String)>,
    /// `[codebases.<name>]` of `adjutant.toml`.
    pub per_codebase: BTreeMap<String, CodebaseSettings>,
}

impl Conversations {
    pub fn read(reader: &mut Reader<'_>, file: File) -> Self {
        let modes = [
            ("ask", PermissionMode::Ask),
            ("accept-edits", PermissionMode::AcceptEdits),
            ("plan", PermissionMode::Plan),
            ("trust", PermissionMode::Trust),
        ];
        let assistants = [("claude", AssistantKind::Claude), ("demo", AssistantKind::Demo)];
        let mut count = |name, most, default| reader.number(name, 1..=most).unwrap_or(default);
        let max_concurrent = count("MAX_CONCURRENT_CONVERSATIONS", 10_000, 10);
        let idle = count("ASSISTANT_IDLE_SECS", 7 * 24 * 3600, 300);
        let turn_max = count("TURN_MAX_MINUTES", 7 * 24 * 60, 120);
        let messages_per_hour = count("MESSAGES_PER_PERSON_HOUR", 1_000_000, 120);
        let max_live = reader.number("ASSISTANT_MAX_LIVE", 0..=10_000).unwrap_or(6);
        Self {
            default_assistant: reader.choice("DEFAULT_AI_ASSISTANT", &assistants),
            permission_mode: reader.choice("PERMISSION_MODE", &modes).unwrap_or_default(),
            max_concurrent: max_concurrent as usize,
            max_live: max_live as usize,
            idle: Duration::from_secs(idle.into()),
            turn_max: Duration::from_secs(u64::from(turn_max) * 60),
            messages_per_hour,
            footer: reader.choice("REPLY_FOOTER", &[("true", true), ("false", false)]).unwrap_or(true),
            fresh_context_pairs: file.fresh_context.map_or_else(default_pairs, |pairs| {
                pairs.into_iter().map(|(first, second)| (first.0, second.0)).collect()
            }),
            per_codebase: file.codebases.into_iter().map(|(name, section)| (name, settings(section))).collect(),
        }
    }
}

impl Conversations {
    /// Whether the operator set `trust` anywhere.
    #[must_use]
    pub fn enables_trust(&self) -> bool {
        let single = self.per_codebase.values().filter_map(|codebase| codebase.permission_mode);
        single.chain([self.permission_mode]).any(|mode| mode == PermissionMode::Trust)
    }
}

/// The mode of `<PLATFORM>_STREAMING_MODE`; `stream` unless set.
pub fn reply_mode(reader: &mut Reader<'_>, name: &'static str) -> ReplyMode {
    let modes = [ReplyMode::Stream, ReplyMode::Batch, ReplyMode::Quiet].map(|mode| (mode.as_str(), mode));
    reader.choice(name, &modes).unwrap_or(ReplyMode::Stream)
}

fn settings(section: CodebaseSection) -> CodebaseSettings {
    CodebaseSettings {
        permission_mode: section.permission_mode,
        assistant: section.assistant.map(Into::into),
        model: section.model,
    }
}

/// `plan` and `plan-feature`, each followed by `execute`.
pub fn default_pairs() -> Vec<(String, String)> {
    ["plan", "plan-feature"].map(|first| (first.to_owned(), "execute".to_owned())).to_vec()
}
