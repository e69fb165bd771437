//! `/diff [path]`

use std::path::{Component, Path, PathBuf};

use adjutant_codebases::diff::Since;
use adjutant_core::error::UserError;
use adjutant_core::platform::Attachment;
use async_trait::async_trait;

use super::{Call, Command, CommandError, Group, Outcome};
use crate::words::{code, codebase, diff as words};

/// Shows what is uncommitted in the working tree: the files, and as much of the lines as one message takes.
pub struct Diff;

#[async_trait]
impl Command for Diff {
    fn name(&self) -> &'static str {
        "diff"
    }

    fn usage(&self) -> &'static str {
        "[path]"
    }

    fn summary(&self) -> &'static str {
        "Show what is uncommitted"
    }

    fn group(&self) -> Group {
        Group::Codebase
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let cwd = call.conversation.cwd.as_deref().ok_or_else(codebase::none_configured)?;
        let tree = call.tree(cwd);
        let only = match rest.trim() {
            "" => None,
            path => Some(inside(call, &tree, Path::new(cwd), path)?),
        };
        let diff = call.context.workspace.diff(&tree, &Since::Head, only.as_deref()).await?;
        let place = words::Place {
            name: call.place(&tree.to_string_lossy()),
            branch: call.context.workspace.branch(&tree),
            only: only.map(|path| path.to_string_lossy().into_owned()),
        };
        let limit = call.platform.capabilities(&call.conversation.key).part_limit;
        let fits = |text: &str| call.platform.measure(text) <= limit;
        let (said, left_out) = words::diff(call, &place, &diff, &fits);
        let said = Outcome::say(said);
        let attaches = call.platform.capabilities(&call.conversation.key).attachment_limit.is_some();
        if left_out == 0 || !attaches {
            return Ok(said);
        }
        let file = Attachment::text(words::FILE, diff.patch.clone());
        Ok(said.with_file(file, words::whole(&diff)))
    }
}

/// The path a person means, relative to the tree: as seen from the working directory if it is there, else from the tree.
fn inside(call: &Call, tree: &Path, cwd: &Path, path: &str) -> Result<PathBuf, UserError> {
    let path = Path::new(path);
    let leaves = path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
    if leaves {
        return Err(UserError::new(
            format!("{} leaves the codebase.", code(&path.to_string_lossy(), 120)),
            format!("Paths start in {}.", code(&call.place(&tree.to_string_lossy()), 120)),
        ));
    }
    let plain: PathBuf = path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
    let below = cwd.strip_prefix(tree).unwrap_or(Path::new("")).join(&plain);
    Ok(if tree.join(&below).symlink_metadata().is_ok() { below } else { plain })
}
