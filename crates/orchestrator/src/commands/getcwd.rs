//! `/getcwd`

use async_trait::async_trait;

use super::{Call, Command, CommandError, Group, Outcome};
use crate::words::codebase as words;

/// Shows the working directory.
pub struct GetCwd;

#[async_trait]
impl Command for GetCwd {
    fn name(&self) -> &'static str {
        "getcwd"
    }

    fn summary(&self) -> &'static str {
        "Show the working directory"
    }

    fn group(&self) -> Group {
        Group::Codebase
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        let cwd = call.conversation.cwd.as_deref().ok_or_else(words::none_configured)?;
        Ok(Outcome::say(words::current_directory(&call.place(cwd))))
    }
}
