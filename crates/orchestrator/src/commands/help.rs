//! `/help`

use async_trait::async_trait;

use super::{ALL, Call, Command, CommandError, Group, Outcome};

/// Lists the commands in the spec's groups, in the form that works on this platform.
pub struct Help;

#[async_trait]
impl Command for Help {
    fn name(&self) -> &'static str {
        "help"
    }

    fn summary(&self) -> &'static str {
        "Show this help"
    }

    fn group(&self) -> Group {
        Group::Session
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        let mut text = String::from("Available commands\n");
        for (group, heading) in
            [(Group::Commands, "Command management"), (Group::Codebase, "Codebase"), (Group::Session, "Session")]
        {
            text.push_str(&format!("\n**{heading}**\n"));
            for command in ALL.iter().filter(|command| command.group() == group) {
                let typed = [command.name(), command.usage()].join(" ");
                let typed = call.spell(typed.trim());
                // What takes no arguments can be tapped, which platforms do not offer inside backticks.
                let typed = if command.usage().is_empty() { typed } else { format!("`{typed}`") };
                text.push_str(&format!("- {typed}: {}\n", command.summary()));
            }
        }
        text.push_str("\nAnything else you write goes to the assistant.");
        Ok(Outcome::say(text))
    }
}
