//! What is said when a person changes a message they had sent.

/// It waited, and waits on with the new text.
#[must_use]
pub fn changed() -> String {
    "✓ What waits is changed to that.".to_owned()
}

/// Its turn has begun.
#[must_use]
pub fn has_begun(steer: &str, stop: &str) -> String {
    format!("The turn began with the text as it was. `{steer}` adds to it, {stop} ends it.")
}

/// It was carried out, or never was for the assistant.
#[must_use]
pub fn too_late() -> String {
    "Changes count only while a message waits. Send the new text as a message of its own.".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_about_changed_messages() {
        assert_eq!(changed(), "✓ What waits is changed to that.");
        assert_eq!(
            has_begun("/steer <text>", "/stop"),
            "The turn began with the text as it was. `/steer <text>` adds to it, /stop ends it."
        );
        assert_eq!(too_late(), "Changes count only while a message waits. Send the new text as a message of its own.");
    }
}
