//! Linked worktrees: a directory and a branch of its own for one conversation, beside the tree others work in.
//!
//! | module | what |
//! | --- | --- |
//! | [`create`] | a branch, a checkout, the ignored files that `.worktreeinclude` names |
//! | [`include`] | copying those files |
//! | [`remove`] | only what is clean and pushed or merged |
//!
//! Nothing is written down anywhere else: a worktree is there when its folder is there. A command that is repeated
//! after a crash finds what the first one made.

mod create;
mod include;
mod remove;

use std::path::{Path, PathBuf};

pub(crate) use create::create;
pub use create::{Created, Request};
pub use remove::{Kept, Removal, Standing};
pub(crate) use remove::{remove, standing};

/// Hidden, so that no worktree is listed among the trees found in the workspace.
pub(crate) const FOLDER: &str = ".worktrees";

/// Branches made for worktrees start with this.
pub const PREFIX: &str = "adjutant/";

/// A worktree that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    /// Absolute.
    pub path: PathBuf,
    /// `None` where no branch is checked out.
    pub branch: Option<String>,
}

/// Where the worktree of a tree with this key is or would be.
pub(crate) fn place(root: &Path, tree: &Path, key: &str) -> Option<PathBuf> {
    let inside = tree.strip_prefix(root).ok()?;
    Some(root.join(FOLDER).join(inside).join(key))
}

/// The worktree, if it is there.
pub(crate) fn find(root: &Path, tree: &Path, key: &str) -> Option<Worktree> {
    let path = place(root, tree, key)?;
    path.join(".git").symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
    Some(Worktree { branch: crate::inspect::branch(&path), path })
}

/// Those that are there. A folder of several trees holds further folders, which are no worktrees.
pub(crate) fn list(root: &Path, tree: &Path) -> Vec<Worktree> {
    let Some(folder) = place(root, tree, "") else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut keys: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    keys.sort();
    keys.iter().filter_map(|key| find(root, tree, key)).collect()
}

/// What stands behind `adjutant/`: small letters, digits and `-`, so that it is a branch everywhere.
#[must_use]
pub fn slug(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut slug = String::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let more = usize::from(!slug.is_empty()) + word.len();
        if slug.len() + more > LONGEST {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word.to_ascii_lowercase());
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_a_branch_name_whatever_was_typed() {
        for (text, expected) in [
            ("Add dark mode!", "add-dark-mode"),
            ("--upload-pack=x; rm -rf /", "upload-pack-x-rm-rf"),
            ("../../HEAD@{1}.lock", "head-1-lock"),
            ("добавь тёмную тему", ""),
            ("", ""),
            (&"word ".repeat(40), "word-word-word-word-word-word-word-word"),
            (&"x".repeat(100), ""),
        ] {
            assert_eq!(slug(text), expected, "{text}");
        }
    }
}
