//! `/clone <repo-url>`

use adjutant_core::error::UserError;
use adjutant_core::platform::Button;
use adjutant_core::session::EndReason;
use adjutant_store::store::CodebaseLookup;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::binding;
use crate::language::arguments;
use crate::words::codebase as words;

/// Fetches a repository, records it and binds the conversation to it, in one go; what the spec asks as two
/// questions are buttons that undo.
pub struct Clone;

#[async_trait]
impl Command for Clone {
    fn name(&self) -> &'static str {
        "clone"
    }

    fn usage(&self) -> &'static str {
        "<repo-url>"
    }

    fn summary(&self) -> &'static str {
        "Clone a repository"
    }

    fn group(&self) -> Group {
        Group::Codebase
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let url = &*arguments::whole(rest)?;
        if url.is_empty() {
            return Err(UserError::new(
                "No repository given.",
                format!(
                    "Use `{}` or `{}`.",
                    call.spell("clone https://github.com/owner/repo"),
                    call.spell("clone owner/repo")
                ),
            )
            .into());
        }
        let remote = call.context.workspace.parse_url(url)?;
        (call.progress)(words::cloning(&remote.clean(), None));
        let progress = {
            let report = call.progress.clone();
            let shown = remote.clean();
            move |percent: u8| report(words::cloning(&shown, Some(percent)))
        };
        let cloned = call.context.workspace.clone_repository(&remote, &progress).await?;
        let path = cloned.path().to_path_buf();
        let known = match call.context.store.find_codebase(CodebaseLookup::Path(&path.to_string_lossy())).await? {
            Some(codebase) => Some(codebase),
            None => call.context.store.find_codebase(CodebaseLookup::Url(&remote.clean())).await?,
        };
        let recorded = known.is_some();
        let codebase = match known {
            Some(codebase) => codebase,
            None => {
                let mut codebase = binding::adopt(&call.context, &path, call.now).await;
                codebase.repository_url = Some(remote.clean());
                codebase
            }
        };
        let assistant = call.context.assistants.choose(call.conversation.assistant, Some(&codebase)).await.ok();
        let mut outcome = Outcome::say(words::cloned(call, &codebase, &cloned, assistant));
        if !recorded {
            outcome = outcome.with_buttons(undo_buttons(&codebase)).and(Action::PutCodebase(codebase.clone()));
        }
        Ok(outcome
            .and(Action::Bind { codebase: Some(codebase.id), cwd: Some(codebase.default_cwd) })
            .and(Action::EndSession(EndReason::CodebaseChanged)))
    }
}

fn undo_buttons(codebase: &adjutant_core::codebase::Codebase) -> Vec<Button> {
    let id = codebase.id.short();
    let mut buttons = vec![Button {
        label: "Remove record".to_owned(),
        token: crate::buttons::command(&format!("codebase-drop {id}")),
    }];
    if !codebase.commands.is_empty() {
        buttons.push(Button {
            label: "Unload commands".to_owned(),
            token: crate::buttons::command(&format!("commands-drop {id}")),
        });
    }
    buttons
}
