//! `adjutant.toml`: settings that are structures and not values.

use std::path::Path;

use serde::Deserialize;

use super::env::Reader;

/// The file's name in the data directory.
const NAME: &str = "adjutant.toml";

/// What the file may contain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// `fresh_context = [["plan", "execute"]]`: after the first command, the second starts a fresh session.
    pub fresh_context: Option<Vec<(String, String)>>,
}

impl File {
    /// The file that `ADJUTANT_CONFIG` names, which has to be there, or the one in the data directory, if it is.
    pub fn read(reader: &mut Reader<'_>, data_dir: &Path) -> Self {
        let named = reader.path("ADJUTANT_CONFIG");
        let path = named.clone().unwrap_or_else(|| data_dir.join(NAME));
        let Some(text) = reader.file(&path) else {
            if named.is_some() {
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
