//! `/codebase-switch <name-or-id>`

use adjutant_core::error::UserError;
use adjutant_core::session::EndReason;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::binding;
use crate::language::arguments;
use crate::words::{code, codebase as words};

/// Goes on in another codebase, known or found in the workspace.
pub struct CodebaseSwitch;

#[async_trait]
impl Command for CodebaseSwitch {
    fn name(&self) -> &'static str {
        "codebase-switch"
    }

    fn usage(&self) -> &'static str {
        "<name-or-id>"
    }

    fn summary(&self) -> &'static str {
        "Switch codebase"
    }

    fn group(&self) -> Group {
        Group::Codebase
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let wanted = &*arguments::whole(rest)?;
        if wanted.is_empty() {
            return Err(
                UserError::new("No codebase given.", format!("{} lists what is there.", call.spell("repos"))).into()
            );
        }
        let known = call.context.store.list_codebases().await?;
        let alike: Vec<_> = known.iter().filter(|codebase| codebase.name.eq_ignore_ascii_case(wanted)).collect();
        if alike.len() > 1 {
            return Err(words::ambiguous(call, wanted, &alike).into());
        }
        let Some(found) = binding::find_or_adopt(&call.context, wanted, call.now).await? else {
            return Err(UserError::new(
                format!("No codebase {}.", code(wanted, 60)),
                words::nearest_codebase(call, wanted, &known),
            )
            .into());
        };
        let codebase = found.codebase;
        let commands = if found.adopted { words::Commands::Loaded } else { words::Commands::Known };
        let mut outcome = Outcome::say(words::switched(call, &codebase, commands));
        if found.adopted {
            outcome = outcome.and(Action::PutCodebase(codebase.clone()));
        }
        Ok(outcome
            .and(Action::Bind { codebase: Some(codebase.id), cwd: Some(codebase.default_cwd) })
            .and(Action::EndSession(EndReason::CodebaseChanged)))
    }
}
