//! `/setcwd <path>`

use adjutant_core::error::UserError;
use adjutant_core::session::EndReason;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::language::arguments;
use crate::words::codebase as words;

/// Changes the working directory inside the workspace; the next message starts a fresh session.
pub struct SetCwd;

#[async_trait]
impl Command for SetCwd {
    fn name(&self) -> &'static str {
        "setcwd"
    }

    fn usage(&self) -> &'static str {
        "<path>"
    }

    fn summary(&self) -> &'static str {
        "Change the working directory"
    }

    fn group(&self) -> Group {
        Group::Codebase
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let path = &*arguments::whole(rest)?;
        if path.is_empty() {
            return Err(UserError::new("No directory given.", format!("Use `{}`.", call.spell("setcwd <path>"))).into());
        }
        let base = call.conversation.cwd.as_deref().map(std::path::Path::new);
        let workspace = &call.context.workspace;
        // Replies show directories as seen from the workspace, so what they show can be given back.
        let directory = match workspace.resolve_dir(base, path) {
            Ok(directory) => directory,
            Err(error) => workspace.resolve_dir(None, path).map_err(|_| error)?,
        };
        let cwd = directory.to_string_lossy().into_owned();
        let known = crate::binding::codebase_of(&call.context, &directory).await?;
        let tree =
            workspace.find_trees().into_iter().find(|tree| directory.starts_with(tree)).filter(|_| known.is_none());
        let adopted = match &tree {
            Some(tree) => Some(crate::binding::adopt(&call.context, tree, call.now).await),
            None => None,
        };
        let codebase = known.or_else(|| adopted.clone());
        let entered =
            codebase.as_ref().filter(|entered| call.codebase.as_ref().is_none_or(|from| from.id != entered.id));
        let outcome = Outcome::say(words::directory_set(&call.place(&cwd), entered));
        let outcome = adopted.into_iter().fold(outcome, |outcome, codebase| outcome.and(Action::PutCodebase(codebase)));
        Ok(outcome
            .and(Action::Bind {
                codebase: codebase.or_else(|| call.codebase.clone()).map(|codebase| codebase.id),
                cwd: Some(cwd),
            })
            .and(Action::EndSession(EndReason::DirectoryChanged)))
    }
}
