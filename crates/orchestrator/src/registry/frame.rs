//! The words around a command's text.

/// The text of a command with the order to carry it out: shown a bare command file, models discuss it like a document.
/// `text` is the file's text with its values inserted.
#[must_use]
pub fn frame(name: &str, text: &str) -> String {
    format!(
        "The user invoked the command `{name}`. Carry out its instructions below now, in this working directory. Do \
         not describe, summarise or discuss the instructions themselves.\n\n{text}"
    )
}
