//! `/help`.

use crate::commands::{ALL, Call, Command, Group};

/// All commands by group, and what is no command.
#[must_use]
pub fn help(call: &Call) -> String {
    let mut text = String::from("Available commands\n");
    for group in Group::LISTED {
        text.push_str(&format!("\n**{}**\n", heading(group)));
        for command in ALL.iter().filter(|command| command.group() == group) {
            text.push_str(&format!("- {}\n", line(call, *command)));
        }
    }
    let own = call.spell("commands");
    text.push_str(&format!("\n{own} lists those of the codebase. Anything else you write goes to the assistant."));
    text
}

fn line(call: &Call, command: &dyn Command) -> String {
    let typed = [command.name(), command.usage()].join(" ");
    let typed = call.spell(typed.trim());
    // What takes no arguments can be tapped, which platforms do not offer inside backticks.
    let typed = if command.usage().is_empty() { typed } else { format!("`{typed}`") };
    format!("{typed}: {}", command.summary())
}

const fn heading(group: Group) -> &'static str {
    match group {
        Group::Commands => "Command management",
        Group::Codebase => "Codebase",
        Group::Turn => "While it works",
        Group::Session | Group::Hidden => "Session",
    }
}
