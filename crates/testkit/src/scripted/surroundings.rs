//! What the program finds around itself.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::emit::lost;

/// The session's id; a session to resume must have been begun before with the same configuration directory. `None` when
/// it was not, which has been said.
pub fn begin_session(args: &[String]) -> io::Result<Option<Uuid>> {
    let value = |name: &str| args.iter().skip_while(|arg| *arg != name).nth(1);
    let sessions = sessions();
    let file = |id: Uuid| sessions.as_ref().map(|dir| dir.join(id.to_string()));
    if let Some(id) = value("--resume") {
        let known = id.parse().ok().filter(|id| file(*id).is_none_or(|file| file.is_file()));
        if known.is_none() {
            lost(id)?;
        }
        return Ok(known);
    }
    let session = value("--session-id").and_then(|id| id.parse().ok()).unwrap_or_else(Uuid::new_v4);
    if let (Some(dir), Some(file)) = (&sessions, file(session)) {
        // As private as the real program keeps its own.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        fs::OpenOptions::new().create(true).append(true).mode(0o600).open(file)?;
    }
    Ok(Some(session))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is a program of its own, and where its files lie is an environment variable"
)]
fn sessions() -> Option<PathBuf> {
    std::env::var_os("CLAUDE_CONFIG_DIR").map(|dir| Path::new(&dir).join("scripted-sessions"))
}

/// Where received prompts are noted.
#[expect(clippy::disallowed_methods, reason = "this is a program of its own; the variable is for tests that set it")]
pub fn find_log() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("SCRIPTED_LOG") {
        return Some(path.into());
    }
    let named = |file: PathBuf| fs::read_to_string(file).ok().map(|path| PathBuf::from(path.trim()));
    let beside = std::env::current_exe().ok().and_then(|exe| {
        let mut name = exe.into_os_string();
        name.push(".log-path");
        named(name.into())
    });
    let cwd = std::env::current_dir().ok()?;
    beside.or_else(|| cwd.ancestors().find_map(|dir| named(dir.join(".scripted-log"))))
}

/// What a prompt without steps is answered with: the steps of the first pair in `.scripted-answers`, in the working
/// directory or above it, whose first half stands in the prompt.
pub fn find_answer(prompt: &str) -> Option<String> {
    let cwd = std::env::current_dir().ok()?;
    let answers = cwd.ancestors().find_map(|dir| fs::read(dir.join(super::ANSWERS)).ok())?;
    let answers: Vec<(String, String)> = serde_json::from_slice(&answers).ok()?;
    answers.into_iter().find(|(part, _)| prompt.contains(part)).map(|(_, steps)| steps)
}

/// The names of the environment's variables, sorted.
#[expect(clippy::disallowed_methods, reason = "the step is there to show what this program was given")]
pub fn environment() -> String {
    let mut names: Vec<_> = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names.join(" ")
}
