//! One command file: an optional front matter, and the text.

use std::path::Path;

use adjutant_codebases::paths;
use adjutant_core::error::UserError;

/// The largest command file, in bytes.
pub const LARGEST: usize = 1024 * 1024;

/// The longest description, in characters: one line on a phone, twice.
const LONGEST_DESCRIPTION: usize = 160;

/// A command file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandFile {
    /// One line; empty when the file gives none.
    pub description: String,
    /// Without the front matter.
    pub text: String,
}

impl CommandFile {
    /// Takes a file apart. The description is the front matter's, else the first heading or sentence.
    #[must_use]
    pub fn parse(source: &str) -> Self {
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let (front, text) = split(source);
        let stated = front.and_then(description);
        let description = stated.or_else(|| first_words(text)).map(|words| one_line(&words)).unwrap_or_default();
        Self { description, text: text.trim().to_owned() }
    }
}

/// The text of a command file, without its front matter.
///
/// # Errors
/// As [`open`].
pub fn read(root: &Path, path: &str) -> Result<String, UserError> {
    Ok(open(root, path)?.text)
}

/// The description of a command file.
///
/// # Errors
/// As [`open`].
pub fn describe(root: &Path, path: &str) -> Result<String, UserError> {
    Ok(open(root, path)?.description)
}

/// Reads a command file of a codebase.
///
/// # Errors
/// A sentence for the person: it leaves the codebase, is missing, is too large, or is no text.
pub fn open(root: &Path, path: &str) -> Result<CommandFile, UserError> {
    let bytes = paths::read_file(root, path, LARGEST)?;
    let source = String::from_utf8(bytes).map_err(|_| {
        UserError::new(format!("`{path}` is no text in UTF-8."), "Save it as UTF-8, or name another file.")
    })?;
    Ok(CommandFile::parse(&source))
}

/// The lines between `---` and `---` at the very beginning, and the rest.
fn split(source: &str) -> (Option<&str>, &str) {
    let Some((first, rest)) = source.split_once('\n').filter(|(first, _)| first.trim_end() == "---") else {
        return (None, source);
    };
    let mut at = first.len() + 1;
    for line in rest.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return (Some(&source[first.len() + 1..at]), &source[at + line.len()..]);
        }
        at += line.len();
    }
    // A rule at the beginning that nothing closes is a rule.
    (None, source)
}

/// The value of `description:`. Of YAML it reads what command files use: bare, quoted, and text that goes on in
/// indented lines.
fn description(front: &str) -> Option<String> {
    let mut lines = front.lines();
    let value = lines.find_map(|line| line.strip_prefix("description:"))?.trim();
    let more: Vec<&str> = lines
        .take_while(|line| line.starts_with([' ', '\t']) || line.trim().is_empty())
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let is_block = value.starts_with(['>', '|']) && value.len() <= 3;
    let mut words = if is_block { Vec::new() } else { vec![value] };
    words.extend(more);
    let value = words.join(" ");
    let value = value.trim();
    let unquoted = match value.chars().next() {
        Some('"') => value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).map(|v| v.replace("\\\"", "\"")),
        Some('\'') => value.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')).map(|v| v.replace("''", "'")),
        _ => value.split(" #").next().map(str::to_owned),
    };
    let value = unquoted.unwrap_or_else(|| value.to_owned());
    (!value.trim().is_empty()).then_some(value)
}

/// The first heading, or the first sentence, whichever stands first.
fn first_words(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| {
        line.is_empty()
            || line.starts_with("```")
            || line.starts_with("<!--")
            || line.bytes().all(|b| b"-=*_ ".contains(&b))
    });
    let first = lines.next()?;
    let heading = first.trim_start_matches('#');
    if heading.len() < first.len() && (heading.is_empty() || heading.starts_with(' ')) {
        let heading = heading.trim().trim_end_matches('#').trim_end();
        return (!heading.is_empty()).then(|| heading.to_owned()).or_else(|| lines.next().map(str::to_owned));
    }
    // A sentence may go on in the next line of the source.
    let paragraph: Vec<&str> =
        std::iter::once(first).chain(lines.take_while(|line| !line.is_empty())).take(8).collect();
    let paragraph = paragraph.join(" ");
    let end = paragraph
        .match_indices(['.', '?', '!', ':'])
        .map(|(at, mark)| at + mark.len())
        .find(|&end| paragraph[end..].is_empty() || paragraph[end..].starts_with(' '));
    Some(end.map_or(paragraph.as_str(), |end| &paragraph[..end]).trim_end_matches(':').to_owned())
}

/// One line without invisible characters, not too long, and without a full stop: it stands in a list.
fn one_line(words: &str) -> String {
    let visible: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.strip_suffix('.').filter(|line| !line.ends_with('.')).unwrap_or(&line);
    if line.chars().count() <= LONGEST_DESCRIPTION {
        return line.to_owned();
    }
    let cut: String = line.chars().take(LONGEST_DESCRIPTION).collect();
    format!("{}…", cut.trim_end())
}
