//! What is said around a turn: its queue, its status line and its end.

use adjutant_core::assistant::{Notice, ToolTitle};
use adjutant_core::kind::AssistantKind;
use chrono::Duration;

use super::{code, duration, limit, one_line, ordinal};
use crate::commands::Call;

/// A prompt arrived while a turn or a command runs.
#[must_use]
pub fn queued(place: usize, stop: &str) -> String {
    format!("Queued, {} in line. {stop} ends what runs now.", ordinal(place))
}

/// The same, while a turn runs that takes further messages.
#[must_use]
pub fn queued_or_steered(place: usize, steer: &str, stop: &str) -> String {
    format!("Queued, {} in line. {steer} sends it into the running turn, {stop} ends that turn.", ordinal(place))
}

/// The button that ends the running turn.
#[must_use]
pub fn stop_button() -> String {
    "Stop".to_owned()
}

/// A prompt arrived while all turns the gateway may run at once are taken.
#[must_use]
pub fn waits_for_place(running: usize) -> String {
    format!("Queued: {running} turns run already. Yours starts as soon as one of them ends.")
}

/// A mention with nothing behind it.
#[must_use]
pub fn nothing_said() -> String {
    "Nothing to do yet: write what you want in the same message.".to_owned()
}

/// The queue of this conversation is full.
#[must_use]
pub fn queue_full(limit: usize, clear: &str) -> String {
    format!(
        "{limit} messages wait here already; this one was not taken. Send it again later, or empty the queue with `{clear}`."
    )
}

/// What the assistant is told of the text that a person quotes.
#[must_use]
pub fn replies_to(author: Option<&str>) -> String {
    format!("The person replies to this message{}", by(author))
}

/// What the assistant is told of a text that a person hands on without a word of their own.
#[must_use]
pub fn passes_on(author: Option<&str>) -> String {
    format!("The person passes this message on{}", by(author))
}

fn by(author: Option<&str>) -> String {
    author.map(|author| format!(" of {}", code(author, 60))).unwrap_or_default()
}

/// Text of a stranger has come into a session that was allowed more than others.
#[must_use]
pub fn tainted() -> String {
    "This quotes somebody who is not on the list: from here on every change in this session is asked for.".to_owned()
}

/// What the assistant is told of a prompt on which it had begun to work before.
#[must_use]
pub fn broke_off(prompt: &str) -> String {
    format!("An earlier try at this broke off in the middle. Look at what is done already, then go on.\n\n{prompt}")
}

/// What stood at the place of a queued message, once its turn has begun.
#[must_use]
pub fn started() -> String {
    "✓ Started.".to_owned()
}

/// `/stop` without a turn.
#[must_use]
pub fn nothing_runs(call: &Call) -> String {
    let nothing = match call.queue.len() {
        0 => "Nothing runs here.".to_owned(),
        1 => "Nothing runs here; 1 message waits.".to_owned(),
        n => format!("Nothing runs here; {n} messages wait."),
    };
    match standing(call) {
        Some(standing) => format!("{nothing} {standing}"),
        None => nothing,
    }
}

/// `/queue`.
#[must_use]
pub fn queue(call: &Call) -> String {
    let mut lines = Vec::new();
    if let Some(turn) = &call.turn {
        lines.push(format!("Running: {}, {}", code(&turn.title, 60), duration(call.now - turn.since)));
    }
    lines.extend(standing(call));
    if call.queue.is_empty() {
        lines.push("Nothing waits here.".to_owned());
    } else {
        lines.extend(call.queue.iter().enumerate().map(|(i, text)| format!("{}. {}", i + 1, code(text, 60))));
        lines.push(format!("`{}` empties it.", call.spell("queue clear")));
    }
    lines.join("\n")
}

/// What the first in line waits for, if it is a provider's limit.
#[must_use]
pub fn standing(call: &Call) -> Option<String> {
    let hold = call.hold.as_ref()?;
    Some(limit::standing(hold, call.now, &call.spell("queue start")))
}

/// `/queue clear`.
#[must_use]
pub fn queue_cleared(n: usize) -> String {
    match n {
        0 => "Nothing waited here.".to_owned(),
        1 => "1 waiting message dropped.".to_owned(),
        n => format!("{n} waiting messages dropped."),
    }
}

/// One message was taken out of the line.
#[must_use]
pub fn dropped(text: &str) -> String {
    format!("Dropped: {}", code(text, 60))
}

/// The line below a growing reply.
#[must_use]
pub fn status_line(tool: Option<&ToolTitle>, since: Duration) -> String {
    match tool {
        Some(tool) => format!("⏳ {} · {}", tool_title(tool), duration(since)),
        None => format!("⏳ {}", duration(since)),
    }
}

/// `Bash: cargo test`, shortened.
#[must_use]
pub fn tool_title(tool: &ToolTitle) -> String {
    if tool.detail.is_empty() {
        return one_line(&tool.tool, 40);
    }
    format!("{}: {}", one_line(&tool.tool, 40), code(&tool.detail, 80))
}

/// The end of a turn that was stopped.
#[must_use]
pub fn stopped(after: Duration) -> String {
    format!("✗ Stopped after {}.", duration(after))
}

/// The end of a turn that was stopped because nothing could be said in its conversation; read upon return.
#[must_use]
pub fn stopped_unreachable(after: Duration) -> String {
    format!(
        "✗ Stopped after {}, when I could not write here any more. What had arrived is above; \"continue\" goes on.",
        duration(after)
    )
}

/// A command that took a while was stopped.
#[must_use]
pub fn command_stopped() -> String {
    "✗ Stopped.".to_owned()
}

/// The end of a turn in which the assistant said nothing.
#[must_use]
pub fn silent(after: Duration) -> String {
    format!("✓ Done, nothing to say · {}", duration(after))
}

/// The first message of a conversation went into the configured default codebase.
#[must_use]
pub fn default_codebase(name: &str) -> String {
    format!("Working in {}.", code(name, 60))
}

/// A remark of the assistant or its codec that people should know; `None` for what only the log needs.
#[must_use]
pub fn notice(assistant: AssistantKind, notice: &Notice) -> Option<String> {
    match notice {
        Notice::Retrying { attempt, of, .. } if attempt * 2 > *of => {
            Some(format!("{}'s provider does not answer well; attempt {attempt} of {of}.", assistant.shown()))
        }
        Notice::LineCut => Some("A line of output over 16 MiB was cut.".to_owned()),
        Notice::Said(text) => Some(text.clone()),
        Notice::Retrying { .. } | Notice::Unreadable { .. } => None,
    }
}

/// Registered words in a command's text that have no value.
#[must_use]
pub fn unknown_variables(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().map(|name| format!("`${name}`")).collect();
    let verb = if names.len() == 1 { "has" } else { "have" };
    format!("{} {verb} no value here and stayed as written.", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_turn_that_nobody_could_stop() {
        assert_eq!(
            stopped_unreachable(Duration::seconds(75)),
            "✗ Stopped after 1 min 15 s, when I could not write here any more. What had arrived is above; \"continue\" goes on."
        );
    }
}
