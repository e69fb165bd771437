//! Reading, writing and listing files of a codebase.

use std::os::unix::fs::{PermissionsExt, symlink};

use adjutant_codebases::paths::{list_markdown, read_file, write_file};

use crate::repository::{everything, put};

#[test]
fn a_file_is_written_with_its_folders_and_read_again() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    assert!(!write_file(root, ".claude/commands/deep/plan.md", b"one").unwrap());
    assert!(write_file(root, "./.claude//commands/deep/plan.md", b"two").unwrap());
    assert_eq!(read_file(root, ".claude/commands/deep/plan.md", 100).unwrap(), b"two");
    let absolute = root.join(".claude/commands/deep/plan.md");
    assert_eq!(read_file(root, absolute.to_str().unwrap(), 3).unwrap(), b"two");
    assert_eq!(everything(root).len(), 4, "nothing else is left: {:?}", everything(root));
    std::fs::set_permissions(&absolute, std::fs::Permissions::from_mode(0o700)).unwrap();
    write_file(root, ".claude/commands/deep/plan.md", b"three").unwrap();
    assert_eq!(absolute.metadata().unwrap().permissions().mode() & 0o777, 0o700, "the mode stays");
}

#[test]
fn no_path_leaves_the_codebase_for_reading_or_writing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop");
    put(folder.path(), "secret", "s");
    put(&root, "docs/a.md", "a");
    symlink(folder.path().join("secret"), root.join("link")).unwrap();
    symlink("../secret", root.join("relative")).unwrap();
    symlink("..", root.join("up")).unwrap();
    symlink(folder.path().join("new"), root.join("dangling")).unwrap();
    symlink("../newdir", root.join("danglingdir")).unwrap();
    let secret = folder.path().join("secret");
    for path in [
        "../secret",
        "docs/../../secret",
        "docs/../docs/a.md",
        secret.to_str().unwrap(),
        "/etc/passwd",
        "link",
        "relative",
        "up/secret",
        "up/new",
        "dangling",
        "danglingdir/x",
        ".git/hooks/pre-commit",
        ".GIT/config",
        ".git./config",
        "git~1/config",
        "docs/.git/config",
        "docs\0/a.md",
        "docs∕a.md",
        "",
        ".",
        "docs",
        "docs/",
        "docs/a.md/b",
        &"x".repeat(4_096),
        &"x".repeat(300),
    ] {
        let error = read_file(&root, path, 100).unwrap_err();
        assert!(!error.to_string().contains('\0') && !error.hint.is_empty(), "{path}: {error}");
        let error = write_file(&root, path, b"owned").unwrap_err();
        assert!(!error.hint.is_empty(), "{path}: {error}");
    }
    assert_eq!(std::fs::read(&secret).unwrap(), b"s");
    let outside: Vec<_> = everything(folder.path()).into_iter().filter(|path| !path.starts_with("shop")).collect();
    assert_eq!(outside, ["secret"]);
    assert_eq!(std::fs::read(root.join("docs/a.md")).unwrap(), b"a");
}

#[test]
fn a_link_that_stays_inside_is_read_but_not_written_through() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    put(root, "docs/a.md", "a");
    symlink("docs/a.md", root.join("link.md")).unwrap();
    symlink("docs", root.join("folder")).unwrap();
    assert_eq!(read_file(root, "link.md", 100).unwrap(), b"a");
    let error = write_file(root, "link.md", b"b").unwrap_err();
    assert_eq!(error.to_string(), "`link.md` is a link. Name the file it leads to.");
    assert!(write_file(root, "folder/a.md", b"b").unwrap());
    assert_eq!(std::fs::read(root.join("docs/a.md")).unwrap(), b"b");
}

#[test]
fn a_file_that_is_too_large_or_no_file_is_refused_at_once() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    std::fs::File::create(root.join("large")).unwrap().set_len(5 * 1024 * 1024).unwrap();
    let error = read_file(root, "large", 1024 * 1024).unwrap_err();
    assert_eq!(error.message, "`large` is larger than 1024 kB.");
    rustix::fs::mknodat(rustix::fs::CWD, root.join("fifo"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .unwrap();
    let error = read_file(root, "fifo", 100).unwrap_err();
    assert_eq!(error.message, "`fifo` is no ordinary file.");
    assert!(write_file(root, "fifo", b"").is_err());
    let error = read_file(root, "none.md", 100).unwrap_err();
    assert_eq!(error.message, "`none.md` is not in the codebase.");
}

#[test]
fn markdown_files_are_listed_recursively_without_hidden_folders_and_links_that_leave() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop");
    put(folder.path(), "outside/evil.md", "");
    for path in ["b.md", "a.MD", "sub/deep/c.md", ".hidden/d.md", ".e.md", "f.txt", ".md", "sub/.git/g.md"] {
        put(&root.join(".claude/commands"), path, "");
    }
    put(&root, "elsewhere/h.md", "");
    let commands = root.join(".claude/commands");
    symlink(folder.path().join("outside/evil.md"), commands.join("evil.md")).unwrap();
    symlink(folder.path().join("outside"), commands.join("evil")).unwrap();
    symlink("../../../elsewhere/h.md", commands.join("sub/broken.md")).unwrap();
    symlink("../../elsewhere/h.md", commands.join("h.md")).unwrap();
    symlink("../../elsewhere", commands.join("linked")).unwrap();
    symlink("..", commands.join("sub/circle")).unwrap();
    let listing = list_markdown(&root, ".claude/commands/").unwrap();
    let names: Vec<_> = listing.files.iter().map(|path| path.strip_prefix(".claude/commands/").unwrap()).collect();
    assert_eq!(names, ["a.MD", "b.md", "h.md", "linked/h.md", "sub/broken.md", "sub/deep/c.md"]);
    assert_eq!(listing.refused, [".claude/commands/evil.md"]);
    assert!(!listing.cut);
    for (folder, message) in [
        ("../outside", "`../outside` leaves the codebase."),
        (".claude/none", "`.claude/none` is not in the codebase."),
        ("elsewhere/h.md", "`elsewhere/h.md` is a file."),
        (".claude/commands/evil", "`.claude/commands/evil` leaves the codebase."),
    ] {
        assert_eq!(list_markdown(&root, folder).unwrap_err().message, message);
    }
}
