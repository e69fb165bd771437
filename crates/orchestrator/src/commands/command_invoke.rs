//! `/command-invoke <name> [args...]`

use adjutant_core::error::UserError;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::language::arguments;
use crate::registry;
use crate::words::codebase as words;

/// The command's name.
pub const NAME: &str = "command-invoke";

/// Puts a registered command in line as a prompt. Its file is read when its turn comes.
#[derive(Debug)]
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

    fn is_prompt(&self) -> bool {
        true
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let codebase = call.need_codebase()?;
        let Some((name, _)) = arguments::next(rest)? else {
            return Err(UserError::new(
                "No command given.",
                format!(
                    "Use `{}`; {} lists what is registered.",
                    call.spell("command-invoke <name>"),
                    call.spell("commands")
                ),
            )
            .into());
        };
        if registry::find(&codebase.commands, &name).is_none() {
            return Err(words::no_such_command(call, codebase, &name).into());
        }
        Ok(Outcome::default().and(Action::Enqueue))
    }
}
