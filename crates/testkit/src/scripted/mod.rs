//! A scripted stand-in for the Claude Code program: same flags, same protocol, and what it does stands in the prompt.
//!
//! The binary is `scripted-assistant`. A prompt holds steps in double square brackets, carried out in their order; the
//! table is [`script::Step`]. A prompt without steps is answered `ok`, or as [`answer`] says. Like the real program it drops a message whose
//! `uuid` it has seen, dies of a line that is not JSON, knows the sessions it was asked to resume only if they were
//! begun with the same `CLAUDE_CONFIG_DIR`, and asks before it changes anything.
//!
//! Every prompt it gets is appended to a log, one JSON object per line ([`Received`]). Its environment is empty by
//! design, so the log's path is found in this order: `SCRIPTED_LOG`, a file `<executable>.log-path`, a file
//! `.scripted-log` in the working directory or the nearest directory above it that has one.

mod emit;
mod faults;
mod program;
pub mod script;
mod surroundings;

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use program::scripted_main;

/// A prompt that reached the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    pub session: String,
    /// The message's `uuid`: the turn's id.
    pub uuid: String,
    pub prompt: String,
    pub pid: u32,
}

/// The prompts received so far, in their order. A log that is not there yet is empty.
///
/// # Errors
/// Whatever the file system says; a line that is not ours.
pub fn received(log: &Path) -> io::Result<Vec<Received>> {
    let text = match std::fs::read_to_string(log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    text.lines().map(|line| serde_json::from_str(line).map_err(io::Error::from)).collect()
}

/// Where prompts without steps find theirs.
const ANSWERS: &str = ".scripted-answers";

/// Gives scripted assistants that work in `dir` or below it the steps for prompts that have none: of the first pair whose
/// first half stands in the prompt. So people in a test can write what people write.
///
/// # Errors
/// Whatever the file system says.
pub fn answer(dir: &Path, answers: &[(&str, &str)]) -> io::Result<()> {
    std::fs::write(dir.join(ANSWERS), serde_json::to_vec(answers)?)
}

/// Makes scripted assistants that work in `dir` or below it write to `log`.
///
/// # Errors
/// Whatever the file system says.
pub fn log_prompts(dir: &Path, log: &Path) -> io::Result<()> {
    std::fs::write(dir.join(".scripted-log"), log.display().to_string())
}
