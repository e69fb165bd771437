//! `/again`

use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};

/// Tries the message again whose turn failed last. The button below the failure does the same.
pub struct Again;

#[async_trait]
impl Command for Again {
    fn name(&self) -> &'static str {
        "again"
    }

    fn summary(&self) -> &'static str {
        "Try the message again whose turn failed"
    }

    fn group(&self) -> Group {
        Group::Turn
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, _call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        Ok(Outcome::default().and(Action::TryAgain))
    }
}
