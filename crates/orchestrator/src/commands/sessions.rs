//! `/sessions`, `/sessions resume <n>` and `/sessions delete <n>`

use adjutant_core::platform::Button;
use adjutant_core::session::{EndReason, Session};
use adjutant_store::error::StoreError;
use adjutant_store::store::CodebaseLookup;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Forgetting, Group, Outcome};
use crate::buttons;
use crate::words::{forget, session, sessions as words};

/// Sessions that are shown.
const SHOWN: usize = 15;
/// Of these the newest have a button.
const BUTTONS: usize = 3;

/// Lists the sessions of this conversation, goes back to one, deletes one.
#[derive(Debug)]
pub struct Sessions;

#[async_trait]
impl Command for Sessions {
    fn name(&self) -> &'static str {
        "sessions"
    }

    fn usage(&self) -> &'static str {
        "[resume <n> | delete <n>]"
    }

    fn summary(&self) -> &'static str {
        "List earlier sessions, go back to one or delete one"
    }

    fn group(&self) -> Group {
        Group::Session
    }

    fn is_quick(&self, rest: &str) -> bool {
        // What is deleted is decided by looking at it now, not behind turns that may change it.
        rest.split_whitespace().next().is_none_or(|verb| verb.eq_ignore_ascii_case("delete"))
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let mut words_of_rest = rest.split_whitespace();
        match (words_of_rest.next(), words_of_rest.next()) {
            (None, _) => list(call).await,
            (Some(verb), number) if verb.eq_ignore_ascii_case("resume") => resume(call, number).await,
            (Some(verb), number) if verb.eq_ignore_ascii_case("delete") => {
                delete(call, number, words_of_rest.next()).await
            }
            (Some(other), _) => Err(words::unknown_verb(other, &call.spell("sessions")).into()),
        }
    }
}

async fn list(call: &Call) -> Result<Outcome, CommandError> {
    let all = call.context.store.list_sessions(call.conversation.id, u32::MAX).await?;
    let kept: Vec<(usize, &Session)> =
        (1..=all.len()).rev().zip(&all).filter(|(_, session)| !session.is_forgotten()).collect();
    let shown = &kept[..kept.len().min(SHOWN)];
    let resumable = shown.iter().filter(|(_, session)| can_resume(session)).take(BUTTONS);
    let buttons = resumable.map(|(number, _)| Button {
        label: words::resume_button(*number),
        token: buttons::command(&format!("sessions resume {number}")),
    });
    let buttons = buttons.collect();
    Ok(Outcome::say(words::list(shown, kept.len(), call)).with_buttons(buttons))
}

/// One that has ended, and whose memory the assistant has.
fn can_resume(session: &Session) -> bool {
    !session.active && session.assistant_session_id.is_some()
}

async fn resume(call: &Call, number: Option<&str>) -> Result<Outcome, CommandError> {
    call.need_quiet()?;
    let (number, mut session) = find(call, number).await?;
    if session.active {
        return Ok(Outcome::say(words::is_active(number)));
    }
    if !can_resume(&session) {
        return Err(words::nothing_to_resume(number, &call.spell("sessions")).into());
    }
    if call.context.assistants.get(session.assistant).is_none() {
        return Err(session::unknown_assistant(session.assistant.as_str(), &call.spell("assistant")).into());
    }
    (session.active, session.ended_at, session.end_reason) = (true, None, None);
    let mut outcome = Outcome::default().and(Action::EndSession(EndReason::Resumed));
    let mut place = call.codebase.clone();
    if session.codebase.is_some() && session.codebase != call.conversation.codebase {
        place = match session.codebase {
            Some(id) => call.context.store.find_codebase(CodebaseLookup::Id(id)).await?,
            None => None,
        };
        let Some(codebase) = &place else { return Err(words::codebase_gone(number).into()) };
        let (codebase, cwd) = (Some(codebase.id), Some(codebase.default_cwd.clone()));
        outcome = outcome.and(Action::Bind { codebase, cwd });
    }
    let said = words::resumed(number, &session, place.as_ref(), call.now);
    outcome.reply = Outcome::say(said).reply;
    Ok(outcome.and(Action::ResumeSession(Box::new(session))))
}

/// Deletes one, after a question.
async fn delete(call: &Call, number: Option<&str>, yes: Option<&str>) -> Result<Outcome, CommandError> {
    call.need_quiet()?;
    let (number, session) = find(call, number).await?;
    if yes.is_some_and(|yes| yes.eq_ignore_ascii_case("yes")) {
        return Ok(Outcome::default().and(Action::Forget(Forgetting::Session { number, session: Box::new(session) })));
    }
    let sure = format!("sessions delete {number} yes");
    let asked = forget::ask_session(number, &session, &call.spell(&sure), call.now);
    let button = Button { label: forget::session_button(number), token: buttons::command(&sure) };
    Ok(Outcome::say(asked).with_buttons(vec![button]))
}

/// The session with a number that somebody gave.
async fn find(call: &Call, number: Option<&str>) -> Result<(u32, Session), CommandError> {
    let given = number.unwrap_or_default();
    let parsed = given.trim_start_matches('#').parse::<u32>().ok();
    let found = match parsed {
        Some(number) => call.context.store.nth_session(call.conversation.id, number).await?,
        None => None,
    };
    match (parsed, found) {
        (Some(number), Some(session)) if session.is_forgotten() => {
            Err(forget::is_deleted(number, &call.spell("sessions")).into())
        }
        (Some(number), Some(session)) => Ok((number, session)),
        _ => Err(words::no_such(given, &call.spell("sessions")).into()),
    }
}

/// The number of the active session.
pub async fn number(call: &Call) -> Result<Option<i64>, StoreError> {
    match &call.session {
        // The active one is the newest, unless an earlier one was gone back to.
        Some(active) => {
            let total = call.context.store.count_sessions(call.conversation.id).await?;
            let limit = u32::try_from(total).unwrap_or(u32::MAX);
            let all = call.context.store.list_sessions(call.conversation.id, limit).await?;
            Ok((1..=total).rev().zip(all).find(|(_, session)| session.id == active.id).map(|(number, _)| number))
        }
        None => Ok(None),
    }
}
