//! Permission questions: what a person is shown, and what their answer becomes on the wire.

use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use adjutant_core::assistant::{Answer, Choice, PermissionDetail, PermissionRequest, Question};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use similar::TextDiff;

use super::protocol::{CanUseTool, Decision, Response, ToolInput, Written};
use super::title::{relative, title};

/// The tool with which the model asks the person.
const ASK: &str = "AskUserQuestion";
/// A diff is cut to so many lines; the assistant's own words tell the rest.
const DIFF_LINES: usize = 200;
/// Larger files are not read for a diff's context.
const READ_AT_MOST: u64 = 1024 * 1024;
/// The most characters of the input of a tool we know nothing about.
const SHOWN: usize = 4000;
/// The most characters of a command, which is only cut at all so that it cannot fill the memory.
const COMMAND: usize = 64_000;

/// What has to be remembered to answer. The input only of questions, whose answers go into it: without `updatedInput`
/// the program runs what it asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Raw {
    tool: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    input: Map<String, Value>,
}

/// The question as people see it.
pub fn request(id: &str, asked: CanUseTool, cwd: &Path) -> PermissionRequest {
    let title = title(&asked.tool_name, &asked.input, cwd);
    let detail = detail(&asked.tool_name, &asked.input, cwd);
    let input = if asked.tool_name == ASK { asked.input.0 } else { Map::new() };
    let raw = Raw { tool: asked.tool_name, suggestions: asked.permission_suggestions.unwrap_or_default(), input };
    PermissionRequest { request: id.to_owned(), title, detail, raw: serde_json::to_string(&raw).unwrap_or_default() }
}

/// The line that answers it.
pub fn answer(request: &PermissionRequest, answer: &Answer) -> Result<Vec<u8>, serde_json::Error> {
    let permissions = match answer {
        Answer::AllowSession => for_this_session(serde_json::from_str(&request.raw)?),
        _ => Vec::new(),
    };
    let response = match answer {
        Answer::AllowOnce | Answer::AllowSession => {
            Decision::Allow { updated_permissions: &permissions, updated_input: None }
        }
        Answer::Chosen { answers } => {
            let input = answered(serde_json::from_str(&request.raw)?, answers);
            Decision::Allow { updated_permissions: &[], updated_input: Some(input) }
        }
        Answer::Deny { reason } => Decision::Deny {
            message: reason.as_deref().filter(|why| !why.trim().is_empty()).unwrap_or("The person said no."),
        },
    };
    serde_json::to_vec(&Written::ControlResponse {
        response: Response { subtype: "success", request_id: &request.request, response },
    })
}

/// The rules that spare this kind of call another question while the process lives.
///
/// Suggested destinations are rewritten: echoing `localSettings` would write a settings file into the workspace.
/// A suggested rule is preferred to a change of the whole mode, which comes with it for some commands.
fn for_this_session(raw: Raw) -> Vec<Map<String, Value>> {
    let is_rule = |suggestion: &Map<String, Value>| suggestion.get("type").and_then(Value::as_str) == Some("addRules");
    let (rules, others): (Vec<_>, Vec<_>) = raw.suggestions.into_iter().partition(is_rule);
    let mut chosen = if rules.is_empty() { others } else { rules };
    if chosen.is_empty() {
        let rule = json!({ "type": "addRules", "rules": [{ "toolName": raw.tool }], "behavior": "allow" });
        chosen.extend(rule.as_object().cloned());
    }
    for suggestion in &mut chosen {
        suggestion.insert("destination".to_owned(), Value::from("session"));
    }
    chosen
}

fn detail(tool: &str, input: &ToolInput, cwd: &Path) -> PermissionDetail {
    match tool {
        "Bash" => PermissionDetail::Command { command: whole(input.text("command").unwrap_or_default()) },
        "Write" | "Edit" | "MultiEdit" => {
            let path = input.text("file_path").unwrap_or_default();
            PermissionDetail::Diff { path: relative(path, cwd), diff: diff(tool, input, path, cwd) }
        }
        ASK => PermissionDetail::Choices { questions: questions(input) },
        _ => PermissionDetail::Other { text: bounded(&serde_json::to_string_pretty(&input.0).unwrap_or_default()) },
    }
}

/// The input with the answers, as the program's own dialogue fills it in: by the text of the question.
fn answered(raw: Raw, answers: &[String]) -> Map<String, Value> {
    let mut input = raw.input;
    let asked = ToolInput(input.clone()).list("questions");
    let by_text = asked.iter().zip(answers);
    let by_text = by_text.map(|(question, answer)| (question.text("question").unwrap_or_default(), answer));
    let answers: Map<String, Value> =
        by_text.map(|(question, answer)| (question.to_owned(), Value::from(answer.as_str()))).collect();
    input.insert("answers".to_owned(), Value::Object(answers));
    input
}

