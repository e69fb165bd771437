//! The registered commands as a menu of an app.
//!
//! Menus take names of `[a-z0-9_]` with at most 32 characters (<https://core.telegram.org/bots/api#botcommand>), and
//! files are called `plan-feature.md`, `speckit.plan.md` or `überblick.md`. What stands in the menu is what a tap on it
//! types, so the same list finds the command again.

use std::collections::BTreeSet;

use adjutant_core::codebase::{CommandRegistry, RegisteredCommand};
use adjutant_core::menu::MenuEntry;

use crate::words::codebase as words;

const LONGEST: usize = 32;

/// The menu of a codebase. A command of the gateway's own with the same name comes first when it is typed, so one that
/// it hides is left out; `/command-invoke` reaches it.
#[must_use]
pub fn menu(registry: &CommandRegistry) -> Vec<MenuEntry> {
    named(registry)
        .map(|(name, _, command)| MenuEntry { name, description: words::menu_description(command) })
        .collect()
}

/// The command behind a name of the menu.
pub(super) fn find_named<'a>(registry: &'a CommandRegistry, name: &str) -> Option<(&'a str, &'a RegisteredCommand)> {
    let typed = tappable(name)?;
    named(registry).find(|(name, ..)| *name == typed).map(|(_, known, command)| (known, command))
}

/// The commands with their names in the menu; names that would be the same are numbered.
fn named(registry: &CommandRegistry) -> impl Iterator<Item = (String, &str, &RegisteredCommand)> {
    let mut taken = BTreeSet::new();
    registry.iter().filter_map(move |(known, command)| {
        let name = tappable(known).filter(|name| crate::commands::find(name).is_none())?;
        let name = unique(name, &taken);
        taken.insert(name.clone());
        Some((name, known.as_str(), command))
    })
}

fn unique(name: String, taken: &BTreeSet<String>) -> String {
    let numbered = |n: usize| {
        let end = format!("_{n}");
        format!("{}{end}", &name[..name.len().min(LONGEST - end.len())])
    };
    if !taken.contains(&name) {
        return name;
    }
    (2..).map(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
}

/// `None` where nothing of the name can be typed.
fn tappable(name: &str) -> Option<String> {
    let name: String = name
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .collect();
    name.bytes().any(|byte| byte != b'_').then_some(name)
}
