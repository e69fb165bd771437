//! A codebase: one repository, its place on disk and the commands it brings.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::CodebaseId;
use crate::kind::AssistantKind;

/// One repository the gateway knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codebase {
    pub id: CodebaseId,
    pub name: String,
    /// Where it was cloned from, without credentials; `None` for a tree that was found in the workspace.
    pub repository_url: Option<String>,
    /// Absolute path of the working tree.
    pub default_cwd: String,
    /// The assistant new conversations in it start with; `None`: the configured default.
    pub assistant: Option<AssistantKind>,
    pub commands: CommandRegistry,
    /// The operator ran `adjutant trust` for it.
    pub trusted: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The registered commands of a codebase, by name.
pub type CommandRegistry = BTreeMap<String, RegisteredCommand>;

/// One registered command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredCommand {
    /// Relative to the codebase's root.
    pub path: String,
    #[serde(default)]
    pub description: String,
}
