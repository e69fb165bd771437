//! Registers every `.md` file below a folder.

use std::collections::BTreeMap;
use std::path::Path;

use adjutant_codebases::paths;
use adjutant_core::codebase::{CommandRegistry, RegisteredCommand};
use adjutant_core::error::UserError;

use super::{file, find};
use crate::language::parse::normalise;

/// The longest name of a command, in characters.
const LONGEST_NAME: usize = 64;

/// What a folder has brought. Names are in order and appear once in each list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Every command that was registered, including those of the other lists.
    pub loaded: Vec<String>,
    /// Those that were registered before with another file or description.
    pub replaced: Vec<String>,
    /// Names that several files of the folder have; the last in the order of paths counts.
    pub clashing: Vec<String>,
    /// Files that were left out, by path: links that leave the codebase, unreadable text, names nobody can type.
    pub refused: Vec<String>,
}

/// Registers every `.md` file below a folder under the name of the file. Hidden folders below it are skipped. Commands
/// that came from elsewhere stay registered.
///
/// # Errors
/// The folder leaves the codebase, is missing, or is no folder.
pub fn load(root: &Path, folder: &str, registry: &mut CommandRegistry) -> Result<Loaded, UserError> {
    let listing = paths::list_markdown(root, folder)?;
    let mut loaded = Loaded { refused: listing.refused, ..Loaded::default() };
    // By the form in which names are compared, so that `Plan.md` and `plan.md` are seen to clash.
    let mut found: BTreeMap<String, (String, RegisteredCommand)> = BTreeMap::new();
    for path in listing.files {
        let name = Path::new(&path).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(description) = is_name(&name).then(|| file::describe(root, &path).ok()).flatten() else {
            loaded.refused.push(path);
            continue;
        };
        let command = RegisteredCommand { path, description };
        if found.insert(normalise(&name), (name.clone(), command)).is_some() {
            loaded.clashing.retain(|known| normalise(known) != normalise(&name));
            loaded.clashing.push(name);
        }
    }
    for (name, command) in found.into_values() {
        if let Some(known) = find(registry, &name).map(|(known, before)| (known.to_owned(), before.clone())) {
            if known.0 != name {
                registry.remove(&known.0);
            }
            if known.1 != command {
                loaded.replaced.push(name.clone());
            }
        }
        loaded.loaded.push(name.clone());
        registry.insert(name, command);
    }
    loaded.refused.sort();
    Ok(loaded)
}

/// Whether a person can type it and a platform can show it.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().count() <= LONGEST_NAME
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
