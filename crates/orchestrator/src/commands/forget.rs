//! `/forget`

use adjutant_core::platform::Button;
use adjutant_core::session::Session;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Forgetting, Group, Outcome};
use crate::buttons;
use crate::words::forget as words;

/// Deletes what is kept of this conversation, after a question.
pub struct Forget;

#[async_trait]
impl Command for Forget {
    fn name(&self) -> &'static str {
        "forget"
    }

    fn summary(&self) -> &'static str {
        "Delete this conversation's sessions and files"
    }

    fn group(&self) -> Group {
        Group::Session
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        call.need_quiet()?;
        let all = call.context.store.list_sessions(call.conversation.id, u32::MAX).await?;
        let (total, sessions) = (all.len(), kept(all));
        let mut given = rest.split_whitespace();
        match (given.next(), given.next().map(str::parse)) {
            (None, _) => ask(call, sessions.len(), total),
            (Some(yes), _) if !yes.eq_ignore_ascii_case("yes") => {
                Err(words::unknown(yes, &call.spell("forget")).into())
            }
            // The question was about fewer sessions: what came since then was not part of it.
            (_, Some(asked)) if asked != Ok(total) => Err(words::more_since(&call.spell("forget")).into()),
            _ => Ok(Outcome::default().and(Action::Forget(Forgetting::Conversation(sessions)))),
        }
    }
}

/// Those that are not forgotten yet.
fn kept(all: Vec<Session>) -> Vec<Session> {
    all.into_iter().filter(|session| !session.is_forgotten()).collect()
}

fn ask(call: &Call, sessions: usize, total: usize) -> Result<Outcome, CommandError> {
    let files = call.context.uploads.count(call.conversation.id);
    let keeps_messages = call.platform.keeps_messages();
    if sessions == 0 && files == 0 && !keeps_messages {
        return Ok(Outcome::say(words::nothing(call.conversation.platform)));
    }
    let asked = words::ask(&words::What { sessions, files, keeps_messages }, &call.spell("forget yes"));
    // Of a question that is answered late it is known what it was about.
    let token = buttons::command(&format!("forget yes {total}"));
    Ok(Outcome::say(asked).with_buttons(vec![Button { label: words::button(), token }]))
}
