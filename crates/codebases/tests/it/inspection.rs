//! What is found out about working trees.

use adjutant_core::kind::AssistantKind;

use crate::repository::{git, put, tree, workspace};

#[tokio::test]
async fn a_working_tree_is_described() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    let seen = workspace.inspect(&path).await;
    assert_eq!(seen.remote, None);
    assert_eq!(seen.branch.as_deref(), Some("main"));
    assert!(seen.dirty.unwrap().is_clean());
    assert_eq!(seen.assistant, Some(AssistantKind::Claude));
    assert_eq!(seen.command_folders, [".claude/commands"]);
    put(&path, ".codex/config.toml", "");
    put(&path, ".agents/commands/x.md", "");
    put(&path, "README.md", "other");
    git(&path, &["checkout", "--quiet", "-b", "feature/dark-mode"]);
    git(&path, &["remote", "add", "origin", "git@github.com:acme/shop.git"]);
    let seen = workspace.inspect(&path).await;
    assert_eq!(seen.remote.as_deref(), Some("git@github.com:acme/shop"));
    assert_eq!(seen.branch.as_deref(), Some("feature/dark-mode"));
    let dirty = seen.dirty.unwrap();
    assert_eq!((dirty.changed, dirty.untracked), (1, 2));
    assert_eq!(seen.assistant, Some(AssistantKind::Codex));
    assert_eq!(seen.command_folders, [".claude/commands", ".agents/commands"]);
}

#[tokio::test]
async fn a_detached_head_shows_the_beginning_of_its_commit() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    let head = git(&path, &["rev-parse", "HEAD"]);
    git(&path, &["checkout", "--quiet", "--detach"]);
    assert_eq!(workspace.branch(&path).as_deref(), Some(&head[..8]));
}

#[tokio::test]
async fn a_linked_worktree_is_a_working_tree() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    git(&path, &["worktree", "add", "--quiet", "-b", "side", "../side"]);
    let side = workspace.root().join("side");
    assert_eq!(workspace.find_trees(), [path, side.clone()]);
    assert_eq!(workspace.branch(&side).as_deref(), Some("side"));
    assert!(workspace.inspect(&side).await.dirty.unwrap().is_clean());
    assert!(workspace.baseline(&side).await.is_some());
}

#[tokio::test]
async fn what_is_no_repository_is_described_without_git() {
    let (_folder, workspace) = workspace();
    put(workspace.root(), "notes/.claude/x", "");
    let path = workspace.root().join("notes");
    let seen = workspace.inspect(&path).await;
    assert_eq!((seen.remote, seen.branch, seen.dirty), (None, None, None));
    assert_eq!(seen.assistant, Some(AssistantKind::Claude));
    assert!(workspace.baseline(&path).await.is_none());
    assert_eq!(workspace.branch(&workspace.root().join("none")), None);
}

#[tokio::test]
async fn a_broken_repository_is_described_as_far_as_it_goes() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    put(&path, ".git/config", "[core\nbroken");
    let seen = workspace.inspect(&path).await;
    assert_eq!((seen.branch.as_deref(), seen.dirty), (Some("main"), None));
}

#[test]
fn trees_are_found_two_levels_deep_and_not_behind_links() {
    let (folder, workspace) = workspace();
    let root = workspace.root().to_path_buf();
    for path in ["top", "acme/shop", "acme/api", "a/b/deep", ".hidden/x", "top/inner"] {
        std::fs::create_dir_all(root.join(path).join(".git")).unwrap();
    }
    std::fs::create_dir_all(folder.path().join("outside/.git")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("outside"), root.join("link")).unwrap();
    put(&root, "file", "");
    let shown: Vec<_> = workspace.find_trees().iter().filter_map(|tree| workspace.shown(tree)).collect();
    assert_eq!(shown, ["acme/api", "acme/shop", "top"]);
    assert_eq!(workspace.shown(folder.path()), None);
    assert_eq!(workspace.shown(&root).as_deref(), Some("."));
}
