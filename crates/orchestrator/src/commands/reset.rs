//! `/reset`

use adjutant_core::session::EndReason;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::words::session as words;

/// Ends the session, clears the queue and open approvals, keeps codebase and directory.
pub struct Reset;

#[async_trait]
impl Command for Reset {
    fn name(&self) -> &'static str {
        "reset"
    }

    fn summary(&self) -> &'static str {
        "Force a new session"
    }

    fn group(&self) -> Group {
        Group::Session
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        let number = super::sessions::number(call).await?;
        let mut outcome = Outcome::say(words::reset(call, call.assistant().await, number)).and(Action::ClearQueue);
        if call.turn.is_some() {
            outcome = outcome.and(Action::StopTurn);
        }
        Ok(outcome.and(Action::EndSession(EndReason::Reset)))
    }
}
