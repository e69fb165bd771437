//! `/sessions`.

use adjutant_core::codebase::Codebase;
use adjutant_core::error::UserError;
use adjutant_core::session::Session;
use chrono::{DateTime, Utc};

use super::session::turns;
use super::{code, duration};
use crate::commands::Call;

/// The list, newest first. Only the names of commands stand for what was done: words of people are not kept.
#[must_use]
pub fn list(sessions: &[(usize, &Session)], total: usize, call: &Call) -> String {
    if sessions.is_empty() {
        return "No sessions here yet. The next message starts one.".to_owned();
    }
    let mut lines = vec!["Sessions of this conversation, newest first:\n".to_owned()];
    lines.extend(sessions.iter().map(|(number, session)| line(*number, session, call.now)));
    let older = total - sessions.len();
    if older > 0 {
        lines.push(format!("… and {older} older"));
    }
    let (resume, delete) = (call.spell("sessions resume <n>"), call.spell("sessions delete <n>"));
    lines.push(format!("\n`{resume}` goes back to one, `{delete}` deletes it."));
    lines.join("\n")
}

fn line(number: usize, session: &Session, now: DateTime<Utc>) -> String {
    let mut words = vec![format!("#{number} {}", session.assistant.shown())];
    words.extend(session.metadata.last_command.as_ref().map(|command| code(command, 60)));
    words.push(turns(session.metadata.turns));
    words.push(match session.ended_at {
        Some(ended) => format!("{} ago", duration(now - ended)),
        None => "now".to_owned(),
    });
    format!("- {}", words.join(" · "))
}

/// The button that goes back to a session.
#[must_use]
pub fn resume_button(number: usize) -> String {
    format!("Resume {number}")
}

/// `/sessions resume <n>`.
#[must_use]
pub fn resumed(number: u32, session: &Session, codebase: Option<&Codebase>, now: DateTime<Utc>) -> String {
    let place = codebase.map(|codebase| format!(" in {}", code(&codebase.name, 60))).unwrap_or_default();
    format!(
        "Session {number} goes on{place} with {}: {}, begun {} ago.",
        session.assistant.shown(),
        turns(session.metadata.turns),
        duration(now - session.started_at)
    )
}

/// It is the one that goes on anyway.
#[must_use]
pub fn is_active(number: u32) -> String {
    format!("Session {number} is the one you are in.")
}

/// There is no such number.
#[must_use]
pub fn no_such(given: &str, list: &str) -> UserError {
    let fact = match given {
        "" => "No session given.".to_owned(),
        given => format!("No session {} here.", code(given, 20)),
    };
    UserError::new(fact, format!("{list} lists them."))
}

/// Its memory is gone, or it never had one.
#[must_use]
pub fn nothing_to_resume(number: u32, list: &str) -> UserError {
    UserError::new(format!("Session {number} has nothing to go back to."), format!("{list} lists the others."))
}

/// The codebase of the session has no record any more.
#[must_use]
pub fn codebase_gone(number: u32) -> UserError {
    UserError::new(
        format!("The codebase of session {number} is not known here any more."),
        "/repos lists what is there.",
    )
}

/// `/sessions` with a word it does not know.
#[must_use]
pub fn unknown_verb(word: &str, list: &str) -> UserError {
    UserError::new(
        format!("{list} knows no {}.", code(word, 40)),
        format!("Use {list}, `{list} resume <n>` or `{list} delete <n>`."),
    )
}
