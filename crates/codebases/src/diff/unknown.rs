//! Files Git does not know yet, shown as they would be after `git add`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{FileDiff, FileState, LONGEST_PATCH, MOST_PRINTED};
use crate::config::GitConfig;
use crate::git::Git;
use crate::paths::Beneath;

/// A larger file is only named.
const LARGEST: usize = 256 * 1024;

/// Paths of files that are neither known to Git nor ignored.
pub async fn paths(git: Git, config: &GitConfig, only: Option<&Path>) -> Option<Vec<PathBuf>> {
    let git = git.arguments(["ls-files", "--others", "--exclude-standard", "-z", "--"]);
    let output = git.arguments(only.map(Path::as_os_str)).output(config, MOST_PRINTED).await.ok()?;
    let entries = output.stdout.split(|&byte| byte == 0).filter(|entry| !entry.is_empty());
    output.success.then(|| entries.map(|entry| PathBuf::from(OsStr::from_bytes(entry))).collect())
}

/// Adds them to the list and to the patch. Gives whether something did not fit into the patch.
pub fn add(tree: &Path, paths: Vec<PathBuf>, files: &mut Vec<FileDiff>, patch: &mut String) -> bool {
    let Ok(beneath) = Beneath::open(tree) else { return !paths.is_empty() };
    let mut cut = false;
    for path in paths {
        let read = beneath.read(&path, LARGEST).ok();
        let text = read.filter(|bytes| !bytes.contains(&0)).and_then(|bytes| String::from_utf8(bytes).ok());
        let shown = path.to_string_lossy().into_owned();
        let added = text.as_ref().map_or(0, |text| text.lines().count() as u64);
        let binary = text.is_none();
        cut |= !append(patch, &shown, text.as_deref());
        files.push(FileDiff { path: shown, state: FileState::New, added, removed: 0, binary });
    }
    cut
}

fn append(patch: &mut String, path: &str, text: Option<&str>) -> bool {
    // A name with a line break must not look like lines of the diff.
    let path = path.replace(|c: char| c.is_control(), "?");
    let mut piece = format!("diff --git a/{path} b/{path}\nnew file\n");
    match text {
        None => piece.push_str(&format!("Binary files /dev/null and b/{path} differ\n")),
        Some("") => {}
        Some(text) => {
            piece.push_str(&format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{} @@\n", text.lines().count()));
            for line in text.lines() {
                piece.push('+');
                piece.push_str(line);
                piece.push('\n');
            }
            if !text.ends_with('\n') {
                piece.push_str("\\ No newline at end of file\n");
            }
        }
    }
    let fits = patch.len() + piece.len() <= LONGEST_PATCH;
    if fits {
        patch.push_str(&piece);
    }
    fits
}
