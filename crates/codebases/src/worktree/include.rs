//! Ignored files that a worktree needs as well, such as `.env`: those that `.worktreeinclude` names.
//!
//! The file has the grammar of `.gitignore`. Only files that are ignored by Git are copied: what Git knows is checked
//! out anyway, and what is merely new belongs to somebody's work in the other tree.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::config::GitConfig;
use crate::git::Git;
use crate::inspect;
use crate::paths::{Beneath, write_file};

/// The file with the patterns, in the tree.
const PATTERNS: &str = ".worktreeinclude";

/// More files than this are not settings any more; dependencies are installed, not copied.
const MOST_FILES: usize = 1_000;
const LARGEST_FILE: usize = 16 * 1024 * 1024;
const LARGEST_PATTERNS: usize = 64 * 1024;
const MOST_PRINTED: usize = 1024 * 1024;

/// Copies them, and gives how many.
pub async fn copy(config: &GitConfig, tree: &Path, to: &Path) -> usize {
    let Some(wanted) = wanted(config, tree).await else { return 0 };
    let Ok(from) = Beneath::open(tree) else { return 0 };
    let mut copied = BTreeSet::new();
    for path in wanted.into_iter().take(MOST_FILES) {
        match copy_one(&from, &path, to) {
            Ok(()) => drop(copied.insert(path)),
            Err(reason) => {
                tracing::warn!(path = %path.display(), reason, "{} was not copied into a worktree", path.display());
            }
        }
    }
    // The other tree may ignore them by a line that is not committed. Here they would be taken for new files, and a
    // secret among them would end up in a commit.
    for path in new_files(config, to).await {
        if copied.remove(&path)
            && let Err(error) = std::fs::remove_file(to.join(&path))
        {
            tracing::warn!(%error, "{} is not ignored in a worktree: {error}", path.display());
        }
    }
    copied.len()
}

async fn new_files(config: &GitConfig, tree: &Path) -> Vec<PathBuf> {
    let Some(settings) = inspect::settings(config, tree).await else { return Vec::new() };
    let listed = settings
        .quiet(Git::on_tree(config, tree))
        .arguments(["ls-files", "--others", "--exclude-standard", "-z"])
        .output(config, MOST_PRINTED)
        .await;
    listed.map(|output| paths(&output.stdout).collect()).unwrap_or_default()
}

fn paths(printed: &[u8]) -> impl Iterator<Item = PathBuf> {
    let entries = printed.split(|&byte| byte == 0).filter(|entry| !entry.is_empty());
    entries.map(|entry| PathBuf::from(std::ffi::OsStr::from_bytes(entry)))
}

/// The ignored files that the patterns name. A linked folder is no file, so nothing outside the tree is listed.
async fn wanted(config: &GitConfig, tree: &Path) -> Option<BTreeSet<PathBuf>> {
    // Also makes sure that it is a file: a FIFO would hold Git.
    Beneath::open(tree).ok()?.read(Path::new(PATTERNS), LARGEST_PATTERNS).ok()?;
    let settings = inspect::settings(config, tree).await?;
    let list = |by: &str| {
        settings
            .quiet(Git::on_tree(config, tree))
            .arguments(["ls-files", "--others", "--ignored", "-z", by])
            .output(config, MOST_PRINTED)
    };
    let named = format!("--exclude-from={PATTERNS}");
    let (named, ignored) = tokio::join!(list(&named), list("--exclude-standard"));
    let named: BTreeSet<PathBuf> = paths(&named.ok().filter(|output| output.success)?.stdout).collect();
    let ignored = ignored.ok().filter(|output| output.success)?;
    Some(paths(&ignored.stdout).filter(|path| named.contains(path)).collect())
}

fn copy_one(from: &Beneath, path: &Path, to: &Path) -> Result<(), &'static str> {
    let name = path.to_str().ok_or("its name is no text")?;
    let file = from.file(path).map_err(|_| "it cannot be opened")?;
    let mode = file.metadata().map_err(|_| "it cannot be opened")?.permissions().mode() & 0o777;
    let bytes = from.read(path, LARGEST_FILE).map_err(|_| "it is too large or cannot be read")?;
    if Beneath::open(to).is_ok_and(|to| to.file(path).is_ok()) {
        return Err("there is one already");
    }
    write_file(to, name, &bytes).map_err(|_| "it cannot be written")?;
    // The file was made just now in a folder that nobody else works in yet.
    std::fs::set_permissions(to.join(path), std::fs::Permissions::from_mode(mode))
        .map_err(|_| "its permissions cannot be set")
}
