//! `/approve <id> [session]`

use adjutant_core::assistant::Answer;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::words::approval as words;

/// Allows what the assistant asked for.
pub struct Approve;

#[async_trait]
impl Command for Approve {
    fn name(&self) -> &'static str {
        "approve"
    }

    fn usage(&self) -> &'static str {
        "<id> [session]"
    }

    fn summary(&self) -> &'static str {
        "Allow what the assistant asks for"
    }

    fn group(&self) -> Group {
        Group::Turn
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let mut words_of_rest = rest.split_whitespace();
        let approval = words::parse_id(call, "approve", words_of_rest.next())?;
        let answer = match words_of_rest.next() {
            None => Answer::AllowOnce,
            Some(word) if word.eq_ignore_ascii_case("session") => Answer::AllowSession,
            Some(word) => return Err(words::unknown_scope(call, approval, word).into()),
        };
        Ok(Outcome::default().and(Action::Answer { approval, answer }))
    }
}
