//! Making a worktree: whole, or not at all.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adjutant_core::error::UserError;

use super::{PREFIX, Worktree, find, include, place};
use crate::config::GitConfig;
use crate::git::{Git, Output};
use crate::incoming;
use crate::inspect;
use crate::shown::shown;

/// A checkout that takes longer is ended.
const CHECKOUT: Duration = Duration::from_secs(5 * 60);

/// The most that is read of what Git prints.
const MOST: usize = 1024 * 1024;

/// Branches of one name that are tried, with a number behind it.
const MOST_ALIKE: usize = 100;

/// What a worktree is made for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The working tree it is linked to.
    pub tree: &'a Path,
    /// One worktree per key and tree: the conversation. Letters and digits.
    pub key: &'a str,
    /// See [`super::slug`].
    pub slug: &'a str,
}

/// A worktree that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// Made just now; so many ignored files were copied in.
    New { worktree: Worktree, copied: usize },
    /// It was there already. Nothing in it was changed.
    Found { worktree: Worktree },
}

impl Created {
    #[must_use]
    pub const fn worktree(&self) -> &Worktree {
        match self {
            Self::New { worktree, .. } | Self::Found { worktree } => worktree,
        }
    }
}

/// Makes the worktree of a key, or finds it.
pub(crate) async fn create(root: &Path, config: &GitConfig, request: Request<'_>) -> Result<Created, UserError> {
    let tree = request.tree;
    if let Some(worktree) = find(root, tree, request.key) {
        return Ok(Created::Found { worktree });
    }
    let path = place(root, tree, request.key).ok_or_else(|| no_tree(tree))?;
    if inspect::id(config, tree, &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).await.is_none() {
        return Err(no_commit(config, tree).await);
    }
    let branch = free_branch(config, tree, request.slug).await?;
    make_parents(root, config, &path).map_err(|error| unwritable(&error))?;
    if path.symlink_metadata().is_ok() {
        return Err(UserError::new(
            format!("`{}` is in the way of a worktree.", shown(&relative(root, &path))),
            "Move it away, then try again.",
        ));
    }
    let made = check_out(config, tree, &path, &branch).await;
    if let Err(error) = made {
        undo(config, tree, &path, &branch).await;
        return Err(error);
    }
    let copied = include::copy(config, tree, &path).await;
    Ok(Created::New { worktree: Worktree { path, branch: Some(branch) }, copied })
}

/// Registers the worktree first and fills it afterwards: which programs its settings would start can depend on its
/// branch and its place, so they are read when both are there.
async fn check_out(config: &GitConfig, tree: &Path, path: &Path, branch: &str) -> Result<(), UserError> {
    let settings = inspect::settings(config, tree).await.ok_or_else(|| no_tree(tree))?;
    let added = settings
        .quiet(Git::on_tree(config, tree))
        .setting("safe.directory", path)
        .arguments(["worktree", "add", "--quiet", "--force", "--no-checkout", "--no-track", "-b", branch, "--"])
        .arguments([path.as_os_str(), "HEAD".as_ref()])
        .output(config, MOST)
        .await;
    succeeded(added)?;
    let settings = inspect::settings(config, path).await.ok_or_else(|| no_tree(path))?;
    let filled = settings
        .quiet(Git::on_tree(config, path))
        .arguments(["reset", "--quiet", "--hard", "--no-recurse-submodules", "HEAD", "--"])
        .output_within(config, MOST, CHECKOUT)
        .await;
    succeeded(filled)
}

/// Removes what a broken attempt left, as far as it got.
async fn undo(config: &GitConfig, tree: &Path, path: &Path, branch: &str) {
    let _ = std::fs::remove_dir_all(path);
    for arguments in [&["worktree", "remove", "--force", "--"][..], &["branch", "--quiet", "-D", "--"]] {
        let last = if arguments[0] == "worktree" { path.as_os_str() } else { branch.as_ref() };
        let call = Git::on_tree(config, tree).arguments(arguments.iter().copied()).arguments([last]);
        if let Err(error) = call.output(config, MOST).await {
            tracing::warn!(%error, "the rest of a broken worktree could not be removed: {error}");
        }
    }
}

/// `adjutant/<slug>`, with a number behind it where that exists.
async fn free_branch(config: &GitConfig, tree: &Path, slug: &str) -> Result<String, UserError> {
    let listed = Git::on_tree(config, tree)
        .arguments(["for-each-ref", "--format=%(refname)", "refs/heads/adjutant/"])
        .output(config, MOST)
        .await;
    let listed = listed.ok().filter(|output| output.success).ok_or_else(|| no_tree(tree))?;
    let listed = String::from_utf8_lossy(&listed.stdout).to_lowercase();
    let taken = |name: &str| {
        let full = format!("refs/heads/{name}");
        // A branch `a/b` is in the way of a branch `a` as well.
        listed.lines().any(|known| known == full || known.starts_with(&format!("{full}/")))
    };
    let names = (1..=MOST_ALIKE).map(|nth| match nth {
        1 => format!("{PREFIX}{slug}"),
        nth => format!("{PREFIX}{slug}-{nth}"),
    });
    names.into_iter().find(|name| !taken(name)).ok_or_else(|| {
        UserError::new(
            format!("There are {MOST_ALIKE} branches like `{PREFIX}{slug}` already."),
            "Give the worktree another name.",
        )
    })
}

fn make_parents(root: &Path, config: &GitConfig, path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    let mut at = PathBuf::from(root);
    for name in parent.strip_prefix(root).unwrap_or(Path::new("")) {
        at.push(name);
        incoming::make_folder(&at, config.run_as)?;
    }
    Ok(())
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

fn succeeded(output: io::Result<Output>) -> Result<(), UserError> {
    let complaint = match output {
        Ok(output) if output.success => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            return Err(UserError::new("The checkout took too long.", "Nothing was kept."));
        }
        Err(error) => error.to_string(),
    };
    if crate::failure::is_full(&complaint) {
        return Err(crate::failure::full("try again"));
    }
    let cause = complaint.lines().find_map(|line| line.strip_prefix("fatal: ").or(line.strip_prefix("error: ")));
    let cause = shown(cause.unwrap_or("no reason given"));
    Err(UserError::new(format!("Git could not make the worktree: `{cause}`."), "Nothing was kept."))
}

async fn no_commit(config: &GitConfig, tree: &Path) -> UserError {
    if inspect::settings(config, tree).await.is_none() {
        return no_tree(tree);
    }
    UserError::new(
        "There is no commit yet, and a worktree starts from one.",
        "Have the first commit made here, then try again.",
    )
}

fn no_tree(tree: &Path) -> UserError {
    let name = tree.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    UserError::new(
        format!("`{}` is no Git repository, so it has no worktrees.", shown(&name)),
        "`/codebase-switch` goes to one that is.",
    )
}

fn unwritable(error: &io::Error) -> UserError {
    UserError::new(
        format!("The workspace cannot be written: {error}."),
        "The operator checks `WORKSPACE_PATH`, its owner and the free space.",
    )
}
