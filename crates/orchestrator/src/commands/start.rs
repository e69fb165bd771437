//! `/start`

use async_trait::async_trait;

use super::{Call, Command, CommandError, Group, Outcome};
use crate::words::session as words;

/// What an app sends when somebody opens a bot for the first time: says what to do next.
pub struct Start;

#[async_trait]
impl Command for Start {
    fn name(&self) -> &'static str {
        "start"
    }

    fn summary(&self) -> &'static str {
        "Say what to do first"
    }

    fn group(&self) -> Group {
        Group::Hidden
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        Ok(Outcome::say(words::welcome(call, call.assistant().await)))
    }
}
