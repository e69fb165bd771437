//! A directory and a branch of its own for one conversation.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use adjutant_codebases::Workspace;
use adjutant_codebases::worktree::{Created, Kept, Removal, Request, Worktree};

use crate::repository::{everything, git, origin, put, tree, workspace};

async fn make(workspace: &Workspace, path: &Path, key: &str) -> Worktree {
    let created = workspace.create_worktree(Request { tree: path, key, slug: "try" }).await.unwrap();
    created.worktree().clone()
}

#[tokio::test]
async fn a_worktree_has_its_own_branch_and_leaves_the_tree_beside_it_alone() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("acme/shop");
    tree(&path);
    put(&path, "README.md", "# Somebody's work\n");
    let one = make(&workspace, &path, "aaa111").await;
    let two = make(&workspace, &path, "bbb222").await;
    assert_eq!((one.branch.as_deref(), two.branch.as_deref()), (Some("adjutant/try"), Some("adjutant/try-2")));
    assert_eq!(workspace.shown(&one.path).unwrap(), ".worktrees/acme/shop/aaa111");
    for worktree in [&one, &two] {
        assert_eq!(std::fs::read_to_string(worktree.path.join("README.md")).unwrap(), "# Shop\n\nSells things.\n");
        assert!(workspace.inspect(&worktree.path).await.dirty.unwrap().is_clean());
        assert_eq!(workspace.commit(&worktree.path), workspace.commit(&path));
        assert_eq!(workspace.tree_of(&worktree.path.join(".claude")), Some(worktree.path.clone()));
    }
    assert_eq!(std::fs::read_to_string(path.join("README.md")).unwrap(), "# Somebody's work\n");
    assert_eq!(workspace.find_trees(), std::slice::from_ref(&path), "worktrees are not listed among the found trees");
    let again = workspace.create_worktree(Request { tree: &path, key: "aaa111", slug: "other" }).await.unwrap();
    assert_eq!(again, Created::Found { worktree: one.clone() });
    assert_eq!(workspace.find_worktree(&path, "aaa111"), Some(one));
    assert_eq!(workspace.find_worktree(&path, "ccc333"), None);
}

#[tokio::test]
async fn ignored_files_that_are_named_are_copied_and_nothing_else() {
    let (folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    put(&path, ".gitignore", ".env*\ntarget/\nlinked\n");
    put(&path, ".worktreeinclude", ".env*\n.secret\nnew.txt\nlinked\nREADME.md\n");
    git(&path, &["add", "."]);
    git(&path, &["commit", "--quiet", "-m", "Ignore"]);
    put(&path, ".env", "A=1\n");
    std::fs::set_permissions(path.join(".env"), std::fs::Permissions::from_mode(0o600)).unwrap();
    put(&path, "api/.env.local", "B=2\n");
    put(&path, "api/.gitignore", ".secret\n");
    put(&path, "api/.secret", "ignored by a line that is not committed\n");
    put(&path, "target/big", "x\n");
    put(&path, "new.txt", "not ignored\n");
    put(&path, "README.md", "# Somebody's work\n");
    put(folder.path(), "secret", "s");
    std::os::unix::fs::symlink("../../secret", path.join("linked")).unwrap();
    let created = workspace.create_worktree(Request { tree: &path, key: "aaa111", slug: "try" }).await.unwrap();
    let Created::New { worktree, copied } = created else { panic!("{created:?}") };
    assert_eq!(copied, 2);
    let there = |name: &str| worktree.path.join(name).symlink_metadata().is_ok();
    assert!(there(".env") && there("api/.env.local") && !there("target") && !there("new.txt") && !there("linked"));
    assert!(!there("api/.secret"), "it could end up in a commit");
    assert_eq!(worktree.path.join(".env").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(worktree.path.join("README.md")).unwrap(), "# Shop\n\nSells things.\n");
}

#[tokio::test]
async fn a_worktree_is_removed_only_when_nothing_in_it_would_be_lost() {
    let (folder, workspace) = workspace();
    let bare = origin(folder.path());
    let path = workspace.root().join("shop");
    git(workspace.root(), &["clone", "--quiet", bare.to_str().unwrap(), "shop"]);
    let worktree = make(&workspace, &path, "aaa111").await;
    put(&worktree.path, "new.txt", "1\n");
    let kept = workspace.remove_worktree(&path, &worktree).await.unwrap();
    assert!(matches!(kept, Removal::Kept(Kept::Uncommitted(dirty)) if dirty.untracked == 1), "{kept:?}");
    git(&worktree.path, &["add", "."]);
    git(&worktree.path, &["commit", "--quiet", "-m", "One"]);
    git(&worktree.path, &["commit", "--quiet", "--allow-empty", "-m", "Two"]);
    assert_eq!(workspace.remove_worktree(&path, &worktree).await, Ok(Removal::Kept(Kept::Unmerged(2))));
    assert!(worktree.path.join("new.txt").exists());
    git(&worktree.path, &["push", "--quiet", "origin", "adjutant/try"]);
    assert_eq!(workspace.remove_worktree(&path, &worktree).await, Ok(Removal::Removed));
    assert!(!worktree.path.exists());
    assert_eq!(git(&path, &["branch", "--list", "adjutant/*"]), "");
    assert_eq!(git(&path, &["worktree", "list"]).lines().count(), 1);

    let worktree = make(&workspace, &path, "aaa111").await;
    put(&worktree.path, "merged.txt", "1\n");
    git(&worktree.path, &["add", "."]);
    git(&worktree.path, &["commit", "--quiet", "-m", "Merged"]);
    git(&path, &["merge", "--quiet", "adjutant/try"]);
    assert_eq!(workspace.remove_worktree(&path, &worktree).await, Ok(Removal::Removed));
    assert!(path.join("merged.txt").exists());
}

#[tokio::test]
async fn where_no_worktree_can_be_made_nothing_is_left_behind() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    std::fs::create_dir_all(&path).unwrap();
    let request = || Request { tree: &path, key: "aaa111", slug: "try" };
    let error = workspace.create_worktree(request()).await.unwrap_err();
    assert!(error.message.contains("is no Git repository"), "{error}");
    git(&path, &["init", "--quiet"]);
    let error = workspace.create_worktree(request()).await.unwrap_err();
    assert!(error.message.contains("no commit yet"), "{error}");
    std::fs::remove_dir_all(&path).unwrap();
    tree(&path);
    // An object that is gone: the checkout breaks off in the middle.
    let blob = git(&path, &["rev-parse", "HEAD:README.md"]);
    std::fs::remove_file(path.join(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).unwrap();
    let error = workspace.create_worktree(request()).await.unwrap_err();
    assert!(error.hint.contains("Nothing was kept"), "{error}");
    assert_eq!(git(&path, &["branch", "--list", "adjutant/*"]), "");
    assert_eq!(git(&path, &["worktree", "list"]).lines().count(), 1);
    assert!(!everything(workspace.root()).iter().any(|name| name.contains("aaa111/")));
}

#[tokio::test]
async fn a_worktree_deleted_by_hand_is_made_again() {
    let (_folder, workspace) = workspace();
    let path = workspace.root().join("shop");
    tree(&path);
    let worktree = make(&workspace, &path, "aaa111").await;
    std::fs::remove_dir_all(&worktree.path).unwrap();
    let again = make(&workspace, &path, "aaa111").await;
    assert_eq!((again.path, again.branch.as_deref()), (worktree.path, Some("adjutant/try-2")));
}
