//! The folder that holds the codebases.

use std::io;
use std::path::{Path, PathBuf};

use adjutant_core::error::UserError;

use crate::changes::{Baseline, Changes};
use crate::clone::{Cloned, Progress};
use crate::config::{GitConfig, Identity};
use crate::diff::{Diff, Since};
use crate::inspect::Inspection;
use crate::paths;
use crate::remote::RemoteUrl;
use crate::worktree::{Created, Removal, Request, Standing, Worktree};

/// A workspace with more folders than this is listed in part.
const MOST_FOLDERS: usize = 10_000;

/// The folder that holds the codebases, and Git.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Absolute, without symbolic links.
    root: PathBuf,
    config: GitConfig,
}

impl Workspace {
    /// Opens a workspace, making its folder where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made or is none.
    pub fn new(root: &Path, config: GitConfig) -> io::Result<Self> {
        if !root.is_dir() {
            std::fs::create_dir_all(root)?;
            if let Some(user) = config.run_as {
                std::os::unix::fs::chown(root, Some(user.uid), Some(user.gid))?;
            }
        }
        let root = root.canonicalize()?;
        if !root.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { root, config })
    }

    /// Absolute, without symbolic links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Who commits.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.config.identity
    }

    /// Reads the address of a repository; see [`RemoteUrl::parse`].
    ///
    /// # Errors
    /// A sentence for the person, without any credentials.
    pub fn parse_url(&self, text: &str) -> Result<RemoteUrl, UserError> {
        RemoteUrl::parse(text, &self.config.protocols)
    }

    /// Clones into `<workspace>/<owner>/<repo>`; a folder of the same remote is linked as it is. Dropping the future
    /// ends Git with everything it started and leaves nothing behind.
    ///
    /// # Errors
    /// A sentence for the person: not found, private, unreachable, in the way.
    pub async fn clone_repository(&self, url: &RemoteUrl, progress: Progress<'_>) -> Result<Cloned, UserError> {
        crate::clone::clone(&self.root, &self.config, url, progress).await
    }

    /// Git working trees in the workspace, up to two levels deep, sorted.
    #[must_use]
    pub fn find_trees(&self) -> Vec<PathBuf> {
        let mut trees = Vec::new();
        for folder in folders(&self.root) {
            if is_tree(&folder) {
                trees.push(folder);
            } else {
                trees.extend(folders(&folder).into_iter().filter(|inner| is_tree(inner)));
            }
        }
        trees
    }

    /// Looks at a working tree. What cannot be found out is left empty.
    pub async fn inspect(&self, tree: &Path) -> Inspection {
        crate::inspect::inspect(&self.config, tree).await
    }

    /// The branch of a working tree, or the beginning of the commit's id where none is checked out. Reads one small
    /// file and starts nothing.
    #[must_use]
    pub fn branch(&self, tree: &Path) -> Option<String> {
        crate::inspect::branch(tree)
    }

    /// What a working tree is like before a turn. `None` where there is no Git, or too much to compare.
    pub async fn baseline(&self, tree: &Path) -> Option<Baseline> {
        crate::changes::baseline(&self.config, tree).await
    }

    /// What has changed in a working tree since then, committed or not. `None` where it cannot be told cheaply.
    pub async fn changed(&self, tree: &Path, since: &Baseline) -> Option<Changes> {
        crate::changes::changed(&self.config, tree, since).await
    }

    /// The commit that is checked out in a working tree. Reads small files and starts nothing; `None` before the first
    /// commit and where that does not tell.
    #[must_use]
    pub fn commit(&self, tree: &Path) -> Option<String> {
        crate::inspect::commit(tree)
    }

    /// What is different in a working tree.
    ///
    /// # Errors
    /// A sentence for the person: no Git repository, a path that leaves it, too much to show.
    pub async fn diff(&self, tree: &Path, since: &Since, only: Option<&Path>) -> Result<Diff, UserError> {
        crate::diff::diff(&self.config, tree, since, only).await
    }

    /// The working tree that holds a directory of the workspace; `None` where there is none.
    #[must_use]
    pub fn tree_of(&self, directory: &Path) -> Option<PathBuf> {
        let above = directory.ancestors().take_while(|folder| folder.starts_with(&self.root));
        above.into_iter().find(|folder| is_tree(folder)).map(Path::to_path_buf)
    }

    /// The worktree of a key, if it is there. Starts nothing.
    #[must_use]
    pub fn find_worktree(&self, tree: &Path, key: &str) -> Option<Worktree> {
        crate::worktree::find(&self.root, tree, key)
    }

    /// The worktrees of a tree, sorted by their keys. Starts nothing.
    #[must_use]
    pub fn list_worktrees(&self, tree: &Path) -> Vec<Worktree> {
        crate::worktree::list(&self.root, tree)
    }

    /// Whether a directory is in a worktree made here.
    #[must_use]
    pub fn is_in_worktree(&self, directory: &Path) -> bool {
        directory.starts_with(self.root.join(crate::worktree::FOLDER))
    }

    /// Makes the worktree of a key, or finds it.
    ///
    /// # Errors
    /// A sentence for the person. Nothing is left behind then.
    pub async fn create_worktree(&self, request: Request<'_>) -> Result<Created, UserError> {
        crate::worktree::create(&self.root, &self.config, request).await
    }

    /// What would be lost with a worktree.
    pub async fn standing(&self, worktree: &Worktree) -> Standing {
        crate::worktree::standing(&self.config, worktree).await
    }

    /// Removes a worktree when it is clean and pushed or merged; otherwise keeps it and says why.
    ///
    /// # Errors
    /// A sentence for the person; the worktree is still there.
    pub async fn remove_worktree(&self, tree: &Path, worktree: &Worktree) -> Result<Removal, UserError> {
        crate::worktree::remove(&self.config, tree, worktree).await
    }

    /// The folder a person means by a path, seen from `cwd` (the workspace itself if `None`).
    ///
    /// # Errors
    /// A sentence for the person: it leaves the workspace, is missing, or is no folder.
    pub fn resolve_dir(&self, cwd: Option<&Path>, text: &str) -> Result<PathBuf, UserError> {
        paths::resolve_dir(&self.root, cwd, text)
    }

    /// A path as people see it: relative to the workspace. `None` for one outside.
    #[must_use]
    pub fn shown(&self, path: &Path) -> Option<String> {
        let inside = path.strip_prefix(&self.root).ok()?;
        Some(if inside.as_os_str().is_empty() { ".".to_owned() } else { inside.to_string_lossy().into_owned() })
    }
}

/// The visible folders of a folder, sorted. Symbolic links are none.
fn folders(parent: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .take(MOST_FOLDERS)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| !name.starts_with('.')))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    folders
}

/// In a linked worktree `.git` is a file.
fn is_tree(folder: &Path) -> bool {
    folder.join(".git").symlink_metadata().is_ok_and(|found| found.is_dir() || found.is_file())
}
