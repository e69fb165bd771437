//! Collecting the layers: the only part of the configuration that looks at the process and the disk.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::problem::{Problem, Problems};

/// The name of the file in the working directory.
const DOTENV: &str = ".env";

/// What a configuration is read from.
#[derive(Debug, Clone)]
pub struct Sources {
    pub environment: BTreeMap<String, String>,
    pub dotenv: BTreeMap<String, String>,
    /// Relative paths start here.
    pub directory: PathBuf,
    /// How files that a value names are read.
    pub read: fn(&Path) -> io::Result<String>,
    /// What was odd while collecting.
    pub warnings: Vec<String>,
}

/// Where a value came from; the first that has one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    Environment,
    /// The `.env` in the working directory.
    Dotenv,
    /// `adjutant.toml`.
    File,
    Default,
}

impl Sources {
    /// A value and its layer. An empty one counts as not set, since compose files pass such.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(Layer, &str)> {
        let layers = [(Layer::Environment, &self.environment), (Layer::Dotenv, &self.dotenv)];
        layers
            .into_iter()
            .filter_map(|(layer, values)| Some((layer, values.get(name)?.as_str())))
            .find(|(_, value)| !value.trim().is_empty())
    }

    /// The environment of this process and the `.env` of its working directory.
    ///
    /// # Errors
    /// When `.env` is there and cannot be read.
    pub fn collect() -> Result<Self, Problems> {
        let mut warnings = Vec::new();
        let directory = std::env::current_dir().map_err(|error| {
            problem("the working directory", format!("cannot be found ({error}): start the gateway in another one"))
        })?;
        Ok(Self {
            environment: environment(),
            dotenv: dotenv(&directory.join(DOTENV), &mut warnings)?,
            directory,
            read: |path| std::fs::read_to_string(path),
            warnings,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn environment() -> BTreeMap<String, String> {
    // Names and values that are not UTF-8 cannot be settings of ours.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn dotenv(path: &Path, warnings: &mut Vec<String>) -> Result<BTreeMap<String, String>, Problems> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(BTreeMap::new()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(problem(DOTENV, format!("cannot be read: {error}"))),
    };
    if metadata.permissions().mode() & 0o044 != 0 {
        warnings.push("Other users of this machine can read `.env` with its secrets: `chmod 600 .env`.".to_owned());
    }
    let text = std::fs::read_to_string(path).map_err(|error| problem(DOTENV, format!("cannot be read: {error}")))?;
    parse(&text)
}

/// The values of a `.env`.
fn parse(text: &str) -> Result<BTreeMap<String, String>, Problems> {
    dotenvy::from_read_iter(text.as_bytes())
        .collect::<Result<_, dotenvy::Error>>()
        .map_err(|error| problem(DOTENV, describe(text, &error)))
}

/// Names the line, but does not show it: it may hold a secret.
fn describe(text: &str, error: &dotenvy::Error) -> String {
    let dotenvy::Error::LineParse(line, _) = error else { return format!("cannot be read: {error}") };
    let number = text.lines().position(|candidate| candidate.trim() == line.trim()).map(|index| index + 1);
    let place = number.map_or_else(|| "has a line".to_owned(), |number| format!("has a line {number}"));
    format!("{place} that is not of the form `NAME=value` (values with spaces or `#` need quotes)")
}

fn problem(name: &str, text: String) -> Problems {
    Problems(vec![Problem { name: name.to_owned(), text }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_not_shown() {
        let error = parse("PORT=3000\nCLAUDE_API_KEY=\"sk-ant-secret\n").unwrap_err().to_string();
        assert_eq!(
            error,
            "`.env` has a line 2 that is not of the form `NAME=value` (values with spaces or `#` need quotes)."
        );
    }

    #[test]
    fn a_file_that_others_can_read_is_warned_about_and_a_private_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "PORT=4000 # comment\n").unwrap();
        for (mode, expected) in [(0o644, 1), (0o640, 1), (0o600, 0)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let mut warnings = Vec::new();
            assert_eq!(dotenv(&path, &mut warnings).unwrap()["PORT"], "4000");
            assert_eq!(warnings.len(), expected, "mode {mode:o}");
        }
    }

    #[test]
    fn no_file_is_no_problem() {
        let folder = tempfile::tempdir().unwrap();
        assert!(dotenv(&folder.path().join(".env"), &mut Vec::new()).unwrap().is_empty());
    }
}
