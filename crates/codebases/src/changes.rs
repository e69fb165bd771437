//! What a turn changed, for its footer: files and lines, committed or not.
//!
//! A working tree may be full of uncommitted work before the turn begins, which is not the turn's doing. So what is
//! there before is written down, and what is there afterwards is compared with it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::GitConfig;
use crate::git::Git;
use crate::inspect::{self, Settings};
use crate::paths::Beneath;

/// More changed files than this are not compared.
const MOST_FILES: usize = 5_000;

/// The most that is read of what Git prints.
const MOST_PRINTED: usize = 2 * 1024 * 1024;

/// New files of which lines are counted, and how far into each.
const MOST_COUNTED: usize = 200;
const LONGEST_COUNTED: usize = 1024 * 1024;

/// What a working tree is like before a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The commit, or Git's empty tree before the first one.
    commit: String,
    touched: BTreeMap<PathBuf, Touched>,
}

/// How one file differs from the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Touched {
    added: u64,
    removed: u64,
    /// Seconds, nanoseconds and bytes of the file; tells two versions with as many lines apart.
    stamp: Option<(i64, i64, u64)>,
}

/// What a turn changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    pub files: usize,
    /// Lines.
    pub added: u64,
    /// Lines.
    pub removed: u64,
}

pub(crate) async fn baseline(config: &GitConfig, tree: &Path) -> Option<Baseline> {
    let settings = inspect::settings(config, tree).await?;
    let commit = inspect::start(config, tree).await?;
    let touched = touched(config, tree, &settings, &commit).await?;
    Some(Baseline { commit, touched })
}

pub(crate) async fn changed(config: &GitConfig, tree: &Path, since: &Baseline) -> Option<Changes> {
    let settings = inspect::settings(config, tree).await?;
    let now = touched(config, tree, &settings, &since.commit).await?;
    let mut changes = Changes::default();
    let nothing = Touched { added: 0, removed: 0, stamp: None };
    let gone = since.touched.keys().filter(|path| !now.contains_key(*path));
    for path in now.keys().chain(gone) {
        let before = since.touched.get(path);
        let after = now.get(path);
        if before == after {
            continue;
        }
        let (before, after) = (before.unwrap_or(&nothing), after.unwrap_or(&nothing));
        changes.files += 1;
        // A line that was new before and is gone now has been removed.
        changes.added += after.added.saturating_sub(before.added) + before.removed.saturating_sub(after.removed);
        changes.removed += after.removed.saturating_sub(before.removed) + before.added.saturating_sub(after.added);
    }
    Some(changes)
}

/// Every file that differs from a commit, and every file Git does not know.
async fn touched(
    config: &GitConfig,
    tree: &Path,
    settings: &Settings,
    commit: &str,
) -> Option<BTreeMap<PathBuf, Touched>> {
    let differing = settings
        .quiet(Git::on_tree(config, tree))
        .arguments([
            "diff",
            "--numstat",
            "-z",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--ignore-submodules=all",
        ])
        .arguments([commit, "--"])
        .output(config, MOST_PRINTED);
    let unknown = settings
        .quiet(Git::on_tree(config, tree))
        .arguments(["ls-files", "--others", "--exclude-standard", "-z"])
        .output(config, MOST_PRINTED);
    let (differing, unknown) = tokio::join!(differing, unknown);
    let (differing, unknown) = (differing.ok().filter(|o| o.success)?, unknown.ok().filter(|o| o.success)?);
    let mut all = BTreeMap::new();
    for entry in entries(&differing.stdout) {
        let mut fields = entry.splitn(3, |&byte| byte == b'\t');
        let (added, removed, path) = (number(fields.next()?), number(fields.next()?), path(fields.next()?));
        let stamp = stamp(&tree.join(&path));
        all.insert(path, Touched { added, removed, stamp });
    }
    let beneath = Beneath::open(tree).ok()?;
    for (nth, entry) in entries(&unknown.stdout).enumerate() {
        let path = path(entry);
        let added = if nth < MOST_COUNTED { lines(&beneath, &path) } else { 0 };
        let stamp = stamp(&tree.join(&path));
        all.insert(path, Touched { added, removed: 0, stamp });
    }
    (all.len() <= MOST_FILES).then_some(all)
}

fn entries(printed: &[u8]) -> impl Iterator<Item = &[u8]> {
    printed.split(|&byte| byte == 0).filter(|entry| !entry.is_empty())
}

/// Git prints `-` for a file that is no text.
fn number(field: &[u8]) -> u64 {
    std::str::from_utf8(field).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn path(field: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(field))
}

fn stamp(path: &Path) -> Option<(i64, i64, u64)> {
    let found = path.symlink_metadata().ok()?;
    Some((found.mtime(), found.mtime_nsec(), found.size()))
}

fn lines(beneath: &Beneath, path: &Path) -> u64 {
    let Ok(text) = beneath.read(path, LONGEST_COUNTED) else {
        return 0;
    };
    if text.contains(&0) {
        return 0;
    }
    let unended = u64::from(text.last().is_some_and(|&last| last != b'\n'));
    text.iter().filter(|&&byte| byte == b'\n').count() as u64 + unended
}
