//! What strangers and the operator's own people are told about access.

use adjutant_core::conversation::Conversation;
use adjutant_core::message::Sender;
use adjutant_core::platform::Hearing;
use chrono::{DateTime, Utc};

use super::code;

/// The one line a stranger gets while pairing is open.
#[must_use]
pub fn pairing(pairing_code: &str) -> String {
    format!("This is a private gateway. If it is yours, run `adjutant allow {pairing_code}` where it runs.")
}

/// Somebody wrote more than the quota allows.
#[must_use]
pub fn too_many(limit: u32, until: DateTime<Utc>) -> String {
    format!(
        "More than {limit} messages in an hour. This one was not taken; write again after {} UTC.",
        until.format("%H:%M")
    )
}

/// Something came that is no text.
#[must_use]
pub fn unsupported(what: &str) -> String {
    format!("I cannot read {what} here. Please write it as text.")
}

/// What of a conversation the gateway hears, where that needs saying.
#[must_use]
pub fn hearing(hearing: &Hearing) -> Option<String> {
    match hearing {
        Hearing::Everything => None,
        Hearing::Addressed { name, remedy } => {
            let heard = format!("Here I hear commands, replies to me and what mentions {name}.");
            Some(match remedy {
                Some(remedy) => format!("{heard} {remedy}"),
                None => heard,
            })
        }
    }
}

/// `/whoami`.
#[must_use]
pub fn who_you_are(sender: &Sender, conversation: &Conversation) -> String {
    format!(
        "You are {} (id {}) on {}.\nThis conversation is {} ({}).",
        code(&sender.name, 60),
        code(&sender.id, 60),
        conversation.platform.shown(),
        code(&conversation.id.short(), 60),
        code(&conversation.key.0, 80),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_about_what_is_heard() {
        assert_eq!(hearing(&Hearing::Everything), None);
        let addressed =
            |remedy: Option<&str>| Hearing::Addressed { name: "@my_bot".to_owned(), remedy: remedy.map(str::to_owned) };
        assert_eq!(
            hearing(&addressed(None)).as_deref(),
            Some("Here I hear commands, replies to me and what mentions @my_bot.")
        );
        assert_eq!(
            hearing(&addressed(Some("Ask the owner for more."))).as_deref(),
            Some("Here I hear commands, replies to me and what mentions @my_bot. Ask the owner for more.")
        );
    }
}
