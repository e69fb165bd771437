//! `/command-invoke <name> [args...]`

use adjutant_core::error::UserError;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::words::codebase as words;

/// The command's name.
pub const NAME: &str = "command-invoke";

/// Puts a registered command in line as a prompt. Its file is read when its turn comes.
pub struct CommandInvoke;

#[async_trait]
impl Command for CommandInvoke {
    fn name(&self) -> &'static str {
        NAME
    }

    fn usage(&self) -> &'static str {
        "<name> [args...]"
    }

    fn summary(&self) -> &'static str {
        "Execute a registered command"
    }

    fn group(&self) -> Group {
        Group::Commands
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let codebase = call.need_codebase()?;
        let name = rest.split_whitespace().next().ok_or_else(|| {
            UserError::new(
                "No command given.",
                format!("Use `{}`; `{}` lists what is registered.", call.spell("command-invoke <name>"), call.spell("commands")),
            )
        })?;
        if registered_name(codebase, name).is_none() {
            return Err(words::no_such_command(call, codebase, name).into());
        }
        Ok(Outcome::default().and(Action::Enqueue))
    }
}

/// The registered spelling of a name: `_` and `-` are alike, case does not matter.
#[must_use]
pub fn registered_name<'a>(codebase: &'a adjutant_core::codebase::Codebase, name: &str) -> Option<&'a str> {
    let folded = |name: &str| name.to_ascii_lowercase().replace('_', "-");
    codebase
        .commands
        .get_key_value(name)
        .or_else(|| codebase.commands.iter().find(|(known, _)| folded(known) == folded(name)))
        .map(|(known, _)| known.as_str())
}
