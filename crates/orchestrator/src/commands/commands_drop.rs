//! The button "Unload commands" below a clone

use adjutant_store::store::CodebaseLookup;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::words::codebase as words;

/// Unregisters every command of a codebase; the files stay.
pub struct DropCommands;

#[async_trait]
impl Command for DropCommands {
    fn name(&self) -> &'static str {
        "commands-drop"
    }

    fn usage(&self) -> &'static str {
        "<id>"
    }

    fn summary(&self) -> &'static str {
        "Unregister a codebase's commands, keep their files"
    }

    fn group(&self) -> Group {
        Group::Hidden
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let Some(mut codebase) = call.context.store.find_codebase(CodebaseLookup::ShortId(rest.trim())).await? else {
            return Ok(Outcome::say(words::already_forgotten()));
        };
        codebase.commands.clear();
        Ok(Outcome::say(words::commands_unloaded(&codebase)).and(Action::PutCodebase(codebase)))
    }
}
