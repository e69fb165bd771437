//! Splits the rest of a command into arguments.
//!
//! An argument is bare (up to the next white space) or quoted. Quotes count only where an argument begins, so that
//! `don't` stays a word. Phones replace straight quotes by typographic ones while people type, so these count too.

use std::borrow::Cow;

use adjutant_core::error::UserError;

/// How a kind of quotes behaves.
#[derive(Debug, Clone, Copy)]
struct Quotes {
    /// What may close it.
    close: &'static [char],
    style: Style,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// A backslash escapes the closing quote, `"` and itself.
    Double,
    /// No escapes, but a mark between two letters is an apostrophe.
    Single,
}

/// All arguments of a text.
///
/// # Errors
/// A quote that is opened is never closed.
pub fn split(text: &str) -> Result<Vec<String>, UserError> {
    let mut arguments = Vec::new();
    let mut left = text;
    while let Some((argument, rest)) = next(left)? {
        arguments.push(argument);
        left = rest;
    }
    Ok(arguments)
}

/// The first argument, and what follows it as it was typed. `None` when only white space is left.
///
/// # Errors
/// A quote that is opened is never closed.
pub fn next(text: &str) -> Result<Option<(String, &str)>, UserError> {
    let text = text.trim_start();
    let Some(first) = text.chars().next() else {
        return Ok(None);
    };
    let Some(quotes) = quotes_opened_by(first) else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (argument, rest) = text.split_at(end);
        return Ok(Some((argument.to_owned(), rest.trim_start())));
    };
    let inside = &text[first.len_utf8()..];
    match closed(inside, quotes) {
        Some((argument, rest)) => Ok(Some((argument, rest.trim_start()))),
        None => Err(unclosed(first, inside, quotes)),
    }
}

/// A text that is one argument as a whole, such as a path with spaces. Quotes around all of it may be there or not.
///
/// # Errors
/// A quote that is opened is never closed.
pub fn whole(text: &str) -> Result<Cow<'_, str>, UserError> {
    let text = text.trim();
    if text.chars().next().and_then(quotes_opened_by).is_some()
        && let Some((argument, "")) = next(text)?
    {
        return Ok(Cow::Owned(argument));
    }
    Ok(Cow::Borrowed(text))
}

/// Which quotes a character opens. Of the German and the French pairs, the books of other countries use the same
/// marks the other way round.
fn quotes_opened_by(first: char) -> Option<Quotes> {
    let (close, style): (&'static [char], Style) = match first {
        '"' => (&['"'], Style::Double),
        '\'' => (&['\''], Style::Single),
        '“' | '”' => (&['”'], Style::Double),
        '„' => (&['“', '”'], Style::Double),
        '«' => (&['»'], Style::Double),
        '»' => (&['«', '»'], Style::Double),
        '‘' | '’' => (&['’'], Style::Single),
        '‚' => (&['‘', '’'], Style::Single),
        '‹' => (&['›'], Style::Single),
        '›' => (&['‹', '›'], Style::Single),
        _ => return None,
    };
    Some(Quotes { close, style })
}

/// The text up to the closing quote, unescaped, and what follows.
fn closed(inside: &str, quotes: Quotes) -> Option<(String, &str)> {
    let mut argument = String::new();
    let mut characters = inside.char_indices().peekable();
    let mut before = None;
    while let Some((at, character)) = characters.next() {
        let following = characters.peek().map(|&(_, c)| c);
        if quotes.style == Style::Double
            && character == '\\'
            && let Some(escaped) = following.filter(|c| matches!(c, '\\' | '"') || quotes.close.contains(c))
        {
            argument.push(escaped);
            characters.next();
            before = Some(escaped);
            continue;
        }
        let apostrophe = quotes.style == Style::Single && is_word(before) && is_word(following);
        if quotes.close.contains(&character) && !apostrophe {
            return Some((argument, &inside[at + character.len_utf8()..]));
        }
        argument.push(character);
        before = Some(character);
    }
    None
}

fn is_word(character: Option<char>) -> bool {
    character.is_some_and(char::is_alphanumeric)
}

fn unclosed(open: char, inside: &str, quotes: Quotes) -> UserError {
    let begins: String = inside.chars().take_while(|c| !c.is_control() && *c != '`').take(20).collect();
    let close = quotes.close.first().copied().unwrap_or(open);
    UserError::new(
        format!("The quote that begins with `{open}{begins}` is never closed."),
        format!("Close it with `{close}`, or leave both marks out."),
    )
}
