//! Why a clone failed, as a sentence with the next step.
//!
//! Git has no codes for this: its messages, in the C locale, are the interface. Sources: `remote-curl.c`, `connect.c`
//! and `transport.c` of Git, and the messages of OpenSSH and of GitHub.

use adjutant_core::error::UserError;
use adjutant_core::mask::Mask;

use crate::config::Protocol;
use crate::remote::RemoteUrl;
use crate::shown::shown;

/// The sentence for a clone that Git gave up.
pub fn explain(url: &RemoteUrl, messages: &str, mask: &Mask) -> UserError {
    let address = shown(&url.clean());
    let has = |needles: &[&str]| needles.iter().any(|needle| messages.contains(needle));
    if is_redirect(messages) {
        return UserError::new(
            format!("`{address}` redirects to another address, and redirects are not followed."),
            "Open it in a browser and use the address you end up at.",
        );
    }
    if has(&["not allowed", "disallowed"]) && has(&["transport", "protocol"]) {
        return UserError::new(
            format!("`{address}` needs a protocol that is not accepted here."),
            "The operator sets the accepted ones with `CLONE_PROTOCOLS`.",
        );
    }
    if has(&["Host key verification failed"]) {
        return UserError::new(
            format!("The key of `{}` is not the one this machine knows.", shown(&url.authority())),
            "Check it, then correct the gateway's `known_hosts`.",
        );
    }
    if has(&["Permission denied (publickey", "Permission denied, please try again", "Too many authentication failures"])
    {
        return UserError::new(
            format!("`{}` did not accept this machine's ssh key.", shown(&url.authority())),
            "Add the gateway's public key there, or use the `https` address.",
        );
    }
    if has(&["could not read Username", "could not read Password", "Authentication failed", "error: 401", "error: 403"])
    {
        return refused(url, &address);
    }
    if has(&["not found", "Not Found", "does not exist", "error: 404", "does not appear to be a git repository"]) {
        return UserError::new(format!("`{address}` was not found."), missing_hint(url));
    }
    if is_full(messages) {
        return full("send `/clone` again");
    }
    if has(UNREACHABLE) {
        return UserError::new(
            format!("`{}` could not be reached, or the connection broke.", shown(&url.authority())),
            "Nothing was kept. Send `/clone` again in a moment.",
        );
    }
    let cause = messages.lines().rev().find_map(|line| {
        line.strip_prefix("fatal: ").or_else(|| line.strip_prefix("error: ")).filter(|line| !line.is_empty())
    });
    let cause = shown(&mask.apply(cause.unwrap_or("no reason given").to_owned()));
    UserError::new(format!("Git could not clone `{address}`: `{cause}`."), "Nothing was kept.")
}

/// Whether Git ran out of space.
pub fn is_full(messages: &str) -> bool {
    ["No space left on device", "Disk quota exceeded"].iter().any(|needle| messages.contains(needle))
}

/// The sentence for a full disk, with what to do afterwards.
pub fn full(then: &str) -> UserError {
    UserError::new("The disk of the workspace is full; nothing was kept.", format!("Free some space, then {then}."))
}

/// Whether the server answered with another address.
pub fn is_redirect(messages: &str) -> bool {
    ["301", "302", "303", "307", "308"].iter().any(|code| messages.contains(&format!("returned error: {code}")))
}

const UNREACHABLE: &[&str] = &[
    "Could not resolve",
    "Failed to connect",
    "Couldn't connect",
    "Connection refused",
    "Connection reset",
    "Connection timed out",
    "Operation timed out",
    "Operation too slow",
    "Network is unreachable",
    "No route to host",
    "SSL",
    "early EOF",
    "Empty reply",
    "unexpected disconnect",
    "invalid index-pack output",
    "hung up",
    "RPC failed",
    "transfer closed",
    "error: 5",
    "error: 429",
];

fn refused(url: &RemoteUrl, address: &str) -> UserError {
    let message = match url.credential() {
        Some(_) => format!("`{}` did not accept the credentials for `{address}`.", shown(&url.authority())),
        None => format!("`{address}` was not found, or it is private."),
    };
    UserError::new(message, missing_hint(url))
}

fn missing_hint(url: &RemoteUrl) -> &'static str {
    match url.protocol() {
        Protocol::Https if url.authority() == "github.com" => {
            "Check the spelling. For a private repository the operator sets `GITHUB_TOKEN`."
        }
        Protocol::Https | Protocol::Http => "Check the spelling. A private repository needs its ssh address.",
        Protocol::Ssh => "Check the spelling, and that this machine's ssh key may read it.",
        Protocol::Git | Protocol::File => "Check the spelling.",
    }
}
