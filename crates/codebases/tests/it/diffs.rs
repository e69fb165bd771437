//! What `/diff` shows.

use std::path::Path;

use adjutant_codebases::diff::{Diff, FileState, Since};

use crate::repository::{git, put, tree, workspace};

fn listed(diff: &Diff) -> Vec<(&str, FileState, u64, u64, bool)> {
    diff.files.iter().map(|file| (file.path.as_str(), file.state, file.added, file.removed, file.binary)).collect()
}

#[tokio::test]
async fn changed_new_deleted_and_binary_files_are_listed_and_text_is_shown() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    put(&path, "README.md", "# Shop\n\nSells more things.\n");
    put(&path, "src/new.rs", "fn main() {}\n// end");
    put(&path, "a b\nc.txt", "odd name\n");
    put(&path, ".gitignore", "ignored\n");
    put(&path, "ignored", "x\n");
    std::fs::write(path.join("logo.png"), [0, 1, 2]).unwrap();
    std::fs::remove_file(path.join(".claude/commands/plan.md")).unwrap();
    let diff = workspace.diff(&path, &Since::Head, None).await.unwrap();
    assert_eq!(
        listed(&diff),
        [
            (".claude/commands/plan.md", FileState::Deleted, 0, 1, false),
            (".gitignore", FileState::New, 1, 0, false),
            ("README.md", FileState::Changed, 1, 1, false),
            ("a b\nc.txt", FileState::New, 1, 0, false),
            ("logo.png", FileState::New, 0, 0, true),
            ("src/new.rs", FileState::New, 2, 0, false),
        ]
    );
    assert_eq!(diff.lines(), (5, 2));
    assert!(!diff.cut && !diff.since_commit);
    for shown in [
        "-Sells things.\n+Sells more things.\n",
        "--- /dev/null\n+++ b/src/new.rs\n@@ -0,0 +1,2 @@\n+fn main() {}\n+// end\n\\ No newline at end of file\n",
        "Binary files /dev/null and b/logo.png differ\n",
        "diff --git a/a b?c.txt b/a b?c.txt\n",
    ] {
        assert!(diff.patch.contains(shown), "{shown}\n---\n{}", diff.patch);
    }
}

#[tokio::test]
async fn commits_since_a_point_count_as_long_as_history_leads_back_to_it() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    let start = workspace.commit(&path).unwrap();
    assert_eq!(start, git(&path, &["rev-parse", "HEAD"]));
    put(&path, "a.txt", "1\n");
    git(&path, &["add", "."]);
    git(&path, &["commit", "--quiet", "-m", "More"]);
    put(&path, "b.txt", "2\n");
    let since = Since::Commit(start);
    let diff = workspace.diff(&path, &since, None).await.unwrap();
    assert_eq!(listed(&diff).iter().map(|file| file.0).collect::<Vec<_>>(), ["a.txt", "b.txt"]);
    assert!(diff.since_commit);
    // Another history: what is uncommitted is all that can be said.
    git(&path, &["checkout", "--quiet", "--orphan", "other"]);
    git(&path, &["add", "a.txt"]);
    git(&path, &["commit", "--quiet", "-m", "Other"]);
    let diff = workspace.diff(&path, &since, None).await.unwrap();
    assert_eq!(listed(&diff).iter().map(|file| file.0).collect::<Vec<_>>(), ["b.txt"]);
    assert!(!diff.since_commit);
    for unknown in ["0".repeat(40), "--output=x".to_owned(), "HEAD".to_owned()] {
        assert!(!workspace.diff(&path, &Since::Commit(unknown), None).await.unwrap().since_commit);
    }
    assert!(!path.join("x").exists());
}

#[tokio::test]
async fn one_path_is_taken_as_it_is_written() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    for name in ["*.txt", "a.txt", "src/b.txt", ":(top)c.txt", "--output=owned"] {
        put(&path, name, "x\n");
    }
    for (only, expected) in [
        ("*.txt", vec!["*.txt"]),
        ("src", vec!["src/b.txt"]),
        (":(top)c.txt", vec![":(top)c.txt"]),
        ("--output=owned", vec!["--output=owned"]),
        ("none", vec![]),
    ] {
        let diff = workspace.diff(&path, &Since::Head, Some(Path::new(only))).await.unwrap();
        assert_eq!(listed(&diff).iter().map(|file| file.0).collect::<Vec<_>>(), expected);
    }
    assert!(!path.join("owned").exists());
}

#[tokio::test]
async fn before_the_first_commit_everything_is_new_and_without_git_nothing_is_said() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("new");
    std::fs::create_dir_all(&path).unwrap();
    let error = workspace.diff(&path, &Since::Head, None).await.unwrap_err();
    assert!(error.message.starts_with("`new` is no Git repository"), "{error}");
    git(&path, &["init", "--quiet"]);
    assert_eq!(workspace.commit(&path), None);
    put(&path, "a", "1\n");
    git(&path, &["add", "a"]);
    let diff = workspace.diff(&path, &Since::Head, None).await.unwrap();
    assert_eq!(listed(&diff), [("a", FileState::New, 1, 0, false)]);
}

#[tokio::test]
async fn a_patch_without_end_is_cut_at_a_line_and_its_files_are_all_named() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    put(&path, "README.md", &"a long line of text\n".repeat(200_000));
    put(&path, "z.txt", "1\n");
    let diff = workspace.diff(&path, &Since::Head, None).await.unwrap();
    assert!(diff.cut && diff.patch.len() <= 1024 * 1024);
    assert_eq!(listed(&diff).iter().map(|file| file.0).collect::<Vec<_>>(), ["README.md", "z.txt"]);
    assert_eq!(diff.files[0].added, 200_000);
}

#[tokio::test]
async fn the_commit_is_found_where_branches_are_packed() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    git(&path, &["pack-refs", "--all"]);
    assert!(!path.join(".git/refs/heads/main").exists());
    assert_eq!(workspace.commit(&path), Some(git(&path, &["rev-parse", "HEAD"])));
    git(&path, &["checkout", "--quiet", "--detach"]);
    assert_eq!(workspace.commit(&path), Some(git(&path, &["rev-parse", "HEAD"])));
}
