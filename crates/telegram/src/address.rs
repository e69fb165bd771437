//! Whether something said in a group is meant for the bot.
//!
//! With privacy mode off, or as an administrator, a bot sees all talk of a group; most of it is none of its business
//! and must not even be stored.

/// What was said to the bot named `username`, without the address; `None` when it was not said to it.
pub fn said_to(username: &str, text: &str) -> Option<String> {
    let text = text.trim();
    if text.starts_with('/') {
        return command(username, text);
    }
    let (start, end) = find_mention(username, text)?;
    Some(without(text, start, end))
}

/// The text without the bot's own name, if it stands there.
pub fn without_mention(username: &str, text: &str) -> String {
    said_to(username, text).unwrap_or_else(|| text.trim().to_owned())
}

/// `/cmd` is for every bot of the group, `/cmd@name` for the one named. The name stays: it tells the one from the other.
fn command(username: &str, text: &str) -> Option<String> {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    match text[..end].split_once('@') {
        None => Some(text.to_owned()),
        Some((_, bot)) if bot.eq_ignore_ascii_case(username) => Some(text.to_owned()),
        Some(_) => None,
    }
}

fn find_mention(username: &str, text: &str) -> Option<(usize, usize)> {
    text.match_indices('@').find_map(|(at, _)| {
        let end = at + 1 + username.len();
        let name = text.get(at + 1..end)?;
        let before = text[..at].chars().next_back();
        let after = text[end..].chars().next();
        let stands_alone = !before.is_some_and(is_word) && !after.is_some_and(is_word);
        (stands_alone && name.eq_ignore_ascii_case(username)).then_some((at, end))
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn without(text: &str, start: usize, end: usize) -> String {
    let before = text[..start].trim_end_matches(' ');
    let after = text[end..].trim_start_matches([' ', ',', ':']);
    if before.is_empty() {
        return after.trim_start().to_owned();
    }
    let gap = if after.is_empty() || after.starts_with(['\n', '.', '?', '!', ';']) { "" } else { " " };
    format!("{before}{gap}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_to_the_bot_is_heard_and_its_name_is_taken_out() {
        let cases = [
            ("/status", Some("/status")),
            ("/status@my_bot", Some("/status@my_bot")),
            ("/Clone@MY_BOT https://x/y", Some("/Clone@MY_BOT https://x/y")),
            ("/status@other_bot", None),
            ("@my_bot fix the tests", Some("fix the tests")),
            ("@my_bot: fix\nthe tests", Some("fix\nthe tests")),
            ("hey @My_Bot fix it", Some("hey fix it")),
            ("can you look, @my_bot?", Some("can you look,?")),
            ("@my_bot", Some("")),
            ("@my_bot /status", Some("/status")),
            ("hello all", None),
            ("@my_bot2 fix it", None),
            ("mail me@my_bot now", None),
            ("@you and @my_botté", None),
            ("ü@", None),
        ];
        for (text, expected) in cases {
            assert_eq!(said_to("my_bot", text).as_deref(), expected, "{text}");
        }
    }
}
