//! Faults of our own and failed turns, each with what to do next.

use adjutant_core::assistant::FailureClass;
use adjutant_core::error::UserError;
use adjutant_core::kind::AssistantKind;

/// Our own fault. The reference is in the log, once.
#[must_use]
pub fn own_fault(reference: &str) -> String {
    format!("Something went wrong on my side (reference `{reference}`). Your message was not carried out; try again.")
}

/// A message that failed on our side again and again.
#[must_use]
pub fn set_aside(reference: &str) -> String {
    format!(
        "Your message failed three times on my side (reference `{reference}`) and was set aside. The messages behind it go on."
    )
}

/// The button below a failure.
#[must_use]
pub fn again_button() -> String {
    "Try again".to_owned()
}

/// The same where there are no buttons. `again` is the command.
#[must_use]
pub fn again_by_command(again: &str) -> String {
    format!("{again} tries it again.")
}

/// What stands in the place of a failure whose message is tried again.
#[must_use]
pub fn trying_again() -> String {
    "✗ This try failed. Trying again.".to_owned()
}

/// Nothing failed here, or it was tried again already.
#[must_use]
pub fn nothing_to_try() -> UserError {
    UserError::new("Nothing waits to be tried again.", "Send the message once more.")
}

/// Why a turn failed. `message` is the assistant's codec's own sentence: fact and next step.
#[must_use]
pub fn failed(assistant: AssistantKind, class: FailureClass, message: &str) -> String {
    let message = message.trim();
    if !message.is_empty() {
        return format!("✗ {message}");
    }
    let name = assistant.shown();
    let text = match class {
        FailureClass::NotInstalled => {
            format!("{name} is not installed on this machine. `adjutant doctor` says how to install it.")
        }
        FailureClass::Authentication => {
            format!("{name} is not logged in on this machine. `adjutant doctor` says how to log in.")
        }
        FailureClass::RateLimit => format!("{name}'s provider asks to slow down. Try again in a minute."),
        FailureClass::Quota => format!("{name}'s limit is reached. Try again when it has been reset."),
        FailureClass::ContextFull => format!("This session is too long for {name}. /reset starts a fresh one."),
        FailureClass::SessionLost => {
            format!("{name} does not know this session any more. Send the message again for a fresh one.")
        }
        FailureClass::ModelUnknown => format!("{name} does not know this model. /model chooses another."),
        FailureClass::Network => format!("{name} could not reach its provider. Try again in a minute."),
        FailureClass::Limit => {
            format!("{name} reached the limit of this turn. \"continue\" goes on in the same session.")
        }
        FailureClass::Crashed => {
            format!("{name} ended unexpectedly. What had arrived is above; \"continue\" goes on in the same session.")
        }
        FailureClass::Stalled => format!(
            "Nothing was heard of {name} for too long, so the turn was ended. \"continue\" goes on in the same session."
        ),
        FailureClass::MachineRestarted => {
            "The machine restarted while this ran. What had arrived is above. \"continue\" goes on in the same session."
                .to_owned()
        }
        FailureClass::Other => {
            format!("{name} could not finish. Try again, or /reset for a fresh session.")
        }
    };
    format!("✗ {text}")
}

/// A watchdog ended the turn because nothing was heard for this long.
#[must_use]
pub fn silence(time: std::time::Duration) -> String {
    let time = super::duration(chrono::Duration::from_std(time).unwrap_or_default());
    format!("Nothing was heard for {time}, so the turn was ended. \"continue\" goes on in the same session.")
}

/// The turn was ended because it had taken the longest time that is allowed.
#[must_use]
pub fn time_over(time: std::time::Duration) -> String {
    let time = super::duration(chrono::Duration::from_std(time).unwrap_or_default());
    format!("The turn was ended after {time}, the longest it may take. \"continue\" goes on in the same session.")
}

/// The assistant did not know the session; a fresh one was started by itself.
#[must_use]
pub fn session_lost(assistant: AssistantKind) -> String {
    format!(
        "{} did not know this session any more. A fresh one was started; it knows nothing of what was said before.",
        assistant.shown()
    )
}
