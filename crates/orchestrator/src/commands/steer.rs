//! `/steer [text]`

use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome, Steered};
use crate::words::steer as words;

/// The command's name.
pub const NAME: &str = "steer";

/// Puts a message into the running turn: the text behind it, or the newest message that waits.
#[derive(Debug)]
pub struct Steer;

#[async_trait]
impl Command for Steer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn usage(&self) -> &'static str {
        "[text]"
    }

    fn summary(&self) -> &'static str {
        "Send a message into the running turn"
    }

    fn group(&self) -> Group {
        Group::Turn
    }

    fn waits(&self) -> bool {
        false
    }

    fn is_prompt(&self) -> bool {
        true
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        if !rest.trim().is_empty() {
            return Ok(Outcome::default().and(Action::Steer(Steered::This)));
        }
        if call.queue.is_empty() {
            return Err(words::nothing_to_steer(&call.spell("steer <text>")).into());
        }
        Ok(Outcome::default().and(Action::Steer(Steered::Newest)))
    }
}
