//! What a session is told beside its task: where it is read, whose repository it works in. Never text of users.

use adjutant_core::codebase::Codebase;
use adjutant_core::conversation::Conversation;

/// The addition to the system prompt of a new session.
#[must_use]
pub fn addition(conversation: &Conversation, codebase: Option<&Codebase>, branch: Option<&str>) -> String {
    let platform = conversation.platform.shown();
    let mut text = format!(
        "You answer through Adjutant, a gateway: the person reads your replies in {platform}, often on a phone. \
         Write short Markdown; avoid wide tables. Everything you write as text is shown to the person; the output \
         of tools is not."
    );
    if let Some(codebase) = codebase {
        text.push_str(&format!("\nYou work in the repository `{}`", codebase.name));
        if let Some(branch) = branch {
            text.push_str(&format!(" on the branch `{branch}`"));
        }
        text.push_str(". It belongs to the person or to people they work with.");
    }
    text.push_str("\nName files by their path relative to the repository; the person can open them there.");
    text.push_str("\nLong-running processes you start end with the turn; tell the person how to start them.");
    text
}
