//! `/queue`, `/queue clear` and `/queue start`

use adjutant_core::error::UserError;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Lifted, Outcome};
use crate::words::{code, limit, turn as words};

/// Shows or clears the prompts that wait in this conversation, or has them start when their provider's limit has ended.
pub struct Queue;

#[async_trait]
impl Command for Queue {
    fn name(&self) -> &'static str {
        "queue"
    }

    fn usage(&self) -> &'static str {
        "[clear|start]"
    }

    fn summary(&self) -> &'static str {
        "Show, clear or start what waits here"
    }

    fn group(&self) -> Group {
        Group::Turn
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        match rest.trim().to_ascii_lowercase().as_str() {
            "" => Ok(Outcome::say(words::queue(call))),
            "start" => start(call, Lifted::Then),
            "start now" => start(call, Lifted::Now),
            "clear" => Ok(Outcome::say(words::queue_cleared(call.queue.len())).and(Action::ClearQueue)),
            other => Err(UserError::new(
                format!("{} knows no {}.", call.spell("queue"), code(other, 40)),
                format!(
                    "Use {}, `{}` or `{}`.",
                    call.spell("queue"),
                    call.spell("queue clear"),
                    call.spell("queue start")
                ),
            )
            .into()),
        }
    }
}

/// Its answer stands in the message that asked.
fn start(call: &Call, lifted: Lifted) -> Result<Outcome, CommandError> {
    match &call.hold {
        Some(_) => Ok(Outcome::default().and(Action::Lift(lifted))),
        None => Err(limit::nothing_held(call.queue.len()).into()),
    }
}
