//! `/answer <id> <text>`

use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::words::{approval, question as words};

/// Answers a question of the assistant: by the number or the label of a choice, or in other words.
#[derive(Debug)]
pub struct GiveAnswer;

#[async_trait]
impl Command for GiveAnswer {
    fn name(&self) -> &'static str {
        "answer"
    }

    fn usage(&self) -> &'static str {
        "<id> <text>"
    }

    fn summary(&self) -> &'static str {
        "Answer a question of the assistant"
    }

    fn group(&self) -> Group {
        Group::Turn
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let (id, text) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
        let approval = approval::parse_id(call, "answer", Some(id).filter(|id| !id.is_empty()))?;
        if text.trim().is_empty() {
            return Err(words::no_text(&call.spell(&format!("answer {approval} <text>"))).into());
        }
        Ok(Outcome::default().and(Action::Say { approval, text: text.trim().to_owned() }))
    }
}
