//! `adjutant.toml`: settings that are structures and not values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use adjutant_core::assistant::PermissionMode;
use adjutant_core::kind::AssistantKind;
use serde::Deserialize;

use super::env::Reader;

/// The file's name in the data directory.
pub const NAME: &str = "adjutant.toml";

/// What the file may contain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// `fresh_context = [["plan", "execute"]]`: after the first command, the second starts a fresh session.
    pub fresh_context: Option<Vec<(CommandName, CommandName)>>,
    /// `[codebases.<name>]`: what differs in one codebase.
    #[serde(default)]
    pub codebases: BTreeMap<String, CodebaseSection>,
}

/// A command's name, without the slash it may be written with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct CommandName(pub String);

/// What differs in one codebase.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodebaseSection {
    pub permission_mode: Option<PermissionMode>,
    pub assistant: Option<AssistantName>,
    pub model: Option<String>,
}

/// The assistants that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssistantName {
    Claude,
    Demo,
}

impl From<AssistantName> for AssistantKind {
    fn from(name: AssistantName) -> Self {
        match name {
            AssistantName::Claude => Self::Claude,
            AssistantName::Demo => Self::Demo,
        }
    }
}

impl TryFrom<String> for CommandName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let name = text.strip_prefix('/').unwrap_or(&text);
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '/') {
            return Err(format!("`{text}` is no command's name, such as `plan`"));
        }
        Ok(Self(name.to_owned()))
    }
}

impl File {
    /// Where the file is looked for, and whether `ADJUTANT_CONFIG` says so.
    pub fn place(reader: &mut Reader<'_>, data_dir: &Path) -> (PathBuf, bool) {
        let named = reader.path("ADJUTANT_CONFIG");
        (named.clone().unwrap_or_else(|| data_dir.join(NAME)), named.is_some())
    }

    /// The file that `ADJUTANT_CONFIG` names, which has to be there, or the one in the data directory, if it is.
    pub fn read(reader: &mut Reader<'_>, data_dir: &Path) -> Self {
        let (path, named) = Self::place(reader, data_dir);
        let Some(text) = reader.file(&path) else {
            if named {
                reader.problem("ADJUTANT_CONFIG", &format!("names `{}`, which is not there", path.display()));
            }
            return Self::default();
        };
        toml::from_str(&text).unwrap_or_else(|error| {
            reader.problem(&path.display().to_string(), &describe(&text, &error));
            Self::default()
        })
    }
}

fn describe(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    format!("cannot be used, see line {line}: {}", error.message())
}
