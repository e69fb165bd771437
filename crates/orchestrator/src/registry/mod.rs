//! The registered commands of a codebase: reading their files.
//!
//! | module | what |
//! | --- | --- |
//! | [`load`](load()) | every `.md` file below a folder becomes a command |
//! | [`file`] | one command file: its description and its text |
//! | [`menu`](menu()) | what an app's menu shows of them |
//! | [`frame`](frame()) | the words around its text that make a model carry it out |

mod file;
mod frame;
mod load;
mod menu;

pub use file::{CommandFile, describe, open, read};
pub use frame::frame;
pub use load::{Loaded, load};
pub use menu::menu;

use adjutant_core::codebase::{CommandRegistry, RegisteredCommand};

use crate::language::parse::normalise;

/// Looks a command up as a person types it: `_` and `-` are alike, case does not matter, an exact match comes first;
/// last, as an app's menu types it.
#[must_use]
pub fn find<'a>(registry: &'a CommandRegistry, name: &str) -> Option<(&'a str, &'a RegisteredCommand)> {
    let exact = registry.get_key_value(name);
    let typed = normalise(name);
    exact
        .or_else(|| registry.iter().find(|(known, _)| normalise(known) == typed))
        .map(|(known, command)| (known.as_str(), command))
        .or_else(|| menu::find_named(registry, name))
}

#[cfg(test)]
mod tests;
