//! Permission requests and what became of them.

use adjutant_core::approval::ApprovalState;
use adjutant_core::assistant::{Answer, PermissionDetail, PermissionRequest};
use adjutant_core::error::UserError;
use adjutant_core::id::ApprovalId;
use adjutant_core::kind::AssistantKind;

use super::{code, turn::tool_title, visible};
use crate::commands::Call;

/// Lines of a diff that are shown.
const DIFF_LINES: usize = 60;

/// The question, with the command or the diff escaped.
#[must_use]
pub fn question(assistant: AssistantKind, id: ApprovalId, request: &PermissionRequest, approve: &str) -> String {
    let what = match &request.detail {
        PermissionDetail::Command { command } => format!("wants to run:\n{}", fence("sh", command)),
        PermissionDetail::Diff { path, diff } => {
            format!("wants to change {}:\n{}", code(path, 200), fence("diff", &shorten(diff)))
        }
        PermissionDetail::Choices { .. } => "asks something.".to_owned(),
        PermissionDetail::Other { text } if text.is_empty() => format!("wants to use {}.", tool_title(&request.title)),
        PermissionDetail::Other { text } => {
            format!("wants to use {}:\n{}", code(&request.title.tool, 60), fence("", &shorten(text)))
        }
    };
    format!("{} {what}\n\n#{id} · expires in 24 h · `{approve} {id}`", assistant.shown())
}

/// What stands in the question's place once it is settled.
#[must_use]
pub fn settled(assistant: AssistantKind, title: &str, state: &ApprovalState) -> String {
    let name = assistant.shown();
    match state {
        ApprovalState::Open => format!("{name} waits for an answer: {title}"),
        ApprovalState::Answered { answer, by, .. } => match answer {
            Answer::AllowOnce => format!("✓ Allowed once by {by}: {title}"),
            Answer::AllowSession => format!("✓ Allowed for this session by {by}: {title}"),
            Answer::Deny { reason: Some(reason) } => format!("✗ Denied by {by}: {title}\n{}", code(reason, 200)),
            Answer::Deny { reason: None } => format!("✗ Denied by {by}: {title}"),
            Answer::Chosen { answers } => super::question::answered(by, answers),
        },
        ApprovalState::Withdrawn => format!("✗ Not needed any more: {title}"),
        ApprovalState::Expired => format!("✗ Denied, nobody answered in 24 h: {title}"),
    }
}

/// Somebody answered what is settled already.
#[must_use]
pub fn already(state: &ApprovalState) -> String {
    match state {
        ApprovalState::Answered { answer: Answer::Deny { .. }, by, .. } => format!("Already denied by {by}."),
        ApprovalState::Answered { answer: Answer::Chosen { .. }, by, .. } => format!("Already answered by {by}."),
        ApprovalState::Answered { by, .. } => format!("Already allowed by {by}."),
        ApprovalState::Withdrawn => "Not needed any more.".to_owned(),
        ApprovalState::Expired => "Expired; it counted as denied.".to_owned(),
        ApprovalState::Open => "Still open.".to_owned(),
    }
}

/// There is no such approval in this conversation.
#[must_use]
pub fn unknown(id: ApprovalId) -> String {
    format!("No approval `{id}` is open here.")
}

/// The number in `/approve 7`.
///
/// # Errors
/// When it is missing or no number.
pub fn parse_id(call: &Call, command: &str, word: Option<&str>) -> Result<ApprovalId, UserError> {
    let hint = || match call.approvals.iter().rev().find(|approval| approval.state == ApprovalState::Open) {
        Some(open) => format!("Open here: `{}`.", call.spell(&format!("{command} {}", open.id))),
        None => "Nothing waits for an answer here.".to_owned(),
    };
    let Some(word) = word else {
        return Err(UserError::new("No approval given.", hint()));
    };
    word.trim_start_matches('#')
        .parse()
        .map(ApprovalId)
        .map_err(|_| UserError::new(format!("{} is no approval's number.", code(word, 40)), hint()))
}

/// `/approve 7 always`: only `session` is known.
#[must_use]
pub fn unknown_scope(call: &Call, id: ApprovalId, word: &str) -> UserError {
    UserError::new(
        format!("{} is not something `{}` knows.", code(word, 40), call.spell("approve")),
        format!(
            "Use `{}` or `{}`.",
            call.spell(&format!("approve {id}")),
            call.spell(&format!("approve {id} session"))
        ),
    )
}

/// A fence that its content cannot close; control and invisible characters are shown escaped.
fn fence(language: &str, content: &str) -> String {
    let content = visible(&content.replace("\r\n", "\n"));
    let longest = content.lines().map(|line| line.chars().take_while(|c| *c == '`').count()).max().unwrap_or(0);
    let ticks = "`".repeat(longest.max(2) + 1);
    format!("{ticks}{language}\n{}\n{ticks}", content.trim_end())
}

fn shorten(text: &str) -> String {
    let total = text.lines().count();
    let mut kept: Vec<&str> = text.lines().take(DIFF_LINES).collect();
    let note = format!("… {} more lines", total.saturating_sub(DIFF_LINES));
    if total > DIFF_LINES {
        kept.push(&note);
    }
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_cannot_hide_behind_invisible_characters_or_close_its_fence() {
        let shown = fence("sh", "rm -rf x \u{202e}\u{200b}\u{1b}[2K\n```\nharmless");
        assert_eq!(shown, "````sh\nrm -rf x \\u{202e}\\u{200b}\\u{1b}[2K\n```\nharmless\n````");
    }
}
