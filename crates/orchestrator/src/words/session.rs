//! `/reset` and `/status`.

use adjutant_core::kind::AssistantKind;
use adjutant_store::record::UsageSum;

use super::{code, duration};
use crate::commands::Call;

/// `/reset`.
#[must_use]
pub fn reset(call: &Call) -> String {
    let place = match &call.codebase {
        Some(codebase) => format!(" in {}", code(&codebase.name, 60)),
        None => String::new(),
    };
    let mut text = match &call.session {
        Some(session) => format!(
            "Session cleared. The next message starts a fresh one{place}.\nPrevious session: `{}`",
            session.id.short()
        ),
        None => format!("No session was open. The next message starts one{place}."),
    };
    match call.queue.len() {
        0 => {}
        1 => text.push_str("\n1 waiting message dropped."),
        n => text.push_str(&format!("\n{n} waiting messages dropped.")),
    }
    text
}

/// `/status`.
#[must_use]
pub fn status(call: &Call, assistant: Option<AssistantKind>, today: &UsageSum) -> String {
    let mut lines = Vec::new();
    match &call.codebase {
        Some(codebase) => lines.push(format!("Codebase: {} (`{}`)", code(&codebase.name, 60), codebase.id.short())),
        None => lines.push(super::codebase::none_configured().to_string()),
    }
    if let Some(cwd) = &call.conversation.cwd {
        lines.push(format!("CWD: {}", code(&call.place(cwd), 200)));
        if let Some(branch) = call.context.workspace.branch(std::path::Path::new(cwd)) {
            lines.push(format!("Branch: {}", code(&branch, 80)));
        }
    }
    if let Some(assistant) = assistant {
        lines.push(format!("Assistant: {}", assistant.as_str()));
    }
    match &call.session {
        Some(session) => lines.push(format!(
            "Active session: `{}` of {} ago, {}",
            session.id.short(),
            duration(call.now - session.started_at),
            turns(session.metadata.turns),
        )),
        None => lines.push("Active session: none, the next message starts one".to_owned()),
    }
    if let Some(turn) = &call.turn {
        let doing = match (&turn.tool, turn.waits_for_approval) {
            (_, true) => ", waiting for approval".to_owned(),
            (Some(tool), false) => format!(", {tool}"),
            (None, false) => String::new(),
        };
        lines.push(format!("Running: {}, {}{doing}", code(&turn.title, 60), duration(call.now - turn.since)));
    }
    if !call.queue.is_empty() {
        lines.push(format!("Queued: {}", call.queue.len()));
    }
    if today.turns > 0 {
        lines.push(format!("Today: {}", usage(today)));
    }
    if let Some(codebase) = call.codebase.as_ref().filter(|codebase| !codebase.commands.is_empty()) {
        lines.push("\nRegistered commands:".to_owned());
        lines.extend(codebase.commands.iter().map(|(name, command)| match command.description.as_str() {
            "" => format!("- `{name}`"),
            description => format!("- `{name}`: {description}"),
        }));
    }
    lines.join("\n")
}

fn turns(n: u32) -> String {
    if n == 1 { "1 turn".to_owned() } else { format!("{n} turns") }
}

fn usage(sum: &UsageSum) -> String {
    let mut words = vec![turns(u32::try_from(sum.turns).unwrap_or(u32::MAX))];
    match sum.input_tokens + sum.output_tokens {
        0 => {}
        tokens => words.push(format!("{tokens} tokens")),
    }
    match sum.unknown_cost {
        0 => words.push(format!("${:.2}", sum.cost_usd)),
        unknown if unknown == sum.turns => {}
        unknown => words.push(format!("${:.2} and {unknown} of unknown cost", sum.cost_usd)),
    }
    words.join(", ")
}
