//! The lines the program prints, in the form of Claude Code 2.1.329.

use std::io::{self, Write as _};

use serde_json::{Value, json};
use uuid::Uuid;

/// Prints one line.
pub fn say(line: &Value) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    raw(&text)
}

/// Prints bytes as they are.
pub fn raw(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// A piece of streamed text. Written by hand, because a test may ask for a million.
pub fn delta(session: Uuid, text: &str) -> io::Result<()> {
    let text = serde_json::to_string(text)?;
    let line = format!(
        "{{\"type\":\"stream_event\",\"event\":{{\"type\":\"content_block_delta\",\"index\":0,\"delta\":\
         {{\"type\":\"text_delta\",\"text\":{text}}}}},\"session_id\":\"{session}\",\"parent_tool_use_id\":null}}\n"
    );
    raw(line.as_bytes())
}

/// A finished block of the assistant.
pub fn block(session: Uuid, block: &Value) -> io::Result<()> {
    say(&json!({ "type": "assistant", "message": { "role": "assistant", "model": "scripted", "content": [block] },
                 "parent_tool_use_id": null, "session_id": session }))
}

/// What a tool gave back, or why it failed.
pub fn tool_result(session: Uuid, id: &str, outcome: Result<&str, &str>) -> io::Result<()> {
    let failed = outcome.is_err();
    let content = outcome.unwrap_or_else(|why| why);
    let block = json!({ "type": "tool_result", "tool_use_id": id, "content": content, "is_error": failed });
    say(&json!({ "type": "user", "message": { "role": "user", "content": [block] },
                 "parent_tool_use_id": null, "session_id": session }))
}

/// What becomes of a message.
pub fn lifecycle(message: &Value, state: &str) -> io::Result<()> {
    say(&json!({ "type": "command_lifecycle", "command_uuid": message["uuid"], "state": state }))
}

/// The reply to a control request.
pub fn reply(request: &Value) -> io::Result<()> {
    let response = json!({ "subtype": "success", "request_id": request["request_id"], "response": {} });
    say(&json!({ "type": "control_response", "response": response }))
}

/// The result that says a session is not known.
pub fn lost(session: &str) -> io::Result<()> {
    let error = format!("No conversation found with session ID: {session}");
    eprintln!("{error}");
    say(&json!({ "type": "result", "subtype": "error_during_execution", "is_error": true, "errors": [error] }))
}
