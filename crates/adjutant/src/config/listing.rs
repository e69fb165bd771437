//! What is set and from which layer, for `adjutant config`. Values are shown as they were written, right or wrong, so
//! that a wrong one can be found; secrets never.

use std::path::Path;

use adjutant_core::assistant::PermissionMode;
use adjutant_core::kind::AssistantKind;
use serde::Serialize;
use url::Url;

use super::env::Reader;
use super::file::{self, File};
use super::names::{Secrecy, VARIABLES, Variable};
use super::sources::{Layer, Sources};

/// The section of what is no variable.
const FILE: &str = "adjutant.toml";

/// Stands for a secret.
const MASKED: &str = "(secret)";

/// One setting as it holds now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    pub name: String,
    pub section: &'static str,
    /// One sentence.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub meaning: &'static str,
    /// What holds. `None`: nothing, the feature is off.
    pub value: Option<String>,
    pub layer: Layer,
    /// The file the value was read from, where it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// Every setting, in the order of `.env.example`; what `adjutant.toml` can set comes last.
#[must_use]
pub fn list(sources: &Sources) -> Vec<Setting> {
    // Its problems are told by whoever reads the configuration itself.
    let mut reader = Reader::new(sources);
    let data_dir = super::data_dir(&mut reader);
    let (path, _) = File::place(&mut reader, &data_dir);
    let mut settings: Vec<_> = VARIABLES.iter().map(|variable| setting(sources, variable, &data_dir)).collect();
    settings.extend(from_file(File::read(&mut reader, &data_dir), &path));
    settings
}

fn setting(sources: &Sources, variable: &'static Variable, data_dir: &Path) -> Setting {
    let (name, section, meaning) = (variable.name.to_owned(), variable.section, variable.meaning);
    if let Some((layer, value)) = sources.find(variable.name) {
        return Setting { name, section, meaning, value: Some(shown(variable, value)), layer, file: None };
    }
    let secret = variable.secrecy == Secrecy::Secret;
    if let Some((layer, path)) = secret.then(|| sources.find(&format!("{name}_FILE"))).flatten() {
        return Setting { name, section, meaning, value: Some(MASKED.to_owned()), layer, file: Some(path.to_owned()) };
    }
    Setting { name, section, meaning, value: default(variable, data_dir), layer: Layer::Default, file: None }
}

fn shown(variable: &Variable, value: &str) -> String {
    match variable.name {
        "DATABASE_URL" => without_password(value),
        _ if variable.secrecy == Secrecy::Secret => MASKED.to_owned(),
        _ => value.trim().to_owned(),
    }
}

/// Which server and which database is no secret, and most worth knowing. What cannot be taken apart is not shown.
fn without_password(value: &str) -> String {
    if value.starts_with("sqlite:") {
        return value.to_owned();
    }
    let Ok(mut url) = Url::parse(value.trim()) else { return MASKED.to_owned() };
    // Parameters can carry a password too.
    url.set_query(None);
    url.set_fragment(None);
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return MASKED.to_owned();
    }
    url.to_string()
}

/// What holds without a value: places are told as they come out on this machine.
fn default(variable: &Variable, data_dir: &Path) -> Option<String> {
    match variable.name {
        "ADJUTANT_DATA_DIR" => Some(data_dir.display().to_string()),
        "ADJUTANT_CONFIG" => Some(data_dir.join(file::NAME).display().to_string()),
        "WORKSPACE_PATH" => Some(data_dir.join("workspace").display().to_string()),
        "DATABASE_URL" => Some(super::store::default(data_dir)),
        _ => Some(variable.default.to_owned()).filter(|text| !text.is_empty()),
    }
}

/// What `adjutant.toml` sets, by the names it has there.
fn from_file(content: File, path: &Path) -> Vec<Setting> {
    let set = |name: String, value: String| Setting {
        name,
        section: FILE,
        meaning: "",
        value: Some(value),
        layer: Layer::File,
        file: Some(path.display().to_string()),
    };
    let mut settings = Vec::new();
    match content.fresh_context {
        Some(pairs) => {
            let pairs = pairs.into_iter().map(|(first, second)| (first.0, second.0));
            settings.push(set("fresh_context".to_owned(), pairs_shown(pairs.collect())));
        }
        None => settings.push(Setting {
            name: "fresh_context".to_owned(),
            section: FILE,
            meaning: "",
            value: Some(pairs_shown(super::conversations::default_pairs())),
            layer: Layer::Default,
            file: None,
        }),
    }
    for (codebase, section) in content.codebases {
        let values = [
            ("permission_mode", section.permission_mode.map(words)),
            ("assistant", section.assistant.map(|name| AssistantKind::from(name).to_string())),
            ("model", section.model),
        ];
        for (key, value) in values {
            settings.extend(value.map(|value| set(format!("codebases.{codebase}.{key}"), value)));
        }
    }
    settings
}

fn pairs_shown(pairs: Vec<(String, String)>) -> String {
    let pairs: Vec<_> = pairs.into_iter().map(|(first, second)| format!("{first} → {second}")).collect();
    pairs.join(", ")
}

fn words(mode: PermissionMode) -> String {
    let word = match mode {
        PermissionMode::Ask => "ask",
        PermissionMode::AcceptEdits => "accept-edits",
        PermissionMode::Plan => "plan",
        PermissionMode::Trust => "trust",
    };
    word.to_owned()
}
