//! `/mode [stream|batch|quiet]`

use adjutant_core::conversation::ReplyMode;
use adjutant_core::platform::Button;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::buttons;
use crate::words::session as words;

/// Chooses how replies arrive in this conversation.
#[derive(Debug)]
pub struct Mode;

#[async_trait]
impl Command for Mode {
    fn name(&self) -> &'static str {
        "mode"
    }

    fn usage(&self) -> &'static str {
        "[stream|batch|quiet]"
    }

    fn summary(&self) -> &'static str {
        "Choose how replies arrive here"
    }

    fn group(&self) -> Group {
        Group::Session
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let word = rest.trim();
        if !word.is_empty() {
            let mode: ReplyMode = word.parse().map_err(|_| words::unknown_mode(word, &call.spell("mode")))?;
            return Ok(Outcome::say(words::mode_set(mode)).and(Action::ChooseMode(mode)));
        }
        let now = call.conversation.mode.unwrap_or_else(|| call.context.settings.mode(call.conversation.platform));
        let others = [ReplyMode::Stream, ReplyMode::Batch, ReplyMode::Quiet].into_iter().filter(|mode| *mode != now);
        let buttons = others
            .map(|mode| Button { label: words::mode_button(mode), token: buttons::command(&format!("mode {mode}")) });
        Ok(Outcome::say(words::mode_is(now, &call.spell("mode"))).with_buttons(buttons.collect()))
    }
}
