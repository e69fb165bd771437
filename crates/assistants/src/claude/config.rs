//! What the operator decides about Claude.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

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

impl User {
    /// The first folder on the way to this path that the user may not enter, by owner, group and mode. Folders that do
    /// not exist yet are nobody's obstacle.
    #[must_use]
    pub fn kept_out_by(&self, path: &Path) -> Option<PathBuf> {
        let mut folders: Vec<_> = path.ancestors().collect();
        folders.reverse();
        folders.into_iter().find(|folder| folder.metadata().is_ok_and(|found| !self.may_enter(&found))).map(Into::into)
    }

    fn may_enter(&self, folder: &Metadata) -> bool {
        // A file on the way, the program itself, has to be executable: the same bits.
        let bit = if folder.uid() == self.uid {
            0o100
        } else if folder.gid() == self.gid || self.groups.contains(&folder.gid()) {
            0o010
        } else {
            0o001
        };
        self.uid == 0 || folder.mode() & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_folder_that_keeps_a_user_out_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&inner, Permissions::from_mode(0o710)).unwrap();
        let found = inner.metadata().unwrap();
        let user = |uid, gid| User { name: "u".into(), home: "/".into(), uid, gid, groups: vec![] };
        let somebody = user(found.uid() + 1, found.gid() + 1);
        assert_eq!(somebody.kept_out_by(&inner.join("config")), Some(inner.clone()));
        assert_eq!(user(found.uid() + 1, found.gid()).kept_out_by(&inner.join("config")), None);
        assert_eq!(user(found.uid(), found.gid() + 1).kept_out_by(&inner.join("config")), None);
        assert_eq!(somebody.kept_out_by(folder.path()), None);
    }
}
