//! `/status`

use adjutant_codebases::Inspection;
use async_trait::async_trait;

use super::{Call, Command, CommandError, Group, Outcome};
use crate::words::session::{self as words, Standing};

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
        let store = &call.context.store;
        let today = store.usage_since(Some(call.conversation.id), super::usage::midnight(call.now)).await?;
        let seen = match &call.conversation.cwd {
            Some(cwd) => call.context.workspace.inspect(std::path::Path::new(cwd)).await,
            None => Inspection::default(),
        };
        let standing = Standing {
            assistant: call.assistant().await,
            today,
            branch: seen.branch,
            uncommitted: seen.dirty.map(|dirty| dirty.changed + dirty.untracked),
        };
        Ok(Outcome::say(words::status(call, &standing)))
    }
}
