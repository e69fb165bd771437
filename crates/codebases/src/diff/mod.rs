//! What is different in a working tree, for people: file by file, line by line, new files included.
//!
//! | module | what |
//! | --- | --- |
//! | [`listed`] | what Git says about the files it knows |
//! | [`unknown`] | files Git does not know yet, shown as they would be after `git add` |

mod listed;
mod unknown;

use std::path::Path;

use adjutant_core::error::UserError;

use crate::config::GitConfig;
use crate::git::Git;
use crate::inspect;
use crate::shown::shown;

/// The longest patch; what is beyond it is left out.
const LONGEST_PATCH: usize = 1024 * 1024;

/// The most that is read of other lists.
const MOST_PRINTED: usize = 4 * 1024 * 1024;

/// What a tree is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// The commit that is checked out: what is uncommitted.
    Head,
    /// This commit, as long as the one that is checked out descends from it; else as [`Since::Head`].
    Commit(String),
}

/// What is different.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// In the order of their paths.
    pub files: Vec<FileDiff>,
    /// A unified diff of all of them.
    pub patch: String,
    /// The patch was too long and ends early. The list of files is complete.
    pub cut: bool,
    /// It was compared with the commit that was asked for, not with the newest.
    pub since_commit: bool,
}

impl Diff {
    /// Lines added and removed.
    #[must_use]
    pub fn lines(&self) -> (u64, u64) {
        self.files.iter().fold((0, 0), |(added, removed), file| (added + file.added, removed + file.removed))
    }
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// Relative to the tree.
    pub path: String,
    pub state: FileState,
    pub added: u64,
    pub removed: u64,
    /// No text: it is named, and nothing of it is shown.
    pub binary: bool,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    Changed,
    New,
    Deleted,
}

pub(crate) async fn diff(
    config: &GitConfig,
    tree: &Path,
    since: &Since,
    only: Option<&Path>,
) -> Result<Diff, UserError> {
    let settings = inspect::settings(config, tree).await.ok_or_else(|| no_tree(tree))?;
    let head = inspect::start(config, tree).await.ok_or_else(|| no_tree(tree))?;
    let (commit, since_commit) = match since {
        Since::Commit(wanted) if *wanted == head => (head, true),
        Since::Commit(wanted) if descends(config, tree, wanted, &head).await => (wanted.clone(), true),
        Since::Commit(_) | Since::Head => (head, false),
    };
    let call = || settings.quiet(Git::on_tree(config, tree)).variable("GIT_LITERAL_PATHSPECS", "1");
    let files = listed::files(call(), config, &commit, only);
    let patch = listed::patch(call(), config, &commit, only);
    let unknown = unknown::paths(call(), config, only);
    let (files, patch, unknown) = tokio::join!(files, patch, unknown);
    let (Some(mut files), Some((mut patch, mut cut)), Some(unknown)) = (files, patch, unknown) else {
        return Err(UserError::new(
            "Git could not compare the files: there are too many of them.",
            "Name one: `/diff <path>`.",
        ));
    };
    cut |= unknown::add(tree, unknown, &mut files, &mut patch);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Diff { files, patch, cut, since_commit })
}

/// Whether a commit is among the ancestors of another. An unknown one is not.
async fn descends(config: &GitConfig, tree: &Path, ancestor: &str, of: &str) -> bool {
    let is_id = matches!(ancestor.len(), 40 | 64) && ancestor.bytes().all(|byte| byte.is_ascii_hexdigit());
    let call = Git::on_tree(config, tree).arguments(["merge-base", "--is-ancestor", ancestor, of]);
    is_id && call.output(config, 100).await.is_ok_and(|output| output.success)
}

fn no_tree(tree: &Path) -> UserError {
    let name = tree.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    UserError::new(
        format!("`{}` is no Git repository, so there is nothing to compare with.", shown(&name)),
        "`/codebase-switch` goes to one that is.",
    )
}
