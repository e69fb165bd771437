//! `/new`, the same as `/reset`

use async_trait::async_trait;

use super::reset::Reset;
use super::{Call, Command, CommandError, Group, Outcome};

/// The name people expect for `/reset`.
pub struct New;

#[async_trait]
impl Command for New {
    fn name(&self) -> &'static str {
        "new"
    }

    fn summary(&self) -> &'static str {
        "The same as reset"
    }

    fn group(&self) -> Group {
        Group::Session
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        Reset.run(call, rest).await
    }
}
