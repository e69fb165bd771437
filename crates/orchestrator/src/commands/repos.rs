//! `/repos`

use async_trait::async_trait;

use super::{Call, Command, CommandError, Group, Outcome};
use crate::words::codebase as words;

/// Lists the known codebases and the Git working trees found in the workspace.
pub struct Repos;

#[async_trait]
impl Command for Repos {
    fn name(&self) -> &'static str {
        "repos"
    }

    fn summary(&self) -> &'static str {
        "List codebases"
    }

    fn group(&self) -> Group {
        Group::Codebase
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        let known = call.context.store.list_codebases().await?;
        let trees = call.context.workspace.find_trees();
        let found: Vec<String> = trees
            .iter()
            .filter(|tree| !known.iter().any(|codebase| std::path::Path::new(&codebase.default_cwd) == tree.as_path()))
            .filter_map(|tree| call.context.workspace.shown(tree))
            .collect();
        Ok(Outcome::say(words::repos(call, &known, &found)))
    }
}
