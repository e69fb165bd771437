//! A terminal only grows: of a message that is written bit by bit, what is new is printed.

use std::io::Write;

/// What was printed last.
#[derive(Debug)]
pub struct Screen {
    /// The message that grows, and what of it is printed.
    open: Option<(String, String)>,
    /// What the assistant was last said to do.
    doing: String,
    style: Style,
    at_line_start: bool,
}

/// How what is not part of the conversation looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Dimmed,
    Plain,
}

/// A text without what stands below it while it is written.
#[derive(Debug, PartialEq, Eq)]
struct Apart<'a> {
    body: &'a str,
    doing: Option<&'a str>,
}

impl Screen {
    pub const fn new(style: Style) -> Self {
        Self { open: None, doing: String::new(), style, at_line_start: true }
    }

    /// A message as it stands now.
    pub fn show(&mut self, id: &str, text: &str) {
        let apart = apart(text);
        let new = self.grown(id, printable(apart.body));
        self.print(&new);
        if let Some(doing) = apart.doing.map(printable)
            && !doing.is_empty()
            && doing != self.doing
        {
            self.note(&format!("· {doing}"));
            self.doing = doing;
        }
    }

    /// What has to be printed of it: what is new, or all of another message and of one that was replaced.
    fn grown(&mut self, id: &str, body: String) -> String {
        let before = self.open.as_ref().filter(|(open, _)| open == id).map(|(_, printed)| printed.as_str());
        let new = match before.and_then(|before| body.strip_prefix(before)) {
            // Behind a note it goes on at the beginning of a line.
            Some(new) if self.at_line_start => new.trim_start_matches('\n').to_owned(),
            Some(new) => new.to_owned(),
            None if body.is_empty() => return body,
            None if self.at_line_start => body.clone(),
            None => format!("\n{body}"),
        };
        self.open = Some((id.to_owned(), body));
        new
    }

    /// Something about the conversation, not in it: on the other output, so that scripts read replies alone.
    pub fn note(&mut self, text: &str) {
        self.line_end();
        let (dim, plain) = match self.style {
            Style::Dimmed => ("\u{1b}[2m", "\u{1b}[0m"),
            Style::Plain => ("", ""),
        };
        eprintln!("{dim}{}{plain}", printable(text));
    }

    /// Where the person writes.
    pub fn prompt(&mut self) {
        self.line_end();
        self.print("> ");
        // The person ends this line.
        self.at_line_start = true;
        self.open = None;
        self.doing.clear();
    }

    /// The next thing begins on a line of its own.
    pub fn line_end(&mut self) {
        if !self.at_line_start {
            self.print("\n");
        }
    }

    fn print(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.at_line_start = text.ends_with('\n');
        let mut out = std::io::stdout().lock();
        // A reader that went away has seen enough.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

/// Without anything that a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// While a text is written it ends in a cursor, with what closes its open marks, and in a line that says what the
/// assistant does.
fn apart(text: &str) -> Apart<'_> {
    let (body, doing) = match text.rfind("⏳ ") {
        Some(at) if (at == 0 || text[..at].ends_with("\n\n")) && !text[at..].contains('\n') => {
            (&text[..at], Some(&text[at + "⏳ ".len()..]))
        }
        _ => (text, None),
    };
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '`' | '~' | '*' | '_');
    match body.rfind('▍') {
        Some(at) if body[at + '▍'.len_utf8()..].chars().all(is_mark) => {
            Apart { body: body[..at].trim_end_matches('\n'), doing: doing.map(tool) }
        }
        _ if body.is_empty() => Apart { body, doing: doing.map(tool) },
        // A finished text may end so as well.
        _ => Apart { body: text, doing: None },
    }
}

/// Without the time, which is last.
fn tool(doing: &str) -> &str {
    doing.rsplit_once(" · ").map_or("", |(tool, _)| tool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_told_apart_from_what_stands_below_it_while_it_grows() {
        for (text, body, doing) in [
            ("Hello", "Hello", None),
            ("Hel▍", "Hel", None),
            ("Look: `a▍`\n\n⏳ Bash: `make` · 12 s", "Look: `a", Some("Bash: `make`")),
            ("⏳ 3 s", "", Some("")),
            ("It says\n\n⏳ soon", "It says\n\n⏳ soon", None),
            ("A ▍ in the middle", "A ▍ in the middle", None),
        ] {
            assert_eq!(apart(text), Apart { body, doing }, "{text}");
        }
    }

    #[test]
    fn of_a_message_that_grows_only_what_is_new_is_printed_also_behind_a_note() {
        let mut screen = Screen::new(Style::Plain);
        let mut shown = |id: &str, text: &str| {
            let new = screen.grown(id, text.to_owned());
            screen.at_line_start = if new.is_empty() { screen.at_line_start } else { new.ends_with('\n') };
            new
        };
        assert_eq!(shown("a", "Look"), "Look");
        assert_eq!(shown("a", "Look here"), " here");
        assert_eq!(shown("a", "Look here"), "");
        assert_eq!(shown("b", "Another"), "\nAnother");
        assert_eq!(shown("b", "Replaced"), "\nReplaced");
        assert_eq!(shown("c", ""), "");
        screen.note("· Read");
        assert_eq!(screen.grown("b", "Replaced\n\nand on".to_owned()), "and on");
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_printed() {
        assert_eq!(printable("a\u{1b}[2Jb\u{9b}31mc\r\n\td\u{7}"), "a[2Jb31mc\n\td");
    }
}
