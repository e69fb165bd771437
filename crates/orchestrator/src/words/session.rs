//! `/reset`, `/status`, and what a conversation chooses: assistant, model, mode.

use adjutant_core::assistant::Readiness;
use adjutant_core::conversation::ReplyMode;
use adjutant_core::error::UserError;
use adjutant_core::kind::AssistantKind;
use adjutant_store::record::UsageSum;

use super::{code, duration, usage};
use crate::commands::{Call, TurnView};

/// `/reset`. `number` is that of the session it ends.
#[must_use]
pub fn reset(call: &Call, assistant: Option<AssistantKind>, number: Option<i64>) -> String {
    let mut place = Vec::new();
    if let Some(codebase) = &call.codebase {
        place.push(format!("in {}", code(&codebase.name, 60)));
        let branch =
            call.conversation.cwd.as_deref().and_then(|cwd| call.context.workspace.branch(std::path::Path::new(cwd)));
        place.extend(branch.map(|branch| format!("on {}", code(&branch, 80))));
    }
    place.extend(assistant.map(|assistant| format!("with {}", assistant.shown())));
    let place = if place.is_empty() { String::new() } else { format!(" {}", place.join(" ")) };
    let mut text = match number {
        Some(number) => {
            let old = call.spell(&format!("sessions resume {number}"));
            format!("New session{place}. The old one is `{old}`.")
        }
        None => format!("No session was open. The next message starts one{place}."),
    };
    match call.queue.len() {
        0 => {}
        1 => text.push_str("\n1 waiting message dropped."),
        n => text.push_str(&format!("\n{n} waiting messages dropped.")),
    }
    text
}

/// What `/status` shows beside what the call knows.
#[derive(Debug)]
pub struct Standing {
    pub assistant: Option<AssistantKind>,
    pub today: UsageSum,
    pub branch: Option<String>,
    /// Files with uncommitted changes; `None`: not known.
    pub uncommitted: Option<usize>,
}

/// `/status`.
#[must_use]
pub fn status(call: &Call, standing: &Standing) -> String {
    let mut lines = vec![place(call, standing)];
    lines.extend(session(call, standing.assistant));
    if let Some(turn) = &call.turn {
        let doing = match (&turn.tool, turn.waits_for_approval) {
            (_, true) => ", waiting for approval".to_owned(),
            (Some(tool), false) => format!(", {tool}"),
            (None, false) => String::new(),
        };
        lines.push(format!("running: {}, {}{doing}", code(&turn.title, 60), duration(call.now - turn.since)));
    }
    lines.extend(super::turn::standing(call));
    let queued = (!call.queue.is_empty()).then(|| format!("{} queued", call.queue.len()));
    let today = (standing.today.turns > 0).then(|| format!("{} today", usage::cost(&standing.today)));
    let last: Vec<String> = queued.into_iter().chain(today).collect();
    if !last.is_empty() {
        lines.push(last.join(" · "));
    }
    lines.extend(super::access::hearing(&call.platform.hearing(&call.conversation.key)));
    if let Some(codebase) = call.codebase.as_ref().filter(|codebase| !codebase.commands.is_empty()) {
        lines.push("\nRegistered commands:".to_owned());
        lines.extend(codebase.commands.iter().map(|(name, command)| match command.description.as_str() {
            "" => format!("- `{name}`"),
            description => format!("- `{name}`: {description}"),
        }));
    }
    lines.join("\n")
}

