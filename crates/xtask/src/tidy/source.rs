//! What a Rust file looks like from afar: which lines are tests, where functions begin and end.
//!
//! It relies on the formatter, which `./scripts/test` runs first: an item ends at the first line with a closing brace
//! at the column where the item began. No parser could be simpler, and none is needed.

/// A function outside tests.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// Counted from 1.
    pub line: usize,
    /// From its first line to its closing brace.
    pub lines: usize,
}

/// The lines outside test modules, with their numbers from 1.
pub fn product_lines(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut inside: Option<&str> = None;
    let mut after_attribute = false;
    for (index, line) in text.lines().enumerate() {
        if let Some(indent) = inside {
            if is_end(line, indent) {
                inside = None;
            }
            continue;
        }
        let starts_block = after_attribute && line.ends_with('{');
        if starts_block {
            inside = Some(indent(line));
        }
        if after_attribute || line.trim() == "#[cfg(test)]" {
            // More attributes may stand between the first one and its item.
            after_attribute = !starts_block && (line.trim().starts_with("#[") || !ends_item(line));
            continue;
        }
        lines.push((index + 1, line));
    }
    lines
}

/// The functions among these lines.
pub fn functions(lines: &[(usize, &str)]) -> Vec<Function> {
    let begins = lines.iter().enumerate().filter_map(|(at, (_, line))| Some((at, name(line)?)));
    begins
        .filter_map(|(at, name)| {
            let (first, line) = lines[at];
            let (last, _) = lines[at..].iter().find(|(_, candidate)| is_end(candidate, indent(line)))?;
            // A declaration without a body ends before any brace does.
            let has_body = !lines[at..].iter().take_while(|(number, _)| number < last).any(|(_, l)| is_bare(l, line));
            has_body.then(|| Function { name: name.to_owned(), line: first, lines: last - first + 1 })
        })
        .collect()
}

fn name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for word in ["pub ", "pub(crate) ", "pub(super) ", "const ", "async ", "unsafe ", "extern \"C\" "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let rest = rest.strip_prefix("fn ")?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// A signature that ends in a semicolon at the item's own column.
fn is_bare(line: &str, first: &str) -> bool {
    line.ends_with(';') && (line == first || (indent(line) == indent(first) && line.trim_start().starts_with(')')))
}

fn is_end(line: &str, column: &str) -> bool {
    indent(line) == column && line.trim_start().starts_with('}')
}

fn ends_item(line: &str) -> bool {
    line.trim_end().ends_with([';', '}'])
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
use std::fmt;

#[cfg(test)]
mod tests;

pub trait Port {
    fn one(&self) -> u8;
    fn two(
        &self,
    ) -> u8;
}

impl Port for () {
    pub(crate) async fn one(&self) -> u8 {
        match self {
            () => 1,
        }
    }
}

fn three() {
    let x = "}";
}

#[cfg(test)]
#[expect(dead_code, reason = "x")]
mod inline {
    fn helper() {
    }
}

#[cfg(test)]
fn only_tests() {
}

fn after() {}
"#;

    #[test]
    fn test_modules_are_left_out() {
        let text: Vec<_> = product_lines(FILE).into_iter().map(|(_, line)| line).collect();
        let text = text.join("\n");
        assert!(!text.contains("helper") && !text.contains("mod tests") && !text.contains("only_tests"), "{text}");
        assert!(text.contains("fn three") && text.contains("fn after"), "{text}");
    }

    #[test]
    fn functions_are_measured_and_declarations_are_not() {
        let found = functions(&product_lines(FILE));
        let found: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
        assert_eq!(found, [("one", 15, 5), ("three", 22, 3)]);
    }
}
