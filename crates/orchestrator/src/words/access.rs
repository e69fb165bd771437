//! What strangers and the operator's own people are told about access.

use adjutant_core::conversation::Conversation;
use adjutant_core::message::Sender;
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
