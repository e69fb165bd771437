//! What the program itself keeps of a session, and how that is deleted.
//!
//! Observed with version 2.1.329: `projects/<directory>/<session>.jsonl` holds what was said, `projects/<directory>/<session>/`
//! long outputs of tools, `session-env/<session>` and `<tmp>/claude-<uid>/<directory>/<session>` the surroundings of its
//! commands; other versions have `todos/<session>-….json` and `file-history/<session>`. A session's id is a UUID of our
//! own making, so whatever bears its name is ours, in the operator's own configuration directory as well.

use std::fs;
use std::io;
use std::path::Path;

use uuid::Uuid;

/// How deep below a directory the program puts what bears a session's name.
const DEPTH: usize = 2;

/// Deletes every file and folder below `root` that bears the name of one of these sessions. Links are not followed.
/// Blocks.
///
/// # Errors
/// When something cannot be looked at or deleted. What vanishes meanwhile is as good as deleted.
pub fn forget(root: &Path, sessions: &[Uuid]) -> io::Result<()> {
    let names: Vec<String> = sessions.iter().map(Uuid::to_string).collect();
    look(root, &names, DEPTH)
}

fn look(folder: &Path, names: &[String], depth: usize) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absence(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if bears(&entry.file_name().to_string_lossy(), names) {
            let removed = if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
            removed.or_else(|error| if is_absence(&error) { Ok(()) } else { Err(error) })?;
        } else if is_folder && depth > 0 {
            look(&entry.path(), names, depth - 1)?;
        }
    }
    Ok(())
}

/// The session's id, alone or with an ending.
fn bears(file: &str, names: &[String]) -> bool {
    let is =
        |name: &String| file.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || !starts_plain(rest));
    names.iter().any(is)
}

fn starts_plain(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_bears_the_name_of_the_session_goes_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let (gone, kept) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("precious"), "x").unwrap();
        let path = |name: String| root.path().join(name);
        for id in [gone, kept] {
            fs::create_dir_all(path(format!("projects/-w/{id}/tool-results"))).unwrap();
            fs::create_dir_all(path(format!("session-env/{id}"))).unwrap();
            fs::create_dir_all(path(format!("claude-0/-w/{id}/tasks"))).unwrap();
            fs::create_dir_all(path("todos".to_owned())).unwrap();
            fs::write(path(format!("projects/-w/{id}.jsonl")), "{}").unwrap();
            fs::write(path(format!("projects/-w/{id}/tool-results/a.txt")), "x").unwrap();
            fs::write(path(format!("todos/{id}-agent-{id}.json")), "[]").unwrap();
        }
        std::os::unix::fs::symlink(outside.path(), path(format!("projects/{gone}"))).unwrap();
        std::os::unix::fs::symlink(outside.path(), path("elsewhere".to_owned())).unwrap();
        forget(root.path(), &[gone]).unwrap();
        forget(root.path(), &[gone]).unwrap();
        forget(&path("never made".to_owned()), &[gone]).unwrap();
        for name in
            ["projects/-w/ID.jsonl", "projects/-w/ID", "session-env/ID", "claude-0/-w/ID", "todos/ID-agent-ID.json"]
        {
            assert!(!path(name.replace("ID", &gone.to_string())).exists(), "{name} is still there");
            assert!(path(name.replace("ID", &kept.to_string())).exists(), "{name} of another session is gone");
        }
        assert!(!path(format!("projects/{gone}")).is_symlink());
        assert!(outside.path().join("precious").exists(), "a link is not followed");
    }
}
