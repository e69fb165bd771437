//! `/whoami`

use async_trait::async_trait;

use super::{Call, Command, CommandError, Group, Outcome};

/// Says who the person is to the gateway.
pub struct WhoAmI;

#[async_trait]
impl Command for WhoAmI {
    fn name(&self) -> &'static str {
        "whoami"
    }

    fn summary(&self) -> &'static str {
        "Show who you are here"
    }

    fn group(&self) -> Group {
        Group::Session
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        Ok(Outcome::say(crate::words::access::who_you_are(&call.sender, &call.conversation)))
    }
}
