//! `/forget` and `/sessions delete`.

use adjutant_core::error::UserError;
use adjutant_core::kind::PlatformKind;
use adjutant_core::session::Session;
use chrono::{DateTime, Utc};

use super::session::turns;
use super::{code, count, duration};

/// What is kept of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct What {
    pub sessions: usize,
    /// That people sent.
    pub files: usize,
    /// The messages as well, because the gateway keeps them itself.
    pub keeps_messages: bool,
}

impl What {
    fn listed(&self) -> String {
        let messages = self.keeps_messages.then(|| "all messages".to_owned());
        let sessions = (self.sessions > 0).then(|| count(self.sessions, "session"));
        let files = (self.files > 0).then(|| count(self.files, "file"));
        let all: Vec<String> = messages.into_iter().chain(sessions).chain(files).collect();
        match all.as_slice() {
            [] => "nothing".to_owned(),
            [one] => one.clone(),
            [before @ .., last] => format!("{} and {last}", before.join(", ")),
        }
    }
}

/// The question before everything is deleted.
#[must_use]
pub fn ask(what: &What, yes: &str) -> String {
    format!(
        "This deletes {} of this conversation, with what the assistant remembers. The repository stays as it is. `{yes}` deletes it for good.",
        what.listed()
    )
}

/// The button below the question.
#[must_use]
pub fn button() -> String {
    "Delete for good".to_owned()
}

/// There is nothing to delete.
#[must_use]
pub fn nothing(platform: PlatformKind) -> String {
    format!("Nothing is kept of this conversation here. {}", elsewhere(platform))
}

/// Everything was deleted. `waiting` messages were dropped with it.
#[must_use]
pub fn deleted(what: &What, waiting: usize, platform: PlatformKind) -> String {
    if *what == (What { sessions: 0, files: 0, keeps_messages: false }) {
        return nothing(platform);
    }
    let mut text = format!("✓ Deleted: {}.", what.listed());
    if waiting > 0 {
        text.push_str(&format!(" {} dropped.", count(waiting, "waiting message")));
    }
    if what.keeps_messages {
        return text + " The next message starts afresh.";
    }
    format!("{text} {}", elsewhere(platform))
}

fn elsewhere(platform: PlatformKind) -> String {
    format!("The messages themselves are kept by {0}: delete them in {0}.", platform.shown())
}

/// The question before one session is deleted.
#[must_use]
pub fn ask_session(number: u32, session: &Session, yes: &str, now: DateTime<Utc>) -> String {
    format!(
        "This deletes session {number}: {}, {}, begun {} ago. `{yes}` deletes it for good.",
        session.assistant.shown(),
        turns(session.metadata.turns),
        duration(now - session.started_at)
    )
}

/// The button below that question.
#[must_use]
pub fn session_button(number: u32) -> String {
    format!("Delete {number} for good")
}

/// One session was deleted, and whether it was the one the conversation was in.
#[must_use]
pub fn session_deleted(number: u32, was_active: Was) -> String {
    match was_active {
        Was::Active => format!("✓ Session {number} is deleted. The next message starts a fresh one."),
        Was::Ended => format!("✓ Session {number} is deleted."),
    }
}

/// What a session was when it was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Was {
    Active,
    Ended,
}

/// The session with this number was deleted before.
#[must_use]
pub fn is_deleted(number: u32, list: &str) -> UserError {
    UserError::new(format!("Session {number} was deleted."), format!("{list} lists the others."))
}

/// A button was pressed whose question was about less than what would be deleted now.
#[must_use]
pub fn more_since(forget: &str) -> UserError {
    UserError::new("More was said since that question.", format!("{forget} asks anew."))
}

/// A word it does not know.
#[must_use]
pub fn unknown(word: &str, forget: &str) -> UserError {
    UserError::new(
        format!("{forget} knows no {}.", code(word, 40)),
        format!("Use {forget}; it asks before it deletes."),
    )
}

/// Something of it is still there. Doing it again goes on where it stopped.
#[must_use]
pub fn not_all(reference: &str, again: &str) -> String {
    format!("✗ Not everything could be deleted (reference `{reference}`). `{again}` tries again.")
}
