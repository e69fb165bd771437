//! Codebases, directories and registered commands.

use adjutant_codebases::Cloned;
use adjutant_core::codebase::{Codebase, RegisteredCommand};
use adjutant_core::error::UserError;
use adjutant_core::kind::AssistantKind;

use super::{code, count, one_line};
use crate::commands::Call;
use crate::language::nearest;
use crate::registry::Loaded;

/// Whether the commands of a codebase are news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commands {
    Loaded,
    Known,
}

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
pub fn directory_set(cwd: &str, entered: Option<&Codebase>) -> String {
    let entered = entered.map(|codebase| format!(" Codebase: {}.", code(&codebase.name, 60))).unwrap_or_default();
    format!("Working directory set to {}.{entered} The next message starts a fresh session.", code(cwd, 300))
}

/// A command in an app's menu, which shows one line.
#[must_use]
pub fn menu_description(command: &RegisteredCommand) -> String {
    let words = one_line(&command.description, 200);
    if words.is_empty() { one_line(&command.path, 200) } else { words }
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
pub fn cloned(call: &Call, codebase: &Codebase, cloned: &Cloned, assistant: Option<AssistantKind>) -> String {
    let (first, commands) = match cloned {
        Cloned::New { .. } => ("Cloned.", Commands::Loaded),
        Cloned::Linked { .. } => ("Already here; linked, nothing in it was changed.", Commands::Known),
    };
    let mut lines =
        vec![first.to_owned(), format!("Codebase: {} (`{}`)", code(&codebase.name, 60), codebase.id.short())];
    if let Some(url) = &codebase.repository_url {
        lines.push(format!("Repository: {}", code(url, 200)));
    }
    lines.push(format!("CWD: {}", code(&call.place(&codebase.default_cwd), 200)));
    if let Some(assistant) = assistant {
        lines.push(format!("Assistant: {}", assistant.as_str()));
    }
    lines.extend(with_commands(codebase, commands));
    lines.join("\n")
}

/// `/codebase-switch`.
#[must_use]
pub fn switched(call: &Call, codebase: &Codebase, commands: Commands) -> String {
    let mut lines = vec![
        format!("Switched to codebase: {}", code(&codebase.name, 60)),
        format!("CWD: {}", code(&call.place(&codebase.default_cwd), 300)),
    ];
    lines.extend(with_commands(codebase, commands));
    lines.push("The next message starts a fresh session.".to_owned());
    lines.join("\n")
}

/// A codebase that nobody knows: the nearest that is known, and where to look.
#[must_use]
pub fn nearest_codebase(call: &Call, wanted: &str, known: &[Codebase]) -> String {
    match nearest::nearest(wanted, known.iter().map(|codebase| codebase.name.as_str())) {
        Some(near) => format!(
            "Did you mean `{}`? {} lists all.",
            call.spell(&format!("codebase-switch {near}")),
            call.spell("repos")
        ),
        None => format!(
            "{} lists what is there, `{}` fetches another.",
            call.spell("repos"),
            call.spell("clone <repo-url>")
        ),
    }
}

/// Several codebases have the name that was given.
#[must_use]
pub fn ambiguous(call: &Call, name: &str, alike: &[&Codebase]) -> UserError {
    let ids = alike.iter().map(|codebase| {
        let switch = call.spell(&format!("codebase-switch {}", codebase.id.short()));
        format!("`{switch}` ({})", call.place(&codebase.default_cwd))
    });
    let ids: Vec<String> = ids.collect();
    UserError::new(
        format!("{} are called {}.", count(alike.len(), "codebase"), code(name, 60)),
        format!("Use {}.", ids.join(" or ")),
    )
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
        Some(near) => {
            let again = call.spell(&format!("command-invoke {near}"));
            let load = call.spell("load-commands <folder>");
            format!("Did you mean `{again}`? {} lists all, `{load}` loads others.", call.spell("commands"))
        }
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
    let name = &one_line(name, 60).replace('`', "'");
    let hint = match near_slash(call, name) {
        Some(near) => format!("Did you mean {}?", call.spell(near)),
        None => format!("{} lists all commands.", call.spell("help")),
    };
    UserError::new(format!("No command `{}`.", call.spell(name)), hint)
}

/// The command that was probably meant.
#[must_use]
pub(crate) fn near_slash<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    let builtin = crate::commands::ALL
        .iter()
        .filter(|command| command.group() != crate::commands::Group::Hidden)
        .map(|command| command.name());
    let registered = call.codebase.iter().flat_map(|codebase| codebase.commands.keys().map(String::as_str));
    nearest::nearest(name, builtin.chain(registered))
}

/// `/command-set`.
#[must_use]
pub fn command_set(name: &str, path: &str, written: crate::commands::Written, before: Option<&str>) -> String {
    let other_file = before.is_some_and(|before| before != path);
    let (name, path) = (code(name, 64), code(path, 200));
    let registered =
        if other_file { format!("Command {name} is now {path}") } else { format!("Command {name} registered") };
    match written {
        crate::commands::Written::Found => format!("{registered}."),
        crate::commands::Written::Created => format!("{registered}; {path} was created."),
        crate::commands::Written::Replaced => format!("{registered}; {path} was replaced."),
    }
}

/// `/load-commands`.
///
/// # Errors
/// When there was nothing to load.
pub fn loaded(folder: &str, report: &Loaded) -> Result<String, UserError> {
    if report.loaded.is_empty() && !report.refused.is_empty() {
        return Err(UserError::new(
            format!(
                "No commands in {} could be loaded; left out: {}.",
                code(folder, 200),
                names(report.refused.iter())
            ),
            "Links that leave the codebase, unreadable files and names nobody can type are left out.",
        ));
    }
    if report.loaded.is_empty() {
        return Err(UserError::new(
            format!("No `.md` files in {}.", code(folder, 200)),
            "Give a folder of the codebase, for example `.claude/commands`.",
        ));
    }
    let mut lines = vec![format!("Loaded {}: {}", count(report.loaded.len(), "command"), names(report.loaded.iter()))];
    if !report.replaced.is_empty() {
        lines.push(format!("Replaced: {}", names(report.replaced.iter())));
    }
    if !report.clashing.is_empty() {
        lines.push(format!("The same name twice, the last one counts: {}", names(report.clashing.iter())));
    }
    if !report.refused.is_empty() {
        lines.push(format!(
            "Left out: {}. Links that leave the codebase, unreadable files and names nobody can type are.",
            names(report.refused.iter())
        ));
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

/// What was loaded with a codebase, or is registered for it already.
fn with_commands(codebase: &Codebase, commands: Commands) -> Option<String> {
    let verb = if commands == Commands::Loaded { "Loaded " } else { "" };
    let registered = &codebase.commands;
    (!registered.is_empty())
        .then(|| format!("{verb}{}: {}", count(registered.len(), "command"), names(registered.keys())))
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|name| code(name, 120)).collect::<Vec<_>>().join(", ")
}
