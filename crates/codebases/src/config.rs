//! What a workspace is opened with.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use adjutant_core::clock::Clock;
use secrecy::SecretString;

/// The environment that Git needs from its surroundings; everything else is left out. The binary looks these up and
/// gives them in [`GitConfig::environment`].
pub const PASSED_ON: &[&str] = &[
    "PATH",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "https_proxy",
    "HTTPS_PROXY",
    "http_proxy",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// How Git is called.
#[derive(Debug, Clone)]
pub struct GitConfig {
    pub program: PathBuf,
    /// What `/clone` accepts.
    pub protocols: Vec<Protocol>,
    pub identity: Identity,
    /// The user Git runs as, where the gateway itself is root: a repository's configuration is code.
    pub run_as: Option<RunAs>,
    pub credentials: Vec<HostCredential>,
    /// The part of the gateway's environment named by [`PASSED_ON`].
    pub environment: Vec<(String, OsString)>,
    /// A clone that takes longer is ended.
    pub clone_timeout: Duration,
    /// Looking at a working tree that takes longer is given up.
    pub inspect_timeout: Duration,
    pub clock: Clock,
}

impl Default for GitConfig {
    fn default() -> Self {
        Self {
            program: PathBuf::from("git"),
            protocols: vec![Protocol::Https, Protocol::Ssh],
            identity: Identity::default(),
            run_as: None,
            credentials: Vec::new(),
            environment: Vec::new(),
            clone_timeout: Duration::from_secs(30 * 60),
            inspect_timeout: Duration::from_secs(10),
            clock: Clock::System,
        }
    }
}

/// How a repository is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    Https,
    Ssh,
    /// Neither encrypted nor authenticated; only for operators who ask for it.
    Http,
    /// As [`Protocol::Http`].
    Git,
    /// Repositories on this machine; only for operators who ask for it.
    File,
}

impl Protocol {
    /// The name in addresses and in Git's own lists.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Ssh => "ssh",
            Self::Http => "http",
            Self::Git => "git",
            Self::File => "file",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownProtocol(pub String);

impl fmt::Display for UnknownProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is none of `https`, `ssh`, `http`, `git`, `file`", self.0)
    }
}

impl std::error::Error for UnknownProtocol {}

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Https, Self::Ssh, Self::Http, Self::Git, Self::File]
            .into_iter()
            .find(|protocol| protocol.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownProtocol(text.to_owned()))
    }
}

/// Who commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub name: String,
    pub email: String,
}

impl Default for Identity {
    fn default() -> Self {
        Self { name: "Adjutant".to_owned(), email: "adjutant@localhost".to_owned() }
    }
}

impl Identity {
    /// The variables by which Git takes this identity; assistants get them.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        ["AUTHOR", "COMMITTER"]
            .into_iter()
            .flat_map(|role| {
                [(format!("GIT_{role}_NAME"), self.name.clone()), (format!("GIT_{role}_EMAIL"), self.email.clone())]
            })
            .collect()
    }
}

/// A user of the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunAs {
    pub uid: u32,
    pub gid: u32,
}

/// What is offered to one host, and only to exactly that one.
#[derive(Debug, Clone)]
pub struct HostCredential {
    /// For example `github.com`; with `:port` where it is not the usual one.
    pub host: String,
    /// For GitHub's tokens any name does; `x-access-token` is the documented one.
    pub username: String,
    pub secret: SecretString,
}

impl HostCredential {
    /// A token for a host.
    #[must_use]
    pub fn token(host: impl Into<String>, secret: SecretString) -> Self {
        Self { host: host.into(), username: "x-access-token".to_owned(), secret }
    }
}
