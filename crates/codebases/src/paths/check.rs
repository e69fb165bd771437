//! What a path of a person may look like, before anything is opened.

use std::path::{Component, Path, PathBuf};

use adjutant_core::error::UserError;

use crate::shown::{is_treacherous, shown};

/// The longest path, in bytes. Linux takes 4,096 with the workspace in front.
const LONGEST: usize = 1_024;

/// The longest name, in bytes, on the usual file systems.
const LONGEST_NAME: usize = 255;

/// Characters that look like `.`, `/` or `\`: harmless to the kernel, and treacherous to the reader.
const LOOK_ALIKES: &[char] = &['․', '‥', '…', '⁄', '∕', '╱', '⧸', '／', '＼', '﹨', '．', '﹒', '。', '｡'];

const EXAMPLE: &str = "Give a path inside the codebase, for example `.claude/commands/plan.md`.";

/// A text that can be a path at all.
pub fn text(text: &str) -> Result<&str, UserError> {
    let text = text.trim();
    if text.len() > LONGEST || text.split('/').any(|name| name.len() > LONGEST_NAME) {
        return Err(UserError::new(format!("`{}` is too long for a path.", shown(text)), "Give a shorter one."));
    }
    if let Some(odd) = text.chars().find(|&c| is_treacherous(c) || LOOK_ALIKES.contains(&c)) {
        return Err(UserError::new(
            format!(
                "`{}` contains U+{:04X}, which is invisible or looks like something else.",
                shown(text),
                u32::from(odd)
            ),
            "Type the path with ordinary letters, dots and slashes.",
        ));
    }
    Ok(text)
}

/// A path inside a codebase: relative, without `..`, and not into Git's own folder, whose hooks and settings are
/// programs. The codebase's own absolute path may stand in front.
pub fn inside(root: &Path, path: &str) -> Result<PathBuf, UserError> {
    let path = text(path)?;
    if path.is_empty() {
        return Err(UserError::new("No path given.", EXAMPLE));
    }
    let relative = Path::new(path).strip_prefix(root).unwrap_or(Path::new(path));
    let mut clean = PathBuf::new();
    for component in relative.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) if is_git(&name.to_string_lossy()) => {
                return Err(UserError::new(format!("`{}` is in Git's own folder.", shown(path)), EXAMPLE));
            }
            Component::Normal(name) => clean.push(name),
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(leaves(path)),
        }
    }
    Ok(clean)
}

/// The sentence for a path that leads out of the codebase.
pub fn leaves(path: &str) -> UserError {
    UserError::new(format!("`{}` leaves the codebase.", shown(path)), EXAMPLE)
}

/// Whether some file system takes this name for `.git`.
fn is_git(name: &str) -> bool {
    let name = name.trim_end_matches(['.', ' ']).to_ascii_lowercase();
    name == ".git" || name == "git~1" || name.starts_with(".git:")
}
