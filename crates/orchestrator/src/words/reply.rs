//! What is said about a reply itself.

/// Stands where the middle of a long answer is left out.
#[must_use]
pub fn left_out(file: &str) -> String {
    format!("… Too long for here: the beginning is above, the end below, and all of it in `{file}`.")
}

/// Below the file that holds all of a long answer.
#[must_use]
pub fn whole_answer(characters: usize) -> String {
    format!("The whole answer, {characters} characters.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_about_a_reply() {
        assert_eq!(
            left_out("answer.md"),
            "… Too long for here: the beginning is above, the end below, and all of it in `answer.md`."
        );
        assert_eq!(whole_answer(20_480), "The whole answer, 20480 characters.");
    }
}
