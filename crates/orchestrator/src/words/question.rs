//! Questions with choices that an assistant asks, and "Deny and say why".

use adjutant_core::assistant::Question;
use adjutant_core::error::UserError;
use adjutant_core::id::ApprovalId;
use adjutant_core::kind::AssistantKind;

use super::{code, one_line, visible};

/// The question that is to be answered now. `place` counts from 0.
#[must_use]
pub fn asks(
    assistant: AssistantKind,
    (id, place): (ApprovalId, usize),
    questions: &[Question],
    answer: &str,
) -> String {
    let Some(question) = questions.get(place) else { return String::new() };
    let of = if questions.len() > 1 { format!(" ({} of {})", place + 1, questions.len()) } else { String::new() };
    let mut lines = vec![format!("{} asks{of}:\n\n{}\n", assistant.shown(), visible(&question.text))];
    lines.extend(question.choices.iter().enumerate().map(|(n, choice)| match choice.description.as_str() {
        "" => format!("{}. {}", n + 1, one_line(&choice.label, 200)),
        description => format!("{}. {}: {}", n + 1, one_line(&choice.label, 200), one_line(description, 300)),
    }));
    lines.push(format!("\n#{id} · expires in 24 h · `{answer} {id} <text>`"));
    lines.join("\n")
}

/// The button of a choice.
#[must_use]
pub fn choice_button(question: &Question, place: usize) -> String {
    let label = question.choices.get(place).map(|choice| one_line(&choice.label, 40)).unwrap_or_default();
    match (question.several, question.picked.contains(&place)) {
        (true, true) => format!("☑ {label}"),
        (true, false) => format!("☐ {label}"),
        (false, _) => label,
    }
}

/// The button below choices of which several may be picked.
#[must_use]
pub fn done_button() -> String {
    "Done".to_owned()
}

/// The button for an answer in other words.
#[must_use]
pub fn other_button() -> String {
    "Something else".to_owned()
}

/// The button that refuses, and asks for the reason.
#[must_use]
pub fn why_button() -> String {
    "Deny and say why".to_owned()
}

/// The next message is the answer.
#[must_use]
pub fn write_answer(assistant: AssistantKind) -> String {
    format!("Write your answer: the next message goes to {} as it.", assistant.shown())
}

/// The next message is the reason.
#[must_use]
pub fn write_reason(assistant: AssistantKind, deny: &str) -> String {
    format!("Write why: the next message goes to {} as the reason. `{deny}` denies without one.", assistant.shown())
}

/// What stands in the place of questions that are answered.
#[must_use]
pub fn answered(by: &str, answers: &[String]) -> String {
    let answers: Vec<String> = answers.iter().map(|answer| code(answer, 100)).collect();
    format!("✓ Answered by {by}: {}", answers.join(" · "))
}

/// "Done" without a choice.
#[must_use]
pub fn nothing_picked() -> String {
    "Nothing is picked yet. Pick at least one, or choose \"Something else\".".to_owned()
}

/// `/approve` of a question.
#[must_use]
pub fn needs_choice(answer: &str) -> String {
    format!("This is a question: answer it with a button or `{answer} <text>`.")
}

/// `/answer` of what asks for a permission.
#[must_use]
pub fn is_a_permission(approve: &str, deny: &str) -> String {
    format!("This asks for a permission: answer it with `{approve}` or `{deny}`.")
}

/// `/answer` without a text.
#[must_use]
pub fn no_text(usage: &str) -> UserError {
    UserError::new("No answer given.", format!("Use `{usage}`."))
}
