//! `/assistant [name]`

use adjutant_core::assistant::Readiness;
use adjutant_core::error::UserError;
use adjutant_core::kind::AssistantKind;
use adjutant_core::platform::Button;
use adjutant_core::session::EndReason;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::buttons;
use crate::words::limit;
use crate::words::session as words;

/// Chooses the assistant of this conversation. A session has one for life, so it ends.
#[derive(Debug)]
pub struct ChooseAssistant;

#[async_trait]
impl Command for ChooseAssistant {
    fn name(&self) -> &'static str {
        "assistant"
    }

    fn usage(&self) -> &'static str {
        "[name]"
    }

    fn summary(&self) -> &'static str {
        "Choose the assistant; ends the session"
    }

    fn group(&self) -> Group {
        Group::Session
    }

    fn is_quick(&self, rest: &str) -> bool {
        rest.trim().is_empty()
    }

    fn decides_who(&self) -> bool {
        true
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let all = call.context.assistants.readiness().await;
        let now = call.assistant().await;
        let word = rest.trim();
        if word.is_empty() {
            let usable = all.iter().filter(|(kind, readiness)| Some(*kind) != now && readiness.is_usable());
            let buttons = usable.map(|(kind, _)| Button {
                label: kind.shown().to_owned(),
                token: buttons::command(&format!("assistant {}", kind.as_str())),
            });
            let said = words::assistants(now, &all, &call.spell("assistant"));
            return Ok(Outcome::say(said).with_buttons(buttons.collect()));
        }
        call.need_quiet()?;
        let known = word.to_ascii_lowercase().parse::<AssistantKind>().ok();
        let known = known.and_then(|kind| all.iter().find(|(other, _)| *other == kind));
        match known {
            None => Err(words::unknown_assistant(word, &call.spell("assistant")).into()),
            Some((_, Readiness::Off { reason, hint })) => Err(UserError::new(reason, hint).into()),
            Some((kind, _)) if now == Some(*kind) => Ok(Outcome::say(words::same_assistant(*kind))),
            Some((kind, _)) => Ok(Outcome::say(chosen(call, *kind).await?)
                .and(Action::EndSession(EndReason::AssistantChanged))
                .and(Action::ChooseAssistant(*kind))),
        }
    }
}

async fn chosen(call: &Call, kind: AssistantKind) -> Result<String, CommandError> {
    let said = words::assistant_set(kind, super::sessions::number(call).await?);
    let starts = call.hold.as_ref().is_some_and(|hold| hold.assistant != kind);
    Ok(if starts { format!("{said} {}", limit::starts_now()) } else { said })
}
