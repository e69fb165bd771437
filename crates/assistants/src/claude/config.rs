//! What the operator decides about Claude.

use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

/// What the operator decides about Claude. Nothing here is read from the environment.
#[derive(Debug, Clone)]
pub struct ClaudeConfig {
    /// The program: a name to be looked for in `path`, or a path.
    pub program: PathBuf,
    /// The one credential the program gets. `None`: the operator's own login is used.
    pub credential: Option<Credential>,
    /// Another endpoint of the same API.
    pub base_url: Option<Url>,
    /// The model where a session names none; `None`: the program's default.
    pub model: Option<String>,
    /// The gateway's data directory. Below it lie `claude/` (the program's own files) and `runs/`.
    pub data_dir: PathBuf,
    /// The operator's home directory, where their Claude login and their Git configuration are.
    pub operator_home: Option<PathBuf>,
    /// The operator's `PATH`, also the program's.
    pub path: String,
    /// The operator's `LANG`.
    pub lang: String,
    pub root: RootPolicy,
}

impl ClaudeConfig {
    /// `claude` from this `PATH`, with its private files below `data_dir`; not as root, without a credential.
    #[must_use]
    pub fn new(data_dir: PathBuf, path: String) -> Self {
        Self {
            program: PathBuf::from("claude"),
            credential: None,
            base_url: None,
            model: None,
            data_dir,
            operator_home: None,
            path,
            lang: "C.UTF-8".to_owned(),
            root: RootPolicy::NotRoot,
        }
    }
}

/// What the program signs in with. It takes exactly one; of two it would take the key without a word.
#[derive(Debug, Clone)]
pub enum Credential {
    /// `CLAUDE_API_KEY`.
    ApiKey(SecretString),
    /// `CLAUDE_OAUTH_TOKEN`, of a subscription.
    OAuthToken(SecretString),
}

/// Which user assistants run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootPolicy {
    /// The gateway is not root, and assistants are who it is.
    NotRoot,
    /// The gateway is root and the operator allowed that assistants are too.
    Allowed,
    /// The gateway is root, and assistants are this user.
    RunAs(User),
    /// The gateway is root, and nothing was decided: assistants are off.
    Off,
}

/// A user of this machine, looked up by the wiring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub home: PathBuf,
    pub uid: u32,
    pub gid: u32,
    /// All supplementary groups.
    pub groups: Vec<u32>,
}
