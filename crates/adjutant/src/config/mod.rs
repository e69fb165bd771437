//! What the operator set, read once at the start and passed down as typed values.
//!
//! Three layers, the first wins: the environment, a `.env` in the working directory, and for what is a structure and
//! not a value an optional `adjutant.toml`. Reading is a pure function of [`Sources`]; only [`Sources::collect`]
//! looks at the process and the disk. Every problem is found in one go, and none of them shows a secret.
//!
//! | file | what |
//! | --- | --- |
//! | [`names`] | the one list of variables: default, meaning, example |
//! | [`env`] | one value out of the layers: text, number, list, secret, path |
//! | [`sources`] | collecting the layers |
//! | [`problem`] | what is said when a value is wrong |
//! | [`file`] | `adjutant.toml` |
//! | [`listing`] | what is set and from which layer, for `adjutant config` |
//! | the others | one section each |

pub mod claude;
pub mod codebases;
pub mod conversations;
pub mod env;
pub mod file;
pub mod listing;
pub mod logging;
pub mod names;
pub mod problem;
pub mod root;
pub mod server;
pub mod sources;
pub mod store;
pub mod telegram;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use secrecy::SecretString;

pub use self::problem::Problems;
pub use self::sources::Sources;

use self::env::Reader;

/// Everything the operator set, with defaults filled in.
#[derive(Debug, Clone)]
pub struct Config {
    /// `ADJUTANT_DATA_DIR`, `~/.local/share/adjutant`: database, spools, logs, session files. Absolute.
    pub data_dir: PathBuf,
    pub server: server::Server,
    pub store: store::Store,
    /// `None`: no token, so Telegram is off.
    pub telegram: Option<telegram::Telegram>,
    pub claude: claude::Claude,
    pub codebases: codebases::Codebases,
    pub conversations: conversations::Conversations,
    pub root: root::Root,
    pub logging: logging::Logging,
    /// What is odd but no reason to stop; each is one sentence to be shown at the start.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads the process environment, `.env` and `adjutant.toml`.
    ///
    /// # Errors
    /// Every value that cannot be used, each as one sentence.
    pub fn load() -> Result<Self, Problems> {
        Self::from_sources(&Sources::collect()?)
    }

    /// Turns the layers into typed values.
    ///
    /// # Errors
    /// Every value that cannot be used, each as one sentence.
    pub fn from_sources(sources: &Sources) -> Result<Self, Problems> {
        let mut reader = Reader::new(sources);
        let data_dir = data_dir(&mut reader);
        let file = file::File::read(&mut reader, &data_dir);
        let config = Self {
            server: server::Server::read(&mut reader),
            store: store::Store::read(&mut reader, &data_dir),
            telegram: telegram::Telegram::read(&mut reader),
            claude: claude::Claude::read(&mut reader),
            codebases: codebases::Codebases::read(&mut reader, &data_dir),
            conversations: conversations::Conversations::read(&mut reader, file),
            root: root::Root::read(&mut reader),
            logging: logging::Logging::read(&mut reader),
            data_dir,
            warnings: sources.warnings.clone(),
        };
        let warnings = reader.finish()?;
        Ok(Self { warnings: [config.warnings, warnings].concat(), ..config })
    }

    /// Every secret of this installation, for the mask that each outgoing text passes.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretString> {
        let mut secrets = Vec::new();
        secrets.extend(self.server.api_token.clone());
        secrets.extend(self.store.password());
        secrets.extend(self.telegram.iter().flat_map(telegram::Telegram::secrets));
        secrets.extend(self.claude.credential.as_ref().map(|credential| credential.secret().clone()));
        secrets.extend(self.codebases.github_token.clone());
        secrets
    }
}

/// The data directory, which other defaults build on.
fn data_dir(reader: &mut Reader<'_>) -> PathBuf {
    if let Some(path) = reader.path("ADJUTANT_DATA_DIR") {
        return path;
    }
    // Both are the system's names, not settings of ours.
    if let Some(base) = reader.system("XDG_DATA_HOME").filter(|base| Path::new(base).is_absolute()) {
        return Path::new(base).join("adjutant");
    }
    if let Some(home) = reader.system("HOME") {
        return Path::new(home).join(".local/share/adjutant");
    }
    reader.problem("ADJUTANT_DATA_DIR", "is not set, and without `HOME` there is no default");
    PathBuf::new()
}