fn questions(input: &ToolInput) -> Vec<Question> {
    let text = |input: &ToolInput, name: &str| bounded(input.text(name).unwrap_or_default());
    let choice = |option: &ToolInput| Choice { label: text(option, "label"), description: text(option, "description") };
    let question = |question: &ToolInput| Question {
        text: text(question, "question"),
        choices: question.list("options").iter().map(choice).collect(),
        several: question.is_set("multiSelect"),
        picked: Vec::new(),
        answer: None,
    };
    input.list("questions").iter().map(question).collect()
}

/// What would change in the file, against what is on disk now.
fn diff(tool: &str, input: &ToolInput, path: &str, cwd: &Path) -> String {
    let on_disk = read_inside(Path::new(path), cwd);
    let (before, after) = if tool == "Write" {
        (on_disk.unwrap_or_default(), input.text("content").unwrap_or_default().to_owned())
    } else {
        edited(&edits(tool, input), on_disk)
    };
    let shown = relative(path, cwd);
    let (from, to) = (format!("a/{shown}"), format!("b/{shown}"));
    let from = if before.is_empty() { "/dev/null" } else { from.as_str() };
    let whole = TextDiff::from_lines(&before, &after).unified_diff().context_radius(3).header(from, &to).to_string();
    first_lines(&whole)
}

/// One replacement of an edit.
struct Edit {
    old: String,
    new: String,
    all: bool,
}

fn edits(tool: &str, input: &ToolInput) -> Vec<Edit> {
    let list = if tool == "MultiEdit" { input.list("edits") } else { vec![input.clone()] };
    list.iter()
        .map(|edit| Edit {
            old: edit.text("old_string").unwrap_or_default().to_owned(),
            new: edit.text("new_string").unwrap_or_default().to_owned(),
            all: edit.is_set("replace_all"),
        })
        .collect()
}

/// Text before and after. Where the file is not at hand or does not hold the old text, the replaced pieces alone.
fn edited(edits: &[Edit], on_disk: Option<String>) -> (String, String) {
    let Some(before) = on_disk else { return pieces(edits) };
    let mut after = before.clone();
    for edit in edits {
        if edit.old.is_empty() || !after.contains(&edit.old) {
            return pieces(edits);
        }
        after = if edit.all { after.replace(&edit.old, &edit.new) } else { after.replacen(&edit.old, &edit.new, 1) };
    }
    (before, after)
}

fn pieces(edits: &[Edit]) -> (String, String) {
    let join = |pick: fn(&Edit) -> &str| edits.iter().map(pick).collect::<Vec<_>>().join("\n");
    (join(|edit| &edit.old), join(|edit| &edit.new))
}

/// The text of a regular file inside the working directory. What lies outside is not shown: the gateway may be
/// allowed to read more than the assistant is.
pub fn read_inside(path: &Path, cwd: &Path) -> Option<String> {
    // Most often it is not there, and that is one look; resolving a path is one for every folder.
    path.symlink_metadata().ok()?;
    let path: PathBuf = path.canonicalize().ok()?;
    if !path.starts_with(cwd.canonicalize().ok()?) {
        return None;
    }
    read_regular(&path, READ_AT_MOST)
}

