//! `/command-set <name> <path> [text]`

use std::path::Path;

use adjutant_codebases::paths;
use adjutant_core::codebase::RegisteredCommand;
use adjutant_core::error::UserError;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::language::arguments;
use crate::registry;
use crate::words::{code, codebase as words};

/// Registers a command file, or writes it first when text is given.
pub struct CommandSet;

#[async_trait]
impl Command for CommandSet {
    fn name(&self) -> &'static str {
        "command-set"
    }

    fn usage(&self) -> &'static str {
        "<name> <path> [text]"
    }

    fn summary(&self) -> &'static str {
        "Register or create a command"
    }

    fn group(&self) -> Group {
        Group::Commands
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let mut codebase = call.need_codebase()?.clone();
        let Typed { name, path, text } = read(rest)?.ok_or_else(|| {
            UserError::new(
                "A command needs a name and a path.",
                format!("Use `{}`.", call.spell("command-set <name> <path> [text]")),
            )
        })?;
        check_name(&name)?;
        let root = Path::new(&codebase.default_cwd);
        let written = if text.is_empty() {
            Written::Found
        } else if paths::write_file(root, &path, text.as_bytes())? {
            Written::Replaced
        } else {
            Written::Created
        };
        let description = registry::describe(root, &path)?;
        let before =
            registry::find(&codebase.commands, &name).map(|(known, command)| (known.to_owned(), command.path.clone()));
        if let Some((known, _)) = &before {
            codebase.commands.remove(known);
        }
        codebase.commands.insert(name.clone(), RegisteredCommand { path: path.clone(), description });
        let before = before.as_ref().map(|(_, path)| path.as_str());
        Ok(Outcome::say(words::command_set(&name, &path, written, before)).and(Action::PutCodebase(codebase)))
    }
}

/// What became of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It was there.
    Found,
    Created,
    Replaced,
}

/// The parts of what was typed.
struct Typed {
    name: String,
    path: String,
    text: String,
}

/// `None` when the name or the path is missing.
fn read(rest: &str) -> Result<Option<Typed>, UserError> {
    let Some((name, rest)) = arguments::next(rest)? else { return Ok(None) };
    let Some((path, rest)) = arguments::next(rest)? else { return Ok(None) };
    // One quoted text is what the quotes enclose; anything else is taken with its lines as it was typed.
    let text = match arguments::next(rest)? {
        Some((text, "")) => text,
        _ => rest.to_owned(),
    };
    Ok(Some(Typed { name, path, text }))
}

fn check_name(name: &str) -> Result<(), UserError> {
    let fits = !name.is_empty()
        && name.len() <= 64
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !name.starts_with('.');
    if fits {
        return Ok(());
    }
    Err(UserError::new(
        format!("{} cannot be the name of a command.", code(name, 64)),
        "Use letters, digits, `-` and `_`, at most 64.",
    ))
}
