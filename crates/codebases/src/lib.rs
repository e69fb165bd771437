//! Git and nothing else: clones, found working trees, what has changed, and paths that cannot leave their folder.
//!
//! Repositories are written by strangers, so nothing in one may start a program: see [`git`] for how Git is called.
//! Every failure is a [`UserError`](adjutant_core::error::UserError), because every caller is a person's command.
//!
//! | module | what |
//! | --- | --- |
//! | [`config`] | what the workspace is opened with: Git, protocols, credentials, the user it runs as |
//! | [`workspace`] | the folder that holds the codebases; the door to everything below |
//! | [`remote`] | addresses of repositories: parsed strictly, compared, shown without credentials |
//! | [`clone`] | fetching a repository, whole or not at all |
//! | [`inspect`] | remote, branch, uncommitted files and hints of a working tree |
//! | [`changes`] | what a turn changed, for its footer |
//! | [`diff`] | what is different from a commit, file by file and line by line |
//! | [`worktree`] | a directory and a branch of its own for one conversation |
//! | [`paths`] | opening, reading and writing beneath a folder, races included |
//! | [`git`] | one Git process: clean environment, no hooks, bounded output, ended with its children |

pub mod changes;
pub mod clone;
pub mod config;
pub mod diff;
pub mod inspect;
pub mod paths;
pub mod remote;
pub mod workspace;
pub mod worktree;

mod failure;
mod git;
mod incoming;
mod progress;
mod shown;

pub use clone::Cloned;
pub use config::{GitConfig, HostCredential, Identity, Protocol, RunAs};
pub use inspect::Inspection;
pub use remote::RemoteUrl;
pub use workspace::Workspace;
pub use worktree::Worktree;
