//! What goes wrong on purpose.

use std::io::{self, Write as _};

use serde_json::{Value, json};
use uuid::Uuid;

use super::emit::{raw, say};

/// A delta whose text is not UTF-8.
pub fn bad_utf8(session: Uuid) -> Vec<u8> {
    let head = b"{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"bad ";
    let tail = format!(" utf8\"}}}},\"session_id\":\"{session}\",\"parent_tool_use_id\":null}}\n");
    [head.as_slice(), &[0xff, 0xc3], tail.as_bytes()].concat()
}

/// One line of that many bytes.
pub fn long_line(size: u64) -> io::Result<()> {
    let piece = vec![b'x'; 1 << 16];
    let mut left = usize::try_from(size).unwrap_or(usize::MAX);
    while left > 0 {
        let now = left.min(piece.len());
        raw(&piece[..now])?;
        left -= now;
    }
    raw(b"\n")
}

/// About so many bytes on stderr.
pub fn stderr(size: u64) -> io::Result<()> {
    let line = format!("{}\n", "noise ".repeat(20));
    let mut err = io::stderr().lock();
    (0..size.div_ceil(line.len() as u64)).try_for_each(|_| err.write_all(line.as_bytes()))
}

/// Starts `sleep` in a session of its own.
pub fn grandchild() -> io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the point is a process that escapes its process group")]
    let mut command = std::process::Command::new("setsid");
    command.args(["sleep", "3600"]);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command.spawn().map(drop)
}

/// A handler that does nothing takes the place of dying.
pub fn ignore_term() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _runs = runtime.enter();
    std::mem::forget(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?);
    Ok(())
}

/// The result of a turn that failed with this status of the API.
pub fn api_error(session: Uuid, status: u16) -> io::Result<Value> {
    let (error, text) = match status {
        401 | 403 => ("authentication_failed", format!("Failed to authenticate. API Error: {status}")),
        404 => ("model_not_found", "There's an issue with the selected model.".to_owned()),
        429 => ("rate_limit", "API Error: Request rejected (429)".to_owned()),
        _ => ("server_error", format!("API Error: {status}")),
    };
    say(&json!({ "type": "assistant", "error": error, "parent_tool_use_id": null, "session_id": session,
                 "message": { "role": "assistant", "model": "<synthetic>", "content": [{ "type": "text", "text": text }] } }))?;
    Ok(json!({ "subtype": "success", "is_error": true, "terminal_reason": "api_error",
                            "api_error_status": status, "result": text }))
}
