//! `/commands`

use async_trait::async_trait;

use super::{Call, Command, CommandError, Group, Outcome};
use crate::words::codebase as words;

/// Lists the commands registered for the codebase.
pub struct Commands;

#[async_trait]
impl Command for Commands {
    fn name(&self) -> &'static str {
        "commands"
    }

    fn summary(&self) -> &'static str {
        "List registered commands"
    }

    fn group(&self) -> Group {
        Group::Commands
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        let codebase = call.need_codebase()?;
        Ok(Outcome::say(words::registered_commands(codebase, &call.spell("load-commands .claude/commands"))))
    }
}
