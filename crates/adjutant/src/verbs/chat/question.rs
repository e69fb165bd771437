//! The buttons of a message as keys and words.

use adjutant_core::platform::Button;

/// A message that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The message it stands in.
    pub message: String,
    choices: Vec<Choice>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Choice {
    key: String,
    label: String,
    token: String,
}

impl Question {
    /// `None` for a message without buttons.
    pub fn of(message: &str, buttons: &[Vec<Button>]) -> Option<Self> {
        let mut choices: Vec<Choice> = Vec::new();
        for (place, button) in buttons.iter().flatten().enumerate() {
            let known = match button.label.as_str() {
                "Allow once" => Some("a"),
                "Allow for this session" => Some("s"),
                "Deny" => Some("d"),
                _ => None,
            };
            let key = known.map_or_else(|| (place + 1).to_string(), str::to_owned);
            choices.push(Choice { key, label: button.label.clone(), token: button.token.clone() });
        }
        (!choices.is_empty()).then(|| Self { message: message.to_owned(), choices })
    }

    /// `[a] Allow once  [d] Deny`
    pub fn offer(&self) -> String {
        let choices: Vec<String> =
            self.choices.iter().map(|choice| format!("[{}] {}", choice.key, choice.label)).collect();
        choices.join("  ")
    }

    /// The token of the choice that this line names by its key or its words, and by nothing else.
    pub fn answer(&self, line: &str) -> Option<&str> {
        let line = line.trim();
        let named = |choice: &&Choice| choice.key == line || choice.label.eq_ignore_ascii_case(line);
        self.choices.iter().find(named).map(|choice| choice.token.as_str())
    }

    /// Whether the assistant asks for a permission.
    pub fn is_permission(&self) -> bool {
        self.refusal().is_some()
    }

    /// What denies it.
    pub fn refusal(&self) -> Option<&str> {
        self.choices.iter().find(|choice| choice.key == "d").map(|choice| choice.token.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_key_or_the_words_of_a_button_and_nothing_like_them() {
        let button = |label: &str, token: &str| Button { label: label.to_owned(), token: token.to_owned() };
        let rows = [vec![button("Allow once", "o"), button("Allow for this session", "s")], vec![button("Deny", "d")]];
        let question = Question::of("m", &rows).unwrap();
        assert_eq!(question.offer(), "[a] Allow once  [s] Allow for this session  [d] Deny");
        for (line, token) in [("a", Some("o")), (" s ", Some("s")), ("deny", Some("d")), ("allow once", Some("o"))] {
            assert_eq!(question.answer(line), token);
        }
        for line in ["", "A", "yes", "no", "allow", "yes please don't", "deny it"] {
            assert_eq!(question.answer(line), None, "{line}");
        }
        assert_eq!(question.refusal(), Some("d"));
        let choice = Question::of("m", &[vec![button("Red", "r"), button("Blue", "b")]]).unwrap();
        assert_eq!((choice.offer().as_str(), choice.answer("2")), ("[1] Red  [2] Blue", Some("b")));
        assert!(!choice.is_permission());
        assert_eq!(Question::of("m", &[]), None);
    }
}