/// A regular file's text, if it is not longer than `most` bytes. Neither a link put there after the path was checked
/// nor a pipe is opened.
fn read_regular(path: &Path, most: u64) -> Option<String> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let file = std::fs::OpenOptions::new().read(true).custom_flags(i32::try_from(flags).ok()?).open(path).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > most {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn first_lines(diff: &str) -> String {
    let count = diff.lines().count();
    let mut text: String = diff.lines().take(DIFF_LINES).map(|line| bounded(line) + "\n").collect();
    if count > DIFF_LINES {
        text.push_str(&format!("… {} more lines\n", count - DIFF_LINES));
    }
    text
}

/// A command as it will run. What decides may stand at its very end, so a longer one loses its middle, and says so.
fn whole(command: &str) -> String {
    let count = command.chars().count();
    if count <= COMMAND {
        return command.to_owned();
    }
    let half = COMMAND / 2;
    let (head, tail): (String, String) =
        (command.chars().take(half).collect(), command.chars().skip(count - half).collect());
    format!("{head}\n… {} characters are left out here …\n{tail}", count - 2 * half)
}

fn bounded(text: &str) -> String {
    let mut end = text.chars();
    let shown: String = end.by_ref().take(SHOWN).collect();
    if end.next().is_some() { shown + "…" } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(tool: &str, input: Value) -> CanUseTool {
        serde_json::from_value(json!({ "tool_name": tool, "input": input, "tool_use_id": "t" })).unwrap()
    }

    fn diff_of(dir: &Path, tool: &str, input: Value) -> String {
        match request("r", asked(tool, input), dir).detail {
            PermissionDetail::Diff { diff, .. } => diff,
            other => panic!("not a diff: {other:?}"),
        }
    }

    #[test]
    fn a_commands_end_is_shown_however_long_it_is() {
        let command = format!("echo {}; rm -rf everything", "x".repeat(100_000));
        let PermissionDetail::Command { command } =
            request("r", asked("Bash", json!({ "command": command })), Path::new("/")).detail
        else {
            panic!("no command");
        };
        assert!(command.ends_with("; rm -rf everything") && command.contains("characters are left out here"));
    }

    #[test]
    fn an_edit_is_shown_against_the_file_with_context() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.txt");
        std::fs::write(&file, "one\ntwo\nthree\n").unwrap();
        let input = json!({ "file_path": file, "old_string": "two", "new_string": "zwei" });
        let diff = diff_of(dir.path(), "Edit", input);
        assert_eq!(diff, "--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n");
    }

    #[test]
    fn a_file_outside_the_working_directory_is_not_read_even_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(outside.path(), "secret above\nold\n").unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(outside.path(), &link).unwrap();
        for path in [outside.path(), &link] {
            let input = json!({ "file_path": path, "old_string": "old", "new_string": "new" });
            let diff = diff_of(dir.path(), "Edit", input);
            assert!(diff.contains("-old") && diff.contains("+new") && !diff.contains("secret"), "{diff}");
        }
    }

    #[test]
    fn a_long_diff_is_cut_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let content = "line\n".repeat(1000);
        let diff = diff_of(dir.path(), "Write", json!({ "file_path": dir.path().join("new"), "content": content }));
        assert_eq!(diff.lines().count(), DIFF_LINES + 1);
        assert!(diff.starts_with("--- /dev/null\n") && diff.ends_with("… 803 more lines\n"), "{diff}");
    }

    #[test]
    fn allowing_for_the_session_takes_the_suggested_rule_and_keeps_it_out_of_the_workspace() {
        let mut asked = asked("Bash", json!({ "command": "mkdir q" }));
        asked.permission_suggestions = serde_json::from_value(json!([
            { "type": "addRules", "rules": [{ "toolName": "Bash", "ruleContent": "mkdir q *" }], "behavior": "allow",
              "destination": "localSettings" },
            { "type": "setMode", "mode": "acceptEdits", "destination": "session" },
        ]))
        .unwrap();
        let request = request("r1", asked, Path::new("/w"));
        let line: Value = serde_json::from_slice(&answer(&request, &Answer::AllowSession).unwrap()).unwrap();
        assert_eq!(
            line["response"]["response"],
            json!({ "behavior": "allow", "updatedPermissions": [
                { "type": "addRules", "rules": [{ "toolName": "Bash", "ruleContent": "mkdir q *" }],
                  "behavior": "allow", "destination": "session" },
            ]})
        );
    }

    #[test]
    fn allowing_for_the_session_without_a_suggestion_allows_the_tool() {
        let request = request("r1", asked("WebFetch", json!({ "url": "https://a" })), Path::new("/w"));
        let line: Value = serde_json::from_slice(&answer(&request, &Answer::AllowSession).unwrap()).unwrap();
        let rules = &line["response"]["response"]["updatedPermissions"][0]["rules"];
        assert_eq!(rules, &json!([{ "toolName": "WebFetch" }]));
    }

    #[test]
    fn a_question_lists_its_choices_and_its_answer_goes_into_the_input() {
        let input = json!({ "questions": [
            { "question": "Which?", "options": [{ "label": "A", "description": "first" }, { "label": "B" }] },
            { "question": "What else?", "multiSelect": true, "options": [{ "label": "C" }, { "label": "D" }] },
        ]});
        let request = request("r", asked("AskUserQuestion", input.clone()), Path::new("/w"));
        let PermissionDetail::Choices { questions } = &request.detail else { panic!("{request:?}") };
        assert_eq!(questions[0].choices[0], Choice { label: "A".to_owned(), description: "first".to_owned() });
        assert_eq!((questions[0].several, questions[1].several), (false, true));
        let chosen = Answer::Chosen { answers: vec!["B".to_owned(), "C, D".to_owned()] };
        let line: Value = serde_json::from_slice(&answer(&request, &chosen).unwrap()).unwrap();
        let response = &line["response"]["response"];
        assert_eq!(response["updatedInput"]["questions"], input["questions"]);
        assert_eq!(response["updatedInput"]["answers"], json!({ "Which?": "B", "What else?": "C, D" }));
    }
}
