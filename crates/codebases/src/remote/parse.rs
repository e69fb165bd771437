//! From what a person typed to an address, or to a sentence that says what is wrong with it.

use adjutant_core::error::UserError;
use secrecy::SecretString;

use super::{Form, RemoteUrl, Suffix, UrlCredential, grammar};
use crate::config::Protocol;
use crate::shown::shown;

/// No address is longer.
const LONGEST: usize = 2_000;

/// Hosts people name without `https://` in front.
const WELL_KNOWN: &[&str] = &["github.com", "gitlab.com", "bitbucket.org", "codeberg.org"];

/// A login in front of `@` that is at least so long is a token, not a name.
const SHORTEST_TOKEN: usize = 20;

const EXAMPLE: &str = "Use an address like `https://github.com/owner/repo` or `owner/repo`.";

pub(super) fn parse(text: &str, protocols: &[Protocol]) -> Result<RemoteUrl, UserError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(UserError::new("No repository given.", EXAMPLE));
    }
    if text.len() > LONGEST {
        return Err(UserError::new(format!("An address of {} bytes is too long.", text.len()), EXAMPLE));
    }
    if text.starts_with('-') {
        return Err(UserError::new(format!("`{}` looks like an option, not like a repository.", mask(text)), EXAMPLE));
    }
    if let Some(odd) = text.chars().find(|c| !c.is_ascii_graphic()) {
        let odd = match odd {
            ' ' => "a space".to_owned(),
            odd => format!("`{}` (U+{:04X})", shown(&odd.to_string()), u32::from(odd)),
        };
        return Err(UserError::new(format!("`{}` contains {odd}, which no address has.", mask(text)), EXAMPLE));
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        return with_scheme(text, scheme, rest, protocols);
    }
    if text.contains("::") {
        return Err(UserError::new(
            format!("`{}` would make Git start a helper program, so it is refused.", mask(text)),
            EXAMPLE,
        ));
    }
    if text.contains('@') && text.contains(':') {
        return scp_like(text, protocols);
    }
    short(text, protocols)
}

/// The text as it may be shown: whatever stands before an `@` could be a password.
#[must_use]
pub fn mask(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), text),
    };
    match rest.rsplit_once('@') {
        Some((before, behind)) if before != "git" => shown(&format!("{scheme}•••@{behind}")),
        _ => shown(text),
    }
}

fn with_scheme(text: &str, scheme: &str, rest: &str, protocols: &[Protocol]) -> Result<RemoteUrl, UserError> {
    let protocol = scheme.parse::<Protocol>().ok().filter(|_| scheme.bytes().all(|b| b.is_ascii_lowercase()));
    let protocol = allowed(text, scheme, protocol, protocols)?;
    let (authority, path) = rest.split_once('/').ok_or_else(|| unreadable(text, "it names no repository"))?;
    let (userinfo, place) = match authority.rsplit_once('@') {
        Some((userinfo, place)) => (Some(userinfo), place),
        None => (None, authority),
    };
    let (segments, suffix) = path_of(text, path)?;
    if protocol == Protocol::File {
        if !authority.is_empty() {
            return Err(unreadable(text, "a `file` address begins with three slashes"));
        }
        return Ok(RemoteUrl {
            protocol,
            user: None,
            host: String::new(),
            port: None,
            segments,
            suffix,
            form: Form::Url,
            credential: None,
        });
    }
    let (host, port) = host_and_port(text, place)?;
    let (user, credential) = match (protocol, userinfo) {
        (_, None) => (None, None),
        (Protocol::Ssh, Some(user)) if grammar::is_user(user) => (Some(user.to_owned()), None),
        (Protocol::Https | Protocol::Http, Some(userinfo)) => (None, credential(text, userinfo)?),
        (_, Some(_)) => return Err(unreadable(text, "the part before `@` is no user name")),
    };
    let url = RemoteUrl { protocol, user, host, port, segments, suffix, form: Form::Url, credential };
    one_repository(text, url)
}

/// `git@host:owner/repo.git`
fn scp_like(text: &str, protocols: &[Protocol]) -> Result<RemoteUrl, UserError> {
    let protocol = allowed(text, "ssh", Some(Protocol::Ssh), protocols)?;
    let (user, rest) = text.split_once('@').ok_or_else(|| unreadable(text, "it names no user"))?;
    if !grammar::is_user(user) {
        return Err(unreadable(text, "the part before `@` is no user name"));
    }
    let (place, path) = rest.split_once(':').ok_or_else(|| unreadable(text, "it names no repository"))?;
    let host = grammar::host(place).ok_or_else(|| unreadable(text, "its host is no host name"))?;
    let (path, form) = match path.strip_prefix('/') {
        Some(path) => (path, Form::Url),
        None => (path, Form::Scp),
    };
    let (segments, suffix) = path_of(text, path)?;
    let url =
        RemoteUrl { protocol, user: Some(user.to_owned()), host, port: None, segments, suffix, form, credential: None };
    one_repository(text, url)
}

