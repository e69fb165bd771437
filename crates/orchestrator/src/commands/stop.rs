//! `/stop`

use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::words::turn as words;

/// Ends the running turn and everything it started. The turn's own reply says so, once nothing of it lives.
#[derive(Debug)]
pub struct Stop;

#[async_trait]
impl Command for Stop {
    fn name(&self) -> &'static str {
        "stop"
    }

    fn summary(&self) -> &'static str {
        "End the running turn"
    }

    fn group(&self) -> Group {
        Group::Turn
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        if call.turn.is_none() {
            return Ok(Outcome::say(words::nothing_runs(call)));
        }
        Ok(Outcome::default().and(Action::StopTurn))
    }
}
