//! Tells commands from prompts.
//!
//! A message is a command only when its very first character is `/`. Whatever follows is then a command, even one
//! that nobody knows, so that a mistyped command is answered and never reaches a model.

/// One message of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Text for the assistant, as it was typed.
    Prompt(String),
    /// A command.
    Command {
        /// In the form of [`normalise`].
        name: String,
        /// Everything behind the name as it was typed, without the white space around it.
        rest: String,
    },
}

/// Tells whether a text is a command, and which.
#[must_use]
pub fn parse(text: &str) -> Input {
    let Some(line) = text.strip_prefix('/') else {
        return Input::Prompt(text.to_owned());
    };
    let end = line.find(char::is_whitespace).unwrap_or(line.len());
    let (token, rest) = line.split_at(end);
    // Telegram addresses a command in a group as `/status@name_of_the_bot`.
    let name = normalise(token.split_once('@').map_or(token, |(name, _)| name));
    if name.is_empty() {
        return Input::Prompt(text.to_owned());
    }
    Input::Command { name, rest: rest.trim().to_owned() }
}

/// The form in which command names are compared: lower case, with `-` for `_`, because Telegram's menu allows no `-`.
#[must_use]
pub fn normalise(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}
