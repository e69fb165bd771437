//! Addresses of repositories.

use std::fmt;

use adjutant_core::error::UserError;
use secrecy::SecretString;

use crate::config::Protocol;

mod grammar;
mod parse;

pub(crate) use grammar::percent_encoded;
pub use parse::mask;

/// Where a repository is. Made by [`RemoteUrl::parse`] alone: every part has passed an allow-list of characters.
#[derive(Debug, Clone)]
pub struct RemoteUrl {
    protocol: Protocol,
    /// The login of ssh, mostly `git`.
    user: Option<String>,
    /// Lower case; empty for `file`.
    host: String,
    port: Option<u16>,
    /// Without `.git` at the end. At least one.
    segments: Vec<String>,
    /// Whether `.git` was written; a server that knows no redirects may insist on it.
    suffix: Suffix,
    form: Form,
    credential: Option<UrlCredential>,
}

/// How the address was written, which decides where its path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `ssh://host/path`: from the root of the machine.
    Url,
    /// `host:path`: from the user's home. The large hosts do not care, a server in a cellar does.
    Scp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suffix {
    Absent,
    Written,
}

/// What stood before the `@` of an https address.
#[derive(Debug, Clone)]
pub struct UrlCredential {
    pub username: String,
    pub secret: SecretString,
}

impl RemoteUrl {
    /// Reads an address: `https://host/owner/repo`, `ssh://git@host/owner/repo`, `git@host:owner/repo`, or
    /// `owner/repo` for GitHub. Anything unusual is refused; nothing is repaired.
    ///
    /// # Errors
    /// A sentence for the person, without any credentials.
    pub fn parse(text: &str, protocols: &[Protocol]) -> Result<Self, UserError> {
        parse::parse(text, protocols)
    }

    /// The protocol that Git may speak for it.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The host as credentials name it, with its port if that is unusual. Empty for `file`.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The folder in the workspace that holds this owner's repositories. Subgroups are joined by `-`.
    #[must_use]
    pub fn owner(&self) -> String {
        let above = &self.segments[..self.segments.len() - 1];
        let owner = match self.protocol {
            Protocol::File => above.last().cloned().unwrap_or_default(),
            _ => above.join("-"),
        };
        let owner = owner.trim_start_matches(['.', '~', '-']);
        match (owner.is_empty(), self.host.is_empty()) {
            (false, _) => owner.to_owned(),
            (true, false) => self.host.replace(['[', ']', ':'], "-").trim_matches('-').to_owned(),
            (true, true) => "local".to_owned(),
        }
    }

    /// The repository's own name.
    #[must_use]
    pub fn repo(&self) -> &str {
        self.segments.last().map_or("", String::as_str)
    }

    /// The address without credentials and without `.git`: for people, and for the record.
    #[must_use]
    pub fn clean(&self) -> String {
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let path = self.segments.join("/");
        match self.form {
            Form::Url => format!("{}://{user}{}/{path}", self.protocol, self.authority()),
            Form::Scp => format!("{user}{}:{path}", self.host),
        }
    }

    /// The credentials that stood in the address. They are used for this clone alone.
    #[must_use]
    pub const fn credential(&self) -> Option<&UrlCredential> {
        self.credential.as_ref()
    }

    /// Whether two addresses mean the same repository, whatever the protocol, the login, `.git` and the case.
    #[must_use]
    pub fn same_remote(&self, other: &Self) -> bool {
        if self.protocol == other.protocol && self.port != other.port {
            return false;
        }
        let (ours, theirs) = (self.segments.join("/"), other.segments.join("/"));
        match self.protocol {
            Protocol::File => other.protocol == Protocol::File && ours == theirs,
            _ => self.host == other.host && ours.eq_ignore_ascii_case(&theirs),
        }
    }

    /// What Git is given.
    pub(crate) fn for_git(&self, suffix: Suffix) -> String {
        match suffix {
            Suffix::Absent => self.clean(),
            Suffix::Written => format!("{}.git", self.clean()),
        }
    }

    pub(crate) const fn suffix(&self) -> Suffix {
        self.suffix
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.clean())
    }
}
