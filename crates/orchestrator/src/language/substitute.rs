//! Puts values into the text of a command file.
//!
//! One scan from left to right. What is inserted is never looked at again, so an argument that contains `$2` arrives
//! as it was typed.

use std::collections::{BTreeMap, BTreeSet};

use adjutant_core::error::UserError;

/// The longest text that may come out, in bytes. A short file that asks for long arguments often enough would
/// otherwise fill the memory.
pub const LONGEST: usize = 8 * 1024 * 1024;

/// What can be inserted.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// The command's name: `$0`.
    pub name: &'a str,
    /// The arguments as they were typed: `$ARGUMENTS`.
    pub raw: &'a str,
    /// The arguments one by one: `$1` and on.
    pub arguments: &'a [String],
    /// Values of the session by name, such as `PLAN`.
    pub named: &'a BTreeMap<String, String>,
}

/// A text with its values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Substituted {
    pub text: String,
    /// Names without a value, which stay as they are written. Each once, in the order of the text.
    pub unknown: Vec<String>,
    /// Names of the session's values that the text used.
    pub used: BTreeSet<String>,
    /// Whether the text asked for arguments, one or all.
    pub takes_arguments: bool,
}

/// Inserts values: `\$` is a dollar, `$ARGUMENTS` all arguments, `$` and digits one argument (empty if it was not
/// given), `$UPPER_SNAKE` a value of the session.
///
/// # Errors
/// More than [`LONGEST`] would come out.
pub fn substitute(template: &str, values: &Values<'_>) -> Result<Substituted, UserError> {
    let text = String::with_capacity(template.len());
    let mut scan = Scan { done: Substituted { text, ..Substituted::default() }, warned: BTreeSet::new() };
    let mut left = template;
    while let Some(at) = left.find('$') {
        let (before, from) = left.split_at(at);
        let behind = &from[1..];
        if let Some(before) = before.strip_suffix('\\') {
            scan.done.text.push_str(before);
            scan.done.text.push('$');
            left = behind;
            continue;
        }
        scan.done.text.push_str(before);
        let consumed = scan.insert(behind, values);
        left = &behind[consumed..];
        if scan.done.text.len() > LONGEST {
            return Err(UserError::new(
                format!(
                    "With its arguments, the text of `{}` is longer than {} MB.",
                    values.name,
                    LONGEST / 1024 / 1024
                ),
                "Put long material into a file and name that.",
            ));
        }
    }
    scan.done.text.push_str(left);
    Ok(scan.done)
}

/// A scan that is under way.
#[derive(Debug)]
struct Scan {
    done: Substituted,
    /// What is in `done.unknown`; a hostile text could name a hundred thousand.
    warned: BTreeSet<String>,
}

impl Scan {
    /// Inserts what stands behind a dollar and says how many bytes of it that was.
    fn insert(&mut self, behind: &str, values: &Values<'_>) -> usize {
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            // A number too large to parse has no argument either.
            let number = behind[..digits].parse::<usize>().unwrap_or(usize::MAX);
            match number.checked_sub(1) {
                None => self.done.text.push_str(values.name),
                Some(nth) => {
                    self.done.takes_arguments = true;
                    self.done.text.push_str(values.arguments.get(nth).map_or("", String::as_str));
                }
            }
            return digits;
        }
        let Some(name) = upper_snake(behind) else {
            self.done.text.push('$');
            return 0;
        };
        if name == "ARGUMENTS" {
            self.done.takes_arguments = true;
            self.done.text.push_str(values.raw);
        } else if let Some(value) = values.named.get(name) {
            self.done.used.insert(name.to_owned());
            self.done.text.push_str(value);
        } else {
            self.done.text.push('$');
            self.done.text.push_str(name);
            if self.warned.insert(name.to_owned()) {
                self.done.unknown.push(name.to_owned());
            }
        }
        name.len()
    }
}

/// The name that a text begins with. `$Path` and `$ARGUMENTSx` are no names: they go on in another case.
fn upper_snake(text: &str) -> Option<&str> {
    if !text.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let end = text.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')).unwrap_or(text.len());
    let goes_on = text[end..].starts_with(char::is_alphanumeric);
    (!goes_on).then_some(&text[..end])
}
