//! Claude Code.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

use super::env::Reader;

/// The program and its login.
#[derive(Debug, Clone)]
pub struct Claude {
    /// `CLAUDE_API_KEY` or `CLAUDE_OAUTH_TOKEN`; `None`: the login of `claude` on this machine.
    pub credential: Option<Credential>,
    /// `CLAUDE_BIN`, `claude`: a bare name is looked up on the `PATH`.
    pub program: PathBuf,
    /// `CLAUDE_MODEL`; `None`: the program's own default.
    pub model: Option<String>,
    /// `ANTHROPIC_BASE_URL`; `None`: the vendor's.
    pub base_url: Option<Url>,
}

/// How Claude Code logs in.
#[derive(Debug, Clone)]
pub enum Credential {
    ApiKey(SecretString),
    OauthToken(SecretString),
}

impl Credential {
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        match self {
            Self::ApiKey(secret) | Self::OauthToken(secret) => secret,
        }
    }
}

impl Claude {
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let program = match reader.text("CLAUDE_BIN") {
            Some(text) if text.contains('/') => reader.path("CLAUDE_BIN"),
            other => other.map(PathBuf::from),
        };
        Self {
            credential: credential(reader),
            program: program.unwrap_or_else(|| Path::new("claude").to_owned()),
            model: reader.text("CLAUDE_MODEL"),
            base_url: reader.address("ANTHROPIC_BASE_URL"),
        }
    }
}

fn credential(reader: &mut Reader<'_>) -> Option<Credential> {
    let key = reader.secret("CLAUDE_API_KEY").map(Credential::ApiKey);
    let token = reader.secret("CLAUDE_OAUTH_TOKEN").map(Credential::OauthToken);
    if key.is_some() && token.is_some() {
        reader.problem("CLAUDE_OAUTH_TOKEN", "is set, and so is `CLAUDE_API_KEY`: keep one of them");
    }
    key.or(token)
}
