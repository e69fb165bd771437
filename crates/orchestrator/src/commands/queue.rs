//! `/queue` and `/queue clear`

use adjutant_core::error::UserError;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::words::{code, turn as words};

/// Shows or clears the prompts that wait in this conversation.
pub struct Queue;

#[async_trait]
impl Command for Queue {
    fn name(&self) -> &'static str {
        "queue"
    }

    fn usage(&self) -> &'static str {
        "[clear]"
    }

    fn summary(&self) -> &'static str {
        "Show or clear what waits here"
    }

    fn group(&self) -> Group {
        Group::Turn
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        match rest.trim() {
            "" => Ok(Outcome::say(words::queue(&call.queue, call.turn.as_ref(), call.now, &call.spell("queue clear")))),
            word if word.eq_ignore_ascii_case("clear") => {
                Ok(Outcome::say(words::queue_cleared(call.queue.len())).and(Action::ClearQueue))
            }
            other => Err(UserError::new(
                format!("{} knows no {}.", call.spell("queue"), code(other, 40)),
                format!("Use {} or `{}`.", call.spell("queue"), call.spell("queue clear")),
            )
            .into()),
        }
    }
}
