//! The menu of commands that Telegram's apps offer.
//!
//! Telegram allows `[a-z0-9_]` in names only, so the menu has `codebase_switch` where the documentation says
//! `/codebase-switch`; commands are parsed with both alike.

use teloxide::payloads::SetMyCommands;
use teloxide::types::{BotCommand, BotCommandScope};

/// Name and description, in the order in which the apps list them.
const MENU: &[(&str, &str)] = &[
    ("help", "What I can do"),
    ("status", "Codebase, session and what runs"),
    ("stop", "Stop the running turn"),
    ("new", "Start a fresh session"),
    ("repos", "Known codebases and repositories"),
    ("clone", "Clone a repository: /clone <url>"),
    ("codebase_switch", "Work on another codebase"),
    ("commands", "Commands of this codebase"),
    ("command_invoke", "Run a command: name and arguments"),
    ("load_commands", "Load commands from a folder"),
    ("command_set", "Write a command: name, path, text"),
    ("queue", "What waits here"),
    ("approve", "Allow what an assistant asks for"),
    ("deny", "Refuse what an assistant asks for"),
    ("getcwd", "Show the working directory"),
    ("setcwd", "Change the working directory"),
    ("reset", "End the session, clear the queue"),
    ("whoami", "Who you are to me"),
];

/// Commands that work without being listed; in a text they stay tappable like those of the menu.
const UNLISTED: &[&str] =
    &["start", "sessions", "assistant", "model", "mode", "usage", "diff", "worktree", "forget", "steer"];

/// True for `help`, `codebase_switch`, …: a word that may stay tappable after a slash.
pub fn is_known(word: &str) -> bool {
    MENU.iter().map(|(name, _)| name).chain(UNLISTED).any(|name| name.eq_ignore_ascii_case(word))
}

/// One payload for private chats, one for groups.
pub fn payloads() -> [SetMyCommands; 2] {
    [BotCommandScope::AllPrivateChats, BotCommandScope::AllGroupChats].map(|scope| {
        let commands = MENU.iter().map(|(name, description)| BotCommand::new(*name, *description));
        let mut payload = SetMyCommands::new(commands);
        payload.scope = Some(scope);
        payload
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_menu_entry_is_one_telegram_takes() {
        for (name, description) in MENU {
            assert!((1..=32).contains(&name.len()), "{name}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{name}");
            assert!((1..=256).contains(&description.len()), "{name}");
        }
    }
}
