//! What is said when a message is put into the turn that runs.

use adjutant_core::error::UserError;
use adjutant_core::kind::AssistantKind;

use super::ordinal;

/// The button below a queued message.
#[must_use]
pub fn button() -> String {
    "Send it into the turn".to_owned()
}

/// It was put into the running turn.
#[must_use]
pub fn sent() -> String {
    "✓ Sent into the running turn.".to_owned()
}

/// The assistant takes messages only between turns.
#[must_use]
pub fn not_supported(assistant: AssistantKind, place: usize, stop: &str) -> String {
    format!(
        "{} takes no messages while it works. Queued, {} in line. {stop} ends the running turn.",
        assistant.shown(),
        ordinal(place)
    )
}

/// The message of a pressed button does not wait any more.
#[must_use]
pub fn not_waiting() -> String {
    "That message does not wait any more.".to_owned()
}

/// What waits is a command, came with files or quotes a stranger, which needs a turn or a moment of its own.
#[must_use]
pub fn is_a_command(stop: &str) -> String {
    format!(
        "What waits is a command, came with files or quotes a stranger; it is carried out after the running turn. \
         {stop} ends that turn."
    )
}

/// The turn is ending, or none runs.
#[must_use]
pub fn no_turn() -> String {
    "No turn runs that could take it. It is carried out next.".to_owned()
}

/// `/steer` without a text while nothing waits.
#[must_use]
pub fn nothing_to_steer(usage: &str) -> UserError {
    UserError::new("Nothing waits here.", format!("`{usage}` sends a message into the running turn."))
}
