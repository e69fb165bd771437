//! The button "Remove record" below a clone

use adjutant_core::session::EndReason;
use adjutant_store::store::CodebaseLookup;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::words::codebase as words;

/// Forgets a codebase; the folder stays where it is.
pub struct DropCodebase;

#[async_trait]
impl Command for DropCodebase {
    fn name(&self) -> &'static str {
        "codebase-drop"
    }

    fn usage(&self) -> &'static str {
        "<id>"
    }

    fn summary(&self) -> &'static str {
        "Forget a codebase, keep its folder"
    }

    fn group(&self) -> Group {
        Group::Hidden
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let Some(codebase) = call.context.store.find_codebase(CodebaseLookup::ShortId(rest.trim())).await? else {
            return Ok(Outcome::say(words::already_forgotten()));
        };
        let mut outcome = Outcome::say(words::forgotten(&codebase));
        if call.codebase.as_ref().is_some_and(|current| current.id == codebase.id) {
            outcome = outcome.and(Action::EndSession(EndReason::CodebaseChanged));
        }
        Ok(outcome.and(Action::DropCodebase(codebase.id)))
    }
}
