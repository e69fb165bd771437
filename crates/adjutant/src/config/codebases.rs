//! Codebases and Git.

use std::path::{Path, PathBuf};

use adjutant_codebases::Protocol;
use secrecy::SecretString;

use super::env::Reader;

/// Where codebases live and what Git is told.
#[derive(Debug, Clone)]
pub struct Codebases {
    /// `WORKSPACE_PATH`, `workspace` in the data directory. Absolute.
    pub workspace: PathBuf,
    /// `DEFAULT_CODEBASE`: a name, or a path inside the workspace.
    pub default_codebase: Option<String>,
    /// `CLONE_PROTOCOLS`, https and ssh.
    pub clone_protocols: Vec<Protocol>,
    /// `GITHUB_TOKEN`: given to Git by a credential helper, for github.com alone.
    pub github_token: Option<SecretString>,
    /// `GIT_USER_NAME`; `None`: the operator's own Git name, else `Adjutant`.
    pub git_user_name: Option<String>,
    /// `GIT_USER_EMAIL`; `None`: the operator's own Git address, else `adjutant@localhost`.
    pub git_user_email: Option<String>,
}

impl Codebases {
    pub fn read(reader: &mut Reader<'_>, data_dir: &Path) -> Self {
        let wanted = "one of `https`, `ssh`, `http`, `git`, `file`";
        let mut clone_protocols: Vec<Protocol> = reader.list("CLONE_PROTOCOLS", wanted, |text| text.parse().ok());
        if clone_protocols.is_empty() {
            clone_protocols = vec![Protocol::Https, Protocol::Ssh];
        }
        Self {
            workspace: reader.path("WORKSPACE_PATH").unwrap_or_else(|| data_dir.join("workspace")),
            default_codebase: reader.text("DEFAULT_CODEBASE"),
            clone_protocols,
            github_token: reader.secret("GITHUB_TOKEN"),
            git_user_name: reader.text("GIT_USER_NAME"),
            git_user_email: reader.text("GIT_USER_EMAIL"),
        }
    }
}
