//! What Git says about the files it knows.

use std::path::Path;

use super::{FileDiff, FileState, LONGEST_PATCH, MOST_PRINTED};
use crate::config::GitConfig;
use crate::git::Git;

/// Nothing of a repository's own taste: no programs, no colours, no other prefixes.
const PLAIN: &[&str] = &[
    "diff",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--no-relative",
    "--ignore-submodules=all",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
];

/// Every file that differs from a commit.
pub async fn files(git: Git, config: &GitConfig, commit: &str, only: Option<&Path>) -> Option<Vec<FileDiff>> {
    let git = git.arguments(PLAIN.iter().copied()).arguments(["--raw", "--numstat", "-z", commit, "--"]);
    let output = git.arguments(only.map(Path::as_os_str)).output(config, MOST_PRINTED).await.ok()?;
    if output.success { parse(&output.stdout) } else { None }
}

/// The unified diff, and whether it ends early.
pub async fn patch(git: Git, config: &GitConfig, commit: &str, only: Option<&Path>) -> Option<(String, bool)> {
    let git = git.arguments(PLAIN.iter().copied()).arguments(["--patch", "--unified=3", commit, "--"]);
    let output = git.arguments(only.map(Path::as_os_str)).output(config, LONGEST_PATCH).await.ok()?;
    let cut = output.stdout.len() > LONGEST_PATCH;
    if !output.success && !cut {
        return None;
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if cut {
        // The last line is incomplete.
        text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
    }
    Some((text, cut))
}

/// With `-z`, first `:100644 100644 <id> <id> M` and a path for every file, then `<added> <removed> <path>`.
fn parse(printed: &[u8]) -> Option<Vec<FileDiff>> {
    let mut files: Vec<FileDiff> = Vec::new();
    let mut entries = printed.split(|&byte| byte == 0).filter(|entry| !entry.is_empty());
    let mut counted = 0;
    while let Some(entry) = entries.next() {
        if entry.first() == Some(&b':') {
            let state = match entry.last()? {
                b'A' => FileState::New,
                b'D' => FileState::Deleted,
                _ => FileState::Changed,
            };
            let path = text(entries.next()?);
            files.push(FileDiff { path, state, added: 0, removed: 0, binary: false });
            continue;
        }
        let mut fields = entry.splitn(3, |&byte| byte == b'\t');
        let (added, removed, path) = (text(fields.next()?), text(fields.next()?), text(fields.next()?));
        // Both lists have the same order.
        let file = files.get_mut(counted)?;
        counted += 1;
        if file.path == path {
            // Git prints `-` for a file that is no text.
            file.binary = added == "-";
            file.added = added.parse().unwrap_or(0);
            file.removed = removed.parse().unwrap_or(0);
        }
    }
    Some(files)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_of_git_are_read_whatever_the_names_are() {
        let printed = b":100644 100644 1 2 M\0a\tb\nc\0:100644 000000 1 0 D\0gone\0:000000 100644 0 2 A\0logo\0\
                        3\t1\ta\tb\nc\x000\t7\tgone\0-\t-\tlogo\0";
        let files = parse(printed).unwrap();
        let seen: Vec<_> =
            files.iter().map(|file| (file.path.as_str(), file.state, file.added, file.removed, file.binary)).collect();
        assert_eq!(
            seen,
            [
                ("a\tb\nc", FileState::Changed, 3, 1, false),
                ("gone", FileState::Deleted, 0, 7, false),
                ("logo", FileState::New, 0, 0, true),
            ]
        );
    }
}
