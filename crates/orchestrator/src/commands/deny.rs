//! `/deny <id> [why]`

use adjutant_core::assistant::Answer;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::words::approval as words;

/// Refuses what the assistant asked for; the reason reaches the assistant.
pub struct Deny;

#[async_trait]
impl Command for Deny {
    fn name(&self) -> &'static str {
        "deny"
    }

    fn usage(&self) -> &'static str {
        "<id> [why]"
    }

    fn summary(&self) -> &'static str {
        "Refuse what the assistant asks for"
    }

    fn group(&self) -> Group {
        Group::Turn
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let (id, why) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
        let approval = words::parse_id(call, "deny", Some(id).filter(|id| !id.is_empty()))?;
        let reason = Some(why.trim().to_owned()).filter(|why| !why.is_empty());
        Ok(Outcome::default().and(Action::Answer { approval, answer: Answer::Deny { reason } }))
    }
}
