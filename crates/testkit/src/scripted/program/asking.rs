//! Tools that change something: asked for, then used.

use std::fs;
use std::io;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Heard, Program, Stop};
use crate::scripted::emit::{block, say, tool_result};

impl Program {
    pub(super) fn edit(&mut self, path: &str, content: String) -> Result<(), Stop> {
        let path = std::env::current_dir()?.join(path);
        let input = json!({ "file_path": path, "content": content });
        self.ask("Write", &input, |_| {
            fs::write(&path, &content)?;
            Ok("allowed".to_owned())
        })
    }

    /// A `Bash` that is asked for, then done.
    pub(super) fn run_command(&mut self, command: &str) -> Result<(), Stop> {
        self.ask("Bash", &json!({ "command": command }), |_| run(command))
    }

    /// Asks the person to choose; says the answers.
    pub(super) fn choose(&mut self, questions: &[Vec<String>]) -> Result<(), Stop> {
        let asked = questions.iter().filter_map(|parts| {
            let (text, choices) = parts.split_first()?;
            let options: Vec<_> = choices.iter().map(|label| json!({ "label": label, "description": "" })).collect();
            let (text, several) = (text.trim_start_matches('*'), text.starts_with('*'));
            Some(json!({ "question": text, "header": "Choose", "options": options, "multiSelect": several }))
        });
        let input = json!({ "questions": asked.collect::<Vec<_>>() });
        self.ask("AskUserQuestion", &input, |decision| {
            let answers = decision["updatedInput"]["answers"].as_object().cloned().unwrap_or_default();
            let said =
                answers.iter().map(|(question, answer)| format!("{question} {}", answer.as_str().unwrap_or_default()));
            Ok(said.collect::<Vec<_>>().join("; "))
        })
    }

    /// Asks before a tool is used; says what was decided.
    pub(super) fn ask(
        &mut self,
        tool: &str,
        input: &Value,
        act: impl FnOnce(&Value) -> io::Result<String>,
    ) -> Result<(), Stop> {
        let id = self.call(tool, input)?;
        let mode = self.args.iter().skip_while(|arg| *arg != "--permission-mode").nth(1).map(String::as_str);
        let unasked = mode == Some("bypassPermissions")
            || mode == Some("acceptEdits") && tool == "Write"
            || self.allowed.contains(tool);
        let decision = if unasked { json!({ "behavior": "allow" }) } else { self.decision(tool, input, &id)? };
        let said = if decision["behavior"] == "allow" {
            if decision["updatedPermissions"].as_array().is_some_and(|rules| !rules.is_empty()) {
                self.allowed.insert(tool.to_owned());
            }
            let said = act(&decision)?;
            tool_result(self.session, &id, Ok(&said))?;
            if self.quiet {
                return Ok(());
            }
            said
        } else {
            let why = decision["message"].as_str().unwrap_or_default();
            tool_result(self.session, &id, Err(why))?;
            format!("denied: {why}")
        };
        self.text(&said)
    }

    fn decision(&mut self, tool: &str, input: &Value, id: &str) -> Result<Value, Stop> {
        let request = Uuid::new_v4().to_string();
        let rule = json!({ "type": "addRules", "rules": [{ "toolName": tool }], "behavior": "allow",
                           "destination": "localSettings" });
        say(&json!({ "type": "control_request", "request_id": request, "request": {
            "subtype": "can_use_tool", "tool_name": tool, "input": input, "tool_use_id": id,
            "permission_suggestions": [rule] } }))?;
        loop {
            let Ok(heard) = self.input.recv() else {
                self.closed = true;
                return Ok(json!({ "behavior": "deny", "message": "stdin is closed" }));
            };
            if let Heard::Line(line) = &heard
                && line["type"] == "control_response"
                && line["response"]["request_id"] == request.as_str()
            {
                return Ok(line["response"]["response"].clone());
            }
            self.hear(heard)?;
            if self.interrupted {
                say(&json!({ "type": "control_cancel_request", "request_id": request }))?;
                tool_result(self.session, id, Err("rejected"))?;
                return Err(Stop::Interrupted);
            }
        }
    }

    pub(super) fn call(&self, tool: &str, input: &Value) -> io::Result<String> {
        let id = format!("toolu_{}", Uuid::new_v4().simple());
        block(self.session, &json!({ "type": "tool_use", "id": id, "name": tool, "input": input }))?;
        Ok(id)
    }
}

/// What a command prints.
#[expect(clippy::disallowed_methods, reason = "this is a program of its own; the step is there to do what was allowed")]
fn run(command: &str) -> io::Result<String> {
    let output = std::process::Command::new("sh").args(["-c", command]).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
