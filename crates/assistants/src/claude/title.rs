//! One line about a tool call, short enough for a phone.

use std::path::Path;

use adjutant_core::assistant::ToolTitle;

use super::protocol::ToolInput;

/// The most characters of a command, path or pattern.
const DETAIL: usize = 100;
/// The most characters of the input of a tool we know nothing about.
const UNKNOWN: usize = 80;

/// The title of a call: `Bash: cargo test`, `Read: src/main.rs`, `gate echo: {"text":"hi"}`.
pub fn title(tool: &str, input: &ToolInput, cwd: &Path) -> ToolTitle {
    let detail = match tool {
        "Bash" => cut(input.text("command").unwrap_or_default(), DETAIL),
        "Read" | "Write" | "Edit" | "MultiEdit" => {
            cut(&relative(input.text("file_path").unwrap_or_default(), cwd), DETAIL)
        }
        "NotebookEdit" => cut(&relative(input.text("notebook_path").unwrap_or_default(), cwd), DETAIL),
        "Glob" | "Grep" => cut(input.text("pattern").unwrap_or_default(), DETAIL),
        "WebFetch" => cut(input.text("url").unwrap_or_default(), DETAIL),
        "WebSearch" => cut(input.text("query").unwrap_or_default(), DETAIL),
        "Task" => cut(input.text("description").unwrap_or_default(), DETAIL),
        "AskUserQuestion" => {
            let question = input.list("questions").into_iter().next().unwrap_or_default();
            cut(question.text("question").unwrap_or_default(), DETAIL)
        }
        _ if input.0.is_empty() => String::new(),
        _ => cut(&serde_json::to_string(&input.0).unwrap_or_default(), UNKNOWN),
    };
    ToolTitle { tool: name(tool), detail }
}

/// A path as people of this codebase know it.
pub fn relative(path: &str, cwd: &Path) -> String {
    Path::new(path).strip_prefix(cwd).map_or_else(|_| path.to_owned(), |inside| inside.display().to_string())
}

/// `mcp__gate__gate_echo` as the words `gate gate_echo`.
fn name(tool: &str) -> String {
    tool.strip_prefix("mcp__").map_or_else(|| tool.to_owned(), |rest| rest.replace("__", " "))
}

/// The first line, bounded in characters.
fn cut(text: &str, most: usize) -> String {
    let mut lines = text.trim().lines();
    let first = lines.next().unwrap_or_default().trim_end();
    if first.chars().count() <= most && lines.next().is_none() {
        return first.to_owned();
    }
    let mut short: String = first.chars().take(most - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tool: &str, input: &str) -> String {
        let title = title(tool, &serde_json::from_str(input).unwrap(), Path::new("/w/shop"));
        format!("{}: {}", title.tool, title.detail)
    }

    #[test]
    fn titles_name_what_matters_in_one_short_line() {
        assert_eq!(of("Bash", r#"{"command":"cargo test\ncargo fmt"}"#), "Bash: cargo test…");
        assert_eq!(of("Read", r#"{"file_path":"/w/shop/src/a.rs"}"#), "Read: src/a.rs");
        assert_eq!(of("Edit", r#"{"file_path":"/etc/hosts"}"#), "Edit: /etc/hosts");
        assert_eq!(of("mcp__gate__echo", r#"{"text":"hi"}"#), r#"gate echo: {"text":"hi"}"#);
        assert_eq!(of("Grep", r#"{"pattern":7}"#), "Grep: ");
        assert_eq!(of("Bash", &format!(r#"{{"command":"{}"}}"#, "x".repeat(200))).chars().count(), 106);
    }
}
