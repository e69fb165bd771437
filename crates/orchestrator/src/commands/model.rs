//! `/model [name]`

use adjutant_core::assistant::is_model_name;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::words::session as words;

/// Chooses the model of this conversation. The session goes on; its next turn is with the other model.
#[derive(Debug)]
pub struct Model;

#[async_trait]
impl Command for Model {
    fn name(&self) -> &'static str {
        "model"
    }

    fn usage(&self) -> &'static str {
        "[name]"
    }

    fn summary(&self) -> &'static str {
        "Choose the model, from the next turn on"
    }

    fn group(&self) -> Group {
        Group::Session
    }

    fn waits(&self) -> bool {
        false
    }

    fn decides_who(&self) -> bool {
        true
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let Some(assistant) = call.assistant().await else {
            call.context.assistants.choose(call.conversation.assistant, call.codebase.as_ref()).await?;
            return Ok(Outcome::default());
        };
        match rest.trim() {
            "" => Ok(Outcome::say(words::model_is(assistant, call.model.as_deref(), &call.spell("model")))),
            word if word.eq_ignore_ascii_case("default") => {
                Ok(Outcome::say(words::model_default(assistant)).and(Action::ChooseModel(None)))
            }
            name if is_model_name(name) => {
                let said = words::model_set(assistant, name, call.turn.as_ref());
                Ok(Outcome::say(said).and(Action::ChooseModel(Some(name.to_owned()))))
            }
            other => Err(words::not_a_model(other, &call.spell("model")).into()),
        }
    }
}