/// The first thing an app sends for somebody who opens a bot, `/start`.
#[must_use]
pub fn welcome(call: &Call, assistant: Option<AssistantKind>) -> String {
    let help = format!("{} lists the commands, {} the codebases.", call.spell("help"), call.spell("repos"));
    let ready = match (&call.codebase, assistant) {
        (Some(codebase), Some(assistant)) => {
            format!("{} works in {} for you: write what you want done.", assistant.shown(), code(&codebase.name, 60))
        }
        (Some(codebase), None) => {
            format!(
                "This conversation works in {}. `adjutant doctor` says how to switch an assistant on.",
                code(&codebase.name, 60)
            )
        }
        (None, _) => super::codebase::none_configured().to_string(),
    };
    let hearing = super::access::hearing(&call.platform.hearing(&call.conversation.key));
    [Some(ready), Some(help), hearing].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// `shop` · `main` · clean
fn place(call: &Call, standing: &Standing) -> String {
    let Some(codebase) = &call.codebase else { return super::codebase::none_configured().to_string() };
    let mut words = vec![code(&codebase.name, 60)];
    if let Some(cwd) = call.conversation.cwd.as_deref().filter(|cwd| *cwd != codebase.default_cwd) {
        words.push(format!("in {}", code(&call.place(cwd), 200)));
    }
    words.extend(standing.branch.as_ref().map(|branch| code(branch, 80)));
    words.extend(standing.uncommitted.map(|files| match files {
        0 => "clean".to_owned(),
        1 => "1 file not committed".to_owned(),
        n => format!("{n} files not committed"),
    }));
    words.join(" · ")
}

/// Claude, opus · session of 2 h ago, 14 turns
fn session(call: &Call, assistant: Option<AssistantKind>) -> Option<String> {
    let assistant = assistant?.shown();
    let who = match &call.model {
        Some(model) => format!("{assistant}, {}", code(model, 60)),
        None => assistant.to_owned(),
    };
    Some(match &call.session {
        Some(session) => format!(
            "{who} · session of {} ago, {}",
            duration(call.now - session.started_at),
            turns(session.metadata.turns)
        ),
        None => format!("{who} · no session, the next message starts one"),
    })
}

/// `1 turn`, `14 turns`.
#[must_use]
pub fn turns(n: u32) -> String {
    if n == 1 { "1 turn".to_owned() } else { format!("{n} turns") }
}

/// Something that changes the session came while a turn runs.
#[must_use]
pub fn busy(stop: &str) -> UserError {
    UserError::new("A turn runs here.", format!("Try again when it has ended, or end it with {stop}."))
}

/// `/assistant`.
#[must_use]
pub fn assistants(now: Option<AssistantKind>, all: &[(AssistantKind, Readiness)], command: &str) -> String {
    let mut lines: Vec<String> = all
        .iter()
        .map(|(kind, readiness)| match readiness {
            _ if now == Some(*kind) => format!("- {} ← here", kind.shown()),
            Readiness::Ready { .. } | Readiness::Checking { .. } => format!("- {}", kind.shown()),
            Readiness::Off { reason, .. } => format!("- {}: {reason}", kind.shown()),
        })
        .collect();
    lines.push(format!("\n`{command} <name>` chooses another; the session ends with that."));
    lines.join("\n")
}

/// `/assistant <name>`. `number` is that of the session it ends.
#[must_use]
pub fn assistant_set(kind: AssistantKind, number: Option<i64>) -> String {
    let old = number.map(|number| format!(" Session {number} has ended.")).unwrap_or_default();
    format!("{} from now on.{old} The next message starts a fresh session.", kind.shown())
}

/// `/assistant` with the one that works here anyway.
#[must_use]
pub fn same_assistant(kind: AssistantKind) -> String {
    format!("{} works here already.", kind.shown())
}

/// `/assistant` with a name that is none of this installation.
#[must_use]
pub fn unknown_assistant(name: &str, command: &str) -> UserError {
    UserError::new(format!("No assistant {} here.", code(name, 40)), format!("{command} lists them."))
}

/// `/model`.
#[must_use]
pub fn model_is(assistant: AssistantKind, model: Option<&str>, command: &str) -> String {
    let uses = match model {
        Some(model) => format!("{} uses {} here.", assistant.shown(), code(model, 60)),
        None => format!("{} uses its configured model here.", assistant.shown()),
    };
    format!("{uses} `{command} <name>` chooses another, `{command} default` takes the choice back.")
}

/// `/model <name>`.
#[must_use]
pub fn model_set(assistant: AssistantKind, model: &str, turn: Option<&TurnView>) -> String {
    let when = if turn.is_some() { "From the next turn on" } else { "From now on" };
    format!("{when} {} uses {}. The session goes on.", assistant.shown(), code(model, 60))
}

/// `/model default`.
#[must_use]
pub fn model_default(assistant: AssistantKind) -> String {
    format!(
        "{}'s configured model again, for fresh sessions at the latest: where none is configured, this session keeps its last.",
        assistant.shown()
    )
}

/// `/model` with what cannot be a name.
#[must_use]
pub fn not_a_model(name: &str, command: &str) -> UserError {
    UserError::new(format!("{} is not a model's name.", code(name, 60)), format!("Give one such as `{command} opus`."))
}

/// `/mode`.
#[must_use]
pub fn mode_is(mode: ReplyMode, command: &str) -> String {
    format!("Replies arrive as `{mode}` here: {}. `{command} <mode>` chooses another.", meaning(mode))
}

/// `/mode <mode>`.
#[must_use]
pub fn mode_set(mode: ReplyMode) -> String {
    format!("Replies arrive as `{mode}` from the next turn on: {}.", meaning(mode))
}

/// The button that chooses a mode.
#[must_use]
pub fn mode_button(mode: ReplyMode) -> String {
    match mode {
        ReplyMode::Stream => "Stream".to_owned(),
        ReplyMode::Batch => "Batch".to_owned(),
        ReplyMode::Quiet => "Quiet".to_owned(),
    }
}

/// `/mode` with a word that is none.
#[must_use]
pub fn unknown_mode(word: &str, command: &str) -> UserError {
    UserError::new(
        format!("No mode {}.", code(word, 40)),
        format!("Use `{command} stream`, `{command} batch` or `{command} quiet`."),
    )
}

const fn meaning(mode: ReplyMode) -> &'static str {
    match mode {
        ReplyMode::Stream => "text grows while it is written, with a line for the tool that runs",
        ReplyMode::Batch => "one reply when the turn has ended",
        ReplyMode::Quiet => "text grows while it is written, tools are not shown",
    }
}
