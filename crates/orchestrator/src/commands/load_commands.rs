//! `/load-commands <folder>`

use adjutant_core::error::UserError;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::language::arguments;
use crate::registry;
use crate::words::codebase as words;

/// Registers every `.md` file below a folder of the codebase.
pub struct LoadCommands;

#[async_trait]
impl Command for LoadCommands {
    fn name(&self) -> &'static str {
        "load-commands"
    }

    fn usage(&self) -> &'static str {
        "<folder>"
    }

    fn summary(&self) -> &'static str {
        "Bulk load commands from a folder"
    }

    fn group(&self) -> Group {
        Group::Commands
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let mut codebase = call.need_codebase()?.clone();
        let folder = &*arguments::whole(rest)?;
        if folder.is_empty() {
            return Err(UserError::new(
                "No folder given.",
                format!("Use `{}`.", call.spell("load-commands .claude/commands")),
            )
            .into());
        }
        let root = std::path::PathBuf::from(&codebase.default_cwd);
        let report = registry::load(&root, folder, &mut codebase.commands)?;
        Ok(Outcome::say(words::loaded(folder, &report)?).and(Action::PutCodebase(codebase)))
    }
}
