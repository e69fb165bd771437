//! `/help`

use async_trait::async_trait;

use super::{Call, Command, CommandError, Group, Outcome};

/// Lists the commands in the specification's groups, in the form that works on this platform.
pub struct Help;

#[async_trait]
impl Command for Help {
    fn name(&self) -> &'static str {
        "help"
    }

    fn summary(&self) -> &'static str {
        "Show this help"
    }

    fn group(&self) -> Group {
        Group::Session
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        Ok(Outcome::say(crate::words::help::help(call)))
    }
}