/// `owner/repo`, or the address of a well-known host without its protocol.
fn short(text: &str, protocols: &[Protocol]) -> Result<RemoteUrl, UserError> {
    let protocol = allowed(text, "https", Some(Protocol::Https), protocols)?;
    let is_well_known = |name: &str| WELL_KNOWN.iter().any(|host| host.eq_ignore_ascii_case(name));
    let (segments, suffix) = path_of(text, text)?;
    let (host, segments) = match segments.as_slice() {
        [host, rest @ ..] if rest.len() >= 2 && is_well_known(host) => (host.to_ascii_lowercase(), rest.to_vec()),
        // `evil/github.com` is somebody who tries to have a token sent to `evil`, or a slip.
        [_, repo] if !is_well_known(repo) && !segments[0].starts_with(['.', '~']) => {
            ("github.com".to_owned(), segments)
        }
        [_, _, _, ..] => return Err(unreadable(text, "an address with a host begins with `https://`")),
        _ => return Err(unreadable(text, "it is no `owner/repo`")),
    };
    let url = RemoteUrl { protocol, user: None, host, port: None, segments, suffix, form: Form::Url, credential: None };
    one_repository(text, url)
}

fn allowed(
    text: &str,
    scheme: &str,
    protocol: Option<Protocol>,
    protocols: &[Protocol],
) -> Result<Protocol, UserError> {
    let accepted = protocols.iter().map(|protocol| format!("`{protocol}`")).collect::<Vec<_>>().join(", ");
    protocol.filter(|protocol| protocols.contains(protocol)).ok_or_else(|| {
        UserError::new(
            format!("`{}` cannot be cloned: `{}` is not among the accepted protocols.", mask(text), shown(scheme)),
            format!("Accepted here: {accepted}. The operator sets this with `CLONE_PROTOCOLS`."),
        )
    })
}

fn path_of(text: &str, path: &str) -> Result<(Vec<String>, Suffix), UserError> {
    if path.contains(['?', '#']) {
        return Err(unreadable(text, "an address of a repository has no `?` and no `#`"));
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let (path, suffix) = match path.strip_suffix(".git") {
        Some(path) if !path.ends_with('/') && !path.is_empty() => (path, Suffix::Written),
        _ => (path, Suffix::Absent),
    };
    let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
    match segments.iter().find(|segment| !grammar::is_segment(segment)) {
        None => Ok((segments, suffix)),
        Some(odd) if odd.is_empty() => Err(unreadable(text, "a name between two slashes is empty")),
        // Behind a slash in a password stands the rest of it, so nothing of such a path is repeated.
        Some(_) if path.contains('@') => Err(unreadable(text, "one of its names contains `@`")),
        Some(odd) => Err(unreadable(text, &format!("`{}` cannot be the name of an owner or a repository", shown(odd)))),
    }
}

fn host_and_port(text: &str, place: &str) -> Result<(String, Option<u16>), UserError> {
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    };
    let host = grammar::host(host).ok_or_else(|| unreadable(text, "its host is no host name"))?;
    let port = match port {
        None => None,
        Some(port) => {
            let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            let number = port.parse::<u16>().ok().filter(|&number| digits && number != 0);
            Some(number.ok_or_else(|| unreadable(text, "its port is no number from 1 to 65535"))?)
        }
    };
    Ok((host, port))
}

/// `user:password`, or a token alone. A user name alone says nothing and is dropped.
fn credential(text: &str, userinfo: &str) -> Result<Option<UrlCredential>, UserError> {
    let odd = || unreadable(text, "its credentials contain something that is no printable character");
    let (username, secret) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let username = grammar::percent_decoded(username).ok_or_else(odd)?;
    let secret = grammar::percent_decoded(secret).ok_or_else(odd)?;
    Ok(match (secret.is_empty(), username.len() >= SHORTEST_TOKEN) {
        (false, _) => Some(UrlCredential { username, secret: SecretString::from(secret) }),
        (true, true) => {
            Some(UrlCredential { username: "x-access-token".to_owned(), secret: SecretString::from(username) })
        }
        (true, false) => None,
    })
}

/// GitHub has exactly `owner/repo`; people copy addresses of pages inside a repository.
fn one_repository(text: &str, url: RemoteUrl) -> Result<RemoteUrl, UserError> {
    if url.host != "github.com" || url.segments.len() == 2 {
        return Ok(url);
    }
    match url.segments.as_slice() {
        [owner, repo, ..] => Err(UserError::new(
            format!("`{}` is a page inside a repository.", mask(text)),
            format!("Use `https://github.com/{owner}/{repo}`."),
        )),
        _ => Err(unreadable(text, "it names no repository")),
    }
}

fn unreadable(text: &str, why: &str) -> UserError {
    UserError::new(format!("`{}` is no address of a repository: {why}.", mask(text)), EXAMPLE)
}
