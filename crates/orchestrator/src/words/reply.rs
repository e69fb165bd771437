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

/// As [`left_out`], where the file cannot hold all of it either.
#[must_use]
pub fn left_out_of_both(file: &str) -> String {
    format!("… Too long for here: the beginning is above, the end below, and as much as a file may hold in `{file}`.")
}

/// Below the file that holds as much of an endless answer as is kept.
#[must_use]
pub fn beginning_of_answer(characters: usize) -> String {
    format!(
        "The beginning of the answer, {characters} characters. Ask for a shorter one, or for a file in the repository."
    )
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
        assert_eq!(
            left_out_of_both("answer.md"),
            "… Too long for here: the beginning is above, the end below, and as much as a file may hold in `answer.md`."
        );
        assert_eq!(whole_answer(20_480), "The whole answer, 20480 characters.");
        assert_eq!(
            beginning_of_answer(2_000_000),
            "The beginning of the answer, 2000000 characters. Ask for a shorter one, or for a file in the repository."
        );
    }
}
