//! `/status`

use async_trait::async_trait;
use chrono::Timelike;

use super::{Call, Command, CommandError, Group, Outcome};
use crate::words::session as words;

/// Shows where the conversation stands.
pub struct Status;

#[async_trait]
impl Command for Status {
    fn name(&self) -> &'static str {
        "status"
    }

    fn summary(&self) -> &'static str {
        "Show where this conversation stands"
    }

    fn group(&self) -> Group {
        Group::Session
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        let midnight = call.now - chrono::Duration::seconds(i64::from(call.now.num_seconds_from_midnight()));
        let today = call.context.store.usage_since(Some(call.conversation.id), midnight).await?;
        let assistant = match &call.session {
            Some(session) => Some(session.assistant),
            None => call.context.assistants.choose(call.conversation.assistant, call.codebase.as_ref()).await.ok(),
        };
        Ok(Outcome::say(words::status(call, assistant, &today)))
    }
}
