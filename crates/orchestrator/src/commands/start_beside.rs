//! The button "Start beside it".

use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};

/// Starts the prompt that waits for its directory, beside the turn that works there.
pub struct StartBeside;

#[async_trait]
impl Command for StartBeside {
    fn name(&self) -> &'static str {
        "start-beside"
    }

    fn summary(&self) -> &'static str {
        "Start the waiting prompt in a directory that is in use"
    }

    fn group(&self) -> Group {
        Group::Hidden
    }

    fn waits(&self) -> bool {
        false
    }

    /// Its answer is the turn that starts; pressed again it does nothing.
    async fn run(&self, _call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        Ok(Outcome::default().and(Action::StartBeside))
    }
}
