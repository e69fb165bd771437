//! What a turn changed.

use adjutant_codebases::changes::Changes;

use crate::repository::{git, put, tree, workspace};

#[tokio::test]
async fn only_what_a_turn_itself_changed_is_counted_committed_or_not() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    put(&path, "before.txt", "was here\n");
    put(&path, "README.md", "# Shop\n\nSells things.\nDirty.\n");
    let baseline = workspace.baseline(&path).await.unwrap();
    let none = workspace.changed(&path, &baseline).await;
    assert_eq!(none, Some(Changes::default()));

    put(&path, "src/main.rs", "fn main() {}\n// end");
    put(&path, "README.md", "# Shop\n\nDirty.\nDirtier.\n");
    std::fs::remove_file(path.join(".claude/commands/plan.md")).unwrap();
    std::fs::write(path.join("image"), [0, 1, 2, b'\n']).unwrap();
    let expected = Some(Changes { files: 4, added: 2 + 1, removed: 1 + 1 });
    assert_eq!(workspace.changed(&path, &baseline).await, expected);

    git(&path, &["add", "."]);
    git(&path, &["commit", "--quiet", "-m", "All of it"]);
    assert_eq!(workspace.changed(&path, &baseline).await, expected, "a commit is no change of its own");
}

#[tokio::test]
async fn a_file_that_was_dirty_and_is_as_committed_again_counts() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    put(&path, "README.md", "# Shop\n\nSells things.\nDirty.\n");
    let baseline = workspace.baseline(&path).await.unwrap();
    git(&path, &["checkout", "--quiet", "README.md"]);
    assert_eq!(workspace.changed(&path, &baseline).await, Some(Changes { files: 1, added: 0, removed: 1 }));
}

#[tokio::test]
async fn the_first_commit_of_a_repository_counts() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("new");
    std::fs::create_dir_all(&path).unwrap();
    git(&path, &["init", "--quiet"]);
    let baseline = workspace.baseline(&path).await.unwrap();
    put(&path, "a", "1\n2\n");
    git(&path, &["add", "."]);
    git(&path, &["commit", "--quiet", "-m", "Begin"]);
    assert_eq!(workspace.changed(&path, &baseline).await, Some(Changes { files: 1, added: 2, removed: 0 }));
}

#[tokio::test]
async fn too_many_changes_to_compare_are_no_answer() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    let baseline = workspace.baseline(&path).await.unwrap();
    std::fs::create_dir(path.join("many")).unwrap();
    for number in 0..5_001 {
        std::fs::write(path.join(format!("many/{number}")), "").unwrap();
    }
    assert_eq!(workspace.changed(&path, &baseline).await, None);
}
