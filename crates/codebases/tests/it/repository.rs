//! Repositories, workspaces and a Git that only writes down how it was called.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use adjutant_codebases::{GitConfig, Protocol, Workspace};
use tempfile::TempDir;

/// Runs the machine's Git, outside of what is tested.
#[expect(clippy::disallowed_methods, reason = "tests make their repositories with the real program")]
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new("git")
        .args(["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A working tree with one commit.
pub fn tree(path: &Path) {
    std::fs::create_dir_all(path).unwrap();
    git(path, &["init", "--quiet"]);
    put(path, "README.md", "# Shop\n\nSells things.\n");
    put(path, ".claude/commands/plan.md", "Plan: $ARGUMENTS\n");
    git(path, &["add", "."]);
    git(path, &["commit", "--quiet", "-m", "Begin"]);
}

/// A bare repository that can be cloned, at `<folder>/acme/shop.git`.
pub fn origin(folder: &Path) -> PathBuf {
    let work = folder.join("work");
    tree(&work);
    let bare = folder.join("acme/shop.git");
    std::fs::create_dir_all(bare.parent().unwrap()).unwrap();
    git(folder, &["clone", "--quiet", "--bare", "work", bare.to_str().unwrap()]);
    // What a server without any program on its side needs.
    git(&bare, &["update-server-info"]);
    bare
}

pub fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A workspace that also accepts repositories of this machine.
pub fn workspace() -> (TempDir, Workspace) {
    with(config())
}

pub fn with(config: GitConfig) -> (TempDir, Workspace) {
    let folder = tempfile::Builder::new().prefix("workspace").tempdir().unwrap();
    let workspace = Workspace::new(&folder.path().join("root"), config).unwrap();
    (folder, workspace)
}

pub fn config() -> GitConfig {
    #[expect(clippy::disallowed_methods, reason = "the tests' Git may be anywhere")]
    let path = ("PATH".to_owned(), std::env::var_os("PATH").unwrap());
    GitConfig {
        protocols: vec![Protocol::Https, Protocol::Ssh, Protocol::Http, Protocol::File],
        environment: vec![path],
        ..GitConfig::default()
    }
}

/// A program in place of Git.
pub fn script(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("git-in-place");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Everything below a folder, relative, for "nothing was left behind".
pub fn everything(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap().flatten() {
            all.push(entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned());
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            }
        }
    }
    all.sort();
    all
}

pub fn ignore(_percent: u8) {}
