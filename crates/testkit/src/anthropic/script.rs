//! The steps that may stand in a prompt.

use serde_json::Value;

/// One answer of the API.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `text:T`: one block in one delta.
    Text(String),
    /// `words:N[,MS]`: one block in N deltas, so many milliseconds apart.
    Words { count: u64, pause_ms: u64 },
    /// `chars:N`: one block of N characters, in deltas of 200.
    Chars(usize),
    /// `think:T`: a thinking block, then the text `thought done`.
    Think(String),
    /// `tool:Name:{json}`, several joined by ` && `; or `say+tool:T:Name:{json}`.
    Tools { say: Option<String>, calls: Vec<(String, Value)> },
    /// `err:STATUS[,xN]`: an error of HTTP, on the first N attempts only.
    Error { status: u16, times: Option<u32> },
    /// `drop:N`: N deltas, then the connection is cut.
    Drop(u64),
    /// `stall`: two deltas, then nothing ever again.
    Stall,
    /// `maxtok`: a text that stops because it is too long.
    TooLong,
    /// `usage:IN,OUT`: a text with these token counts.
    Usage { input: u64, output: u64 },
    /// `sys:MARK`: says whether the system prompt holds the mark.
    System(String),
    /// `echo`: says model, kind of login, number of messages and of tools.
    Echo,
}

/// The step a request asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub step: Step,
    /// The same for a repetition of the same request.
    pub id: String,
}

/// Finds the step for a request.
#[must_use]
pub fn find(body: &Value) -> Asked {
    let none = Vec::new();
    let messages = body["messages"].as_array().unwrap_or(&none);
    for (at, message) in messages.iter().enumerate().rev() {
        if message["role"] != "user" {
            continue;
        }
        let Some(script) = texts(message).iter().rev().find_map(|text| last_script(text)) else { continue };
        let used = messages[at + 1..].iter().filter(|message| message["role"] == "assistant").count();
        let step = script.split(" || ").nth(used).map_or(Step::Text("done".to_owned()), |step| parse(step.trim()));
        return Asked { step, id: format!("{used} {} {script}", messages.len()) };
    }
    let side = body["tools"].as_array().is_none_or(Vec::is_empty);
    Asked { step: Step::Text(if side { "A title" } else { "ok" }.to_owned()), id: String::new() }
}

fn texts(message: &Value) -> Vec<String> {
    match &message["content"] {
        Value::String(text) => vec![text.clone()],
        Value::Array(blocks) => blocks.iter().filter_map(|block| block["text"].as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// The text inside the last `[[ … ]]`; of `]]]` the first belongs to JSON inside.
fn last_script(text: &str) -> Option<String> {
    let begin = text.rfind("[[").map(|at| at + 2)?;
    let end = text.rfind("]]").filter(|end| *end >= begin)?;
    Some(text[begin..end].to_owned())
}

fn parse(step: &str) -> Step {
    let (name, argument) = step.split_once(':').unwrap_or((step, ""));
    known(name, argument).unwrap_or_else(|| Step::Text(format!("a step this stand-in does not know: {step}")))
}

fn known(name: &str, argument: &str) -> Option<Step> {
    let (first, second) = argument.split_once(',').unwrap_or((argument, "0"));
    Some(match name {
        "text" => Step::Text(argument.to_owned()),
        "words" => Step::Words { count: first.parse().ok()?, pause_ms: second.parse().ok()? },
        "chars" => Step::Chars(argument.parse().ok()?),
        "think" => Step::Think(argument.to_owned()),
        "tool" => Step::Tools { say: None, calls: argument.split(" && tool:").map(call).collect::<Option<_>>()? },
        "say+tool" => {
            let (say, argument) = argument.split_once(':')?;
            Step::Tools { say: Some(say.to_owned()), calls: vec![call(argument)?] }
        }
        "err" => {
            let times = second.strip_prefix('x').and_then(|times| times.parse().ok());
            Step::Error { status: first.parse().ok()?, times }
        }
        "drop" => Step::Drop(argument.parse().unwrap_or(2)),
        "stall" => Step::Stall,
        "maxtok" => Step::TooLong,
        "usage" => Step::Usage { input: first.parse().ok()?, output: second.parse().ok()? },
        "sys" => Step::System(argument.to_owned()),
        "echo" => Step::Echo,
        _ => return None,
    })
}

fn call(text: &str) -> Option<(String, Value)> {
    let (name, input) = text.split_once(':').unwrap_or((text, "{}"));
    Some((name.to_owned(), serde_json::from_str(input).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_answer_uses_up_one_step() {
        let user = json!({ "role": "user", "content": "do [[tool:Read:{\"a\":[1]} || text:b]]" });
        let assistant = json!({ "role": "assistant", "content": [] });
        let result = json!({ "role": "user", "content": [{ "type": "tool_result" }] });
        let step = |messages: Value| find(&json!({ "messages": messages, "tools": [1] })).step;
        let calls = vec![("Read".to_owned(), json!({ "a": [1] }))];
        assert_eq!(step(json!([user])), Step::Tools { say: None, calls });
        assert_eq!(step(json!([user, assistant, result])), Step::Text("b".into()));
        assert_eq!(step(json!([user, assistant, result, assistant, result])), Step::Text("done".into()));
        assert_eq!(step(json!([{ "role": "user", "content": "plain" }])), Step::Text("ok".into()));
    }
}
