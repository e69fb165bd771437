//! What is said when a provider's limit makes a message wait.

use adjutant_core::error::UserError;
use adjutant_core::kind::AssistantKind;
use adjutant_store::record::{Hold, Then};
use chrono::{DateTime, Utc};

use super::{moment, ordinal};

/// The limit was reached in the middle of a turn, or before it began.
#[must_use]
pub fn reached(hold: &Hold, now: DateTime<Utc>) -> String {
    format!("{}'s limit is reached until {}. Your message waits.", hold.assistant.shown(), moment(hold.until, now))
}

/// The person wants it to start by itself.
#[must_use]
pub fn starts(hold: &Hold, now: DateTime<Utc>) -> String {
    format!("✓ Starts when {}'s limit ends: {}.", hold.assistant.shown(), moment(hold.until, now))
}

/// The limit has ended, and nobody has said what becomes of the message.
#[must_use]
pub fn over(hold: &Hold) -> String {
    format!("{}'s limit is over. Your message still waits.", hold.assistant.shown())
}

/// What stands in the place of the first question then.
#[must_use]
pub fn passed(hold: &Hold, now: DateTime<Utc>) -> String {
    format!("{}'s limit was reached until {}.", hold.assistant.shown(), moment(hold.until, now))
}

/// A message came behind one that waits for a limit.
#[must_use]
pub fn queued_behind(place: usize, hold: &Hold, now: DateTime<Utc>) -> String {
    let limit = format!("{}'s limit is reached until {}", hold.assistant.shown(), moment(hold.until, now));
    format!("Queued, {} in line: {limit}.", ordinal(place))
}

/// What the first in line waits for, in `/queue`, `/status` and `/stop`. `start` is the command.
#[must_use]
pub fn standing(hold: &Hold, now: DateTime<Utc>, start: &str) -> String {
    let name = hold.assistant.shown();
    match hold.then {
        _ if hold.until <= now => format!("{name}'s limit is over: `{start}` starts what waits."),
        Then::Start => format!("{name}'s limit is reached until {}. What waits starts then.", moment(hold.until, now)),
        Then::Ask | Then::Asked => {
            format!("{name}'s limit is reached until {}. `{start}` starts what waits then.", moment(hold.until, now))
        }
    }
}

/// `/queue start` while nothing waits for a limit.
#[must_use]
pub fn nothing_held(queued: usize) -> UserError {
    let hint = match queued {
        0 => "The next message starts at once.",
        _ => "What waits starts by itself after what runs now.",
    };
    UserError::new("Nothing waits for a limit here.", hint)
}

/// Behind the words for another assistant, while a message waits for the limit of the one before.
#[must_use]
pub fn starts_now() -> String {
    "What waits starts now.".to_owned()
}

/// Behind the question where there are no buttons.
#[must_use]
pub fn by_command(start: &str, clear: &str) -> String {
    format!("`{start}` starts it then, `{clear}` drops it.")
}

/// The button that has it start when the limit ends.
#[must_use]
pub fn then_button() -> String {
    "Start then".to_owned()
}

/// The button below a message whose limit has ended.
#[must_use]
pub fn now_button() -> String {
    "Start now".to_owned()
}

/// The button that gives it to another assistant.
#[must_use]
pub fn use_button(assistant: AssistantKind) -> String {
    format!("Use {} now", assistant.shown())
}

/// The button that takes it out of the line.
#[must_use]
pub fn drop_button() -> String {
    "Drop".to_owned()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn what_is_said_about_a_limit() {
        let at = |hour, minute| Utc.with_ymd_and_hms(2026, 11, 21, hour, minute, 0).unwrap();
        let (now, after) = (at(12, 0), at(15, 0));
        let hold = |then| Hold { assistant: AssistantKind::Claude, until: at(14, 20), then, begun: false };
        let ask = hold(Then::Ask);
        assert_eq!(reached(&ask, now), "Claude's limit is reached until 14:20 UTC. Your message waits.");
        let friday = at(14, 20) - chrono::Duration::days(8);
        assert_eq!(reached(&ask, friday), "Claude's limit is reached until 21 Nov, 14:20 UTC. Your message waits.");
        assert_eq!(starts(&ask, now), "✓ Starts when Claude's limit ends: 14:20 UTC.");
        assert_eq!(over(&ask), "Claude's limit is over. Your message still waits.");
        assert_eq!(passed(&ask, after), "Claude's limit was reached until 14:20 UTC.");
        assert_eq!(queued_behind(2, &ask, now), "Queued, 2nd in line: Claude's limit is reached until 14:20 UTC.");
        assert_eq!(
            standing(&ask, now, "/queue start"),
            "Claude's limit is reached until 14:20 UTC. `/queue start` starts what waits then."
        );
        assert_eq!(
            standing(&hold(Then::Start), now, "/queue start"),
            "Claude's limit is reached until 14:20 UTC. What waits starts then."
        );
        assert_eq!(
            standing(&hold(Then::Asked), after, "/queue start"),
            "Claude's limit is over: `/queue start` starts what waits."
        );
        assert_eq!(nothing_held(0).to_string(), "Nothing waits for a limit here. The next message starts at once.");
        assert_eq!(
            nothing_held(1).to_string(),
            "Nothing waits for a limit here. What waits starts by itself after what runs now."
        );
        assert_eq!(
            [then_button(), now_button(), use_button(AssistantKind::Ollama), drop_button()],
            ["Start then", "Start now", "Use Ollama now", "Drop"]
        );
        assert_eq!(
            by_command("/queue start", "/queue clear"),
            "`/queue start` starts it then, `/queue clear` drops it."
        );
        assert_eq!(starts_now(), "What waits starts now.");
    }
}
