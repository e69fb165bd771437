//! Removing a worktree: only when nothing in it would be lost.

use std::path::Path;

use adjutant_core::error::UserError;

use super::{PREFIX, Worktree};
use crate::config::GitConfig;
use crate::git::Git;
use crate::inspect::{self, Dirty};
use crate::shown::shown;

const MOST: usize = 4 * 1024 * 1024;

/// How a worktree stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// `None` where it could not be counted.
    pub dirty: Option<Dirty>,
    /// Commits that are on no other branch, here or at a remote; `None` where it could not be found out.
    pub own_commits: Option<u64>,
}

/// What became of a worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    Removed,
    Kept(Kept),
}

/// Why a worktree stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Uncommitted(Dirty),
    /// So many commits that are neither pushed nor merged.
    Unmerged(u64),
    /// Git did not answer.
    Unknown,
}

/// Looks at a worktree without changing anything.
pub(crate) async fn standing(config: &GitConfig, worktree: &Worktree) -> Standing {
    let seen = inspect::inspect(config, &worktree.path).await;
    Standing { dirty: seen.dirty, own_commits: own_commits(config, worktree).await }
}

/// Removes a worktree and its branch, or says why not.
pub(crate) async fn remove(config: &GitConfig, tree: &Path, worktree: &Worktree) -> Result<Removal, UserError> {
    let kept = match standing(config, worktree).await {
        Standing { dirty: Some(dirty), .. } if !dirty.is_clean() => Some(Kept::Uncommitted(dirty)),
        Standing { own_commits: Some(own), .. } if own > 0 => Some(Kept::Unmerged(own)),
        Standing { dirty: Some(_), own_commits: Some(_) } => None,
        Standing { .. } => Some(Kept::Unknown),
    };
    if let Some(kept) = kept {
        return Ok(Removal::Kept(kept));
    }
    // By Git, so that its own list of worktrees stays true. Whether something would be lost was looked at just now:
    // Git's own look would read the settings of repositories inside.
    let removed = Git::on_tree(config, tree)
        .setting("safe.directory", &worktree.path)
        .arguments(["worktree", "remove", "--force", "--"])
        .arguments([worktree.path.as_os_str()])
        .output(config, MOST)
        .await;
    match removed {
        Ok(output) if output.success => {}
        Ok(output) => {
            let cause = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
            return Err(failed(&cause));
        }
        Err(error) => return Err(failed(&error.to_string())),
    }
    if let Some(branch) = worktree.branch.as_deref().filter(|branch| branch.starts_with(PREFIX)) {
        let deleted = Git::on_tree(config, tree).arguments(["branch", "--quiet", "-D", "--", branch]);
        if let Err(error) = deleted.output(config, MOST).await {
            tracing::warn!(branch, %error, "the branch {branch} of a worktree was not deleted: {error}");
        }
    }
    Ok(Removal::Removed)
}

/// Commits that would be lost with the branch: not on any other branch, here or at a remote.
async fn own_commits(config: &GitConfig, worktree: &Worktree) -> Option<u64> {
    let own = worktree.branch.as_deref().map(|branch| format!("refs/heads/{branch}"));
    let listed = Git::on_tree(config, &worktree.path)
        .arguments(["for-each-ref", "--format=%(refname)", "refs/heads/", "refs/remotes/"])
        .output(config, MOST)
        .await;
    let listed = String::from_utf8(listed.ok().filter(|output| output.success)?.stdout).ok()?;
    let others = listed.lines().filter(|name| own.as_deref() != Some(*name)).map(|name| format!("^{name}"));
    // Through arguments; a repository with more branches than fit counts as one that did not answer.
    let counted = Git::on_tree(config, &worktree.path)
        .arguments(["rev-list", "--count", "HEAD"])
        .arguments(others)
        .arguments(["--"])
        .output(config, 100)
        .await;
    let counted = counted.ok().filter(|output| output.success)?;
    String::from_utf8(counted.stdout).ok()?.trim().parse().ok()
}

fn failed(cause: &str) -> UserError {
    UserError::new(format!("The worktree could not be removed: `{}`.", shown(cause)), "It is still there.")
}
