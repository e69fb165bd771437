//! Codebases, directories and registered commands.

use std::path::Path;

use adjutant_codebases::{Cloned, Workspace};
use adjutant_core::codebase::Codebase;
use adjutant_core::error::UserError;
use adjutant_core::kind::AssistantKind;

use super::code;
use crate::commands::Call;
use crate::language::nearest;
use crate::registry::Loaded;

/// Exactly the spec's sentence.
#[must_use]
pub fn none_configured() -> UserError {
    UserError::new("No codebase configured. Use `/clone <repo-url>` to get started.", "")
}

/// `/getcwd`.
#[must_use]
pub fn current_directory(cwd: &str) -> String {
    format!("Current working directory: {}", code(cwd, 300))
}

/// `/setcwd`.
#[must_use]
pub fn directory_set(cwd: &str) -> String {
    format!("Working directory set to {}. The next message starts a fresh session.", code(cwd, 300))
}

/// Progress of `/clone`.
#[must_use]
pub fn cloning(url: &str, percent: Option<u8>) -> String {
    match percent {
        Some(percent) => format!("Cloning {}… {percent} %", code(url, 200)),
        None => format!("Cloning {}…", code(url, 200)),
    }
}

/// The end of `/clone`.
#[must_use]
pub fn cloned(codebase: &Codebase, cloned: &Cloned, assistant: Option<AssistantKind>, workspace: &Workspace) -> String {
    let first = match cloned {
        Cloned::New { .. } => "Cloned.",
        Cloned::Linked { .. } => "Already here; linked, nothing in it was changed.",
    };
    let mut lines = vec![
        first.to_owned(),
        format!("Codebase: {} (`{}`)", code(&codebase.name, 60), codebase.id.short()),
    ];
    if let Some(url) = &codebase.repository_url {
        lines.push(format!("Repository: {}", code(url, 200)));
    }
    let shown = workspace.shown(Path::new(&codebase.default_cwd)).unwrap_or_else(|| codebase.default_cwd.clone());
    lines.push(format!("CWD: {}", code(&shown, 200)));
    if let Some(assistant) = assistant {
        lines.push(format!("Assistant: {}", assistant.as_str()));
    }
    if !codebase.commands.is_empty() {
        lines.push(format!("Loaded {}: {}", count(codebase.commands.len(), "command"), names(codebase.commands.keys())));
    }
    lines.join("\n")
}

/// `/codebase-switch`.
#[must_use]
pub fn switched(codebase: &Codebase, adopted: bool) -> String {
    let mut text = format!("Switched to codebase: {}\nCWD: {}", code(&codebase.name, 60), code(&codebase.default_cwd, 300));
    if adopted && !codebase.commands.is_empty() {
        text.push_str(&format!("\nLoaded {}: {}", count(codebase.commands.len(), "command"), names(codebase.commands.keys())));
    }
    text
}

/// `/repos`.
#[must_use]
pub fn repos(call: &Call, known: &[Codebase], found: &[String]) -> String {
    let mut lines = Vec::new();
    for codebase in known {
        let here = call.codebase.as_ref().is_some_and(|current| current.id == codebase.id);
        let mark = if here { " ← here" } else { "" };
        lines.push(format!("- {} (`{}`){mark}", code(&codebase.name, 60), codebase.id.short()));
    }
    if !found.is_empty() {
        lines.push("\nFound in the workspace:".to_owned());
        lines.extend(found.iter().map(|path| format!("- {}", code(path, 120))));
    }
    if lines.is_empty() {
        return format!("No codebases yet. `{}` fetches one.", call.spell("clone <repo-url>"));
    }
    lines.push(format!("\n`{}` goes to one of them.", call.spell("codebase-switch <name>")));
    lines.join("\n")
}

/// `/commands`.
#[must_use]
pub fn registered_commands(codebase: &Codebase, load: &str) -> String {
    if codebase.commands.is_empty() {
        return format!("No commands are registered for {}. `{load}` loads them.", code(&codebase.name, 60));
    }
    let mut lines = vec![format!("Registered commands for {}:", code(&codebase.name, 60))];
    for (name, command) in &codebase.commands {
        lines.push(format!("\n- `{name}` - {}", code(&command.path, 120)));
        if !command.description.is_empty() {
            lines.push(format!("  {}", command.description));
        }
    }
    lines.join("\n")
}

/// A command that is not registered, with the nearest that is.
#[must_use]
pub fn no_such_command(call: &Call, codebase: &Codebase, name: &str) -> UserError {
    let near = nearest::nearest(name, codebase.commands.keys().map(String::as_str));
    let hint = match near {
        Some(near) => format!("Did you mean `{near}`? `{}` lists all.", call.spell("commands")),
        None => format!(
            "`{}` loads a folder, `{}` registers one.",
            call.spell("load-commands <folder>"),
            call.spell("command-set <name> <path>")
        ),
    };
    UserError::new(format!("No command {} is registered for {}.", code(name, 60), code(&codebase.name, 60)), hint)
}

/// A slash that nobody knows.
#[must_use]
pub fn unknown_slash(call: &Call, name: &str) -> UserError {
    let builtin = crate::commands::ALL
        .iter()
        .filter(|command| command.group() != crate::commands::Group::Hidden)
        .map(|command| command.name());
    let registered = call.codebase.iter().flat_map(|codebase| codebase.commands.keys().map(String::as_str));
    let hint = match nearest::nearest(name, builtin.chain(registered)) {
        Some(near) => format!("Did you mean {}?", call.spell(near)),
        None => format!("{} lists all commands.", call.spell("help")),
    };
    UserError::new(format!("No command `{}`.", call.spell(name)), hint)
}

/// `/command-set`.
#[must_use]
pub fn command_set(name: &str, path: &str, written: crate::commands::Written, known: bool) -> String {
    let (name, path) = (code(name, 64), code(path, 200));
    let file = match written {
        crate::commands::Written::Found => String::new(),
        crate::commands::Written::Created => format!("; {path} was created"),
        crate::commands::Written::Replaced => format!("; {path} was replaced"),
    };
    let verb = if known { "replaced" } else { "registered" };
    format!("Command {name} {verb}{file}.")
}

/// `/load-commands`.
///
/// # Errors
/// When there was nothing to load.
pub fn loaded(folder: &str, report: &Loaded) -> Result<String, UserError> {
    if report.loaded.is_empty() {
        return Err(UserError::new(
            format!("No `.md` files in {}.", code(folder, 200)),
            "Give a folder of the codebase, for example `.claude/commands`.",
        ));
    }
    let mut lines =
        vec![format!("Loaded {}: {}", count(report.loaded.len(), "command"), names(report.loaded.iter()))];
    if !report.replaced.is_empty() {
        lines.push(format!("Replaced: {}", names(report.replaced.iter())));
    }
    if !report.clashing.is_empty() {
        lines.push(format!("The same name twice, the last one counts: {}", names(report.clashing.iter())));
    }
    Ok(lines.join("\n"))
}

/// The button "Remove record".
#[must_use]
pub fn forgotten(codebase: &Codebase) -> String {
    format!("Record of {} removed. Its folder is still in the workspace.", code(&codebase.name, 60))
}

/// The button "Unload commands".
#[must_use]
pub fn commands_unloaded(codebase: &Codebase) -> String {
    format!("Commands of {} unloaded. Their files are still there.", code(&codebase.name, 60))
}

/// An undo button pressed again.
#[must_use]
pub fn already_forgotten() -> String {
    "That was undone already.".to_owned()
}

fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
