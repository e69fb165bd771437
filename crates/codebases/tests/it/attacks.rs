//! Repositories that attack whoever looks at them.

use std::path::{Path, PathBuf};

use adjutant_codebases::diff::Since;
use adjutant_codebases::worktree::{Removal, Request};
use tempfile::TempDir;

use crate::repository::{git, ignore, origin, put, tree, workspace};

/// A tree whose settings run a program at every occasion. The program leaves a mark.
fn hostile() -> (TempDir, adjutant_codebases::Workspace, PathBuf, PathBuf) {
    let (folder, workspace) = workspace();
    let path = workspace.root().join("acme/hostile");
    tree(&path);
    let mark = folder.path().join("owned");
    let run = crate::repository::script(folder.path(), &format!("echo \"$0 $*\" >> '{}'; cat", mark.display()));
    let run = run.to_str().unwrap();
    for (name, value) in [
        ("core.fsmonitor", run),
        ("core.sshCommand", run),
        ("core.gitProxy", run),
        ("core.pager", run),
        ("core.editor", run),
        ("core.askPass", run),
        ("core.alternateRefsCommand", run),
        ("credential.helper", run),
        ("diff.external", run),
        ("diff.evil.textconv", run),
        ("diff.evil.command", run),
        ("filter.evil.clean", run),
        ("filter.evil.smudge", run),
        ("filter.evil.process", run),
        ("filter.evil.required", "true"),
        ("filter.a=b.clean", run),
        ("filter.a.b=c.d.process", run),
        ("gpg.program", run),
        ("uploadpack.packObjectsHook", run),
        ("alias.status", &format!("!{run}")),
        ("status.submoduleSummary", "true"),
        ("remote.origin.url", "https://ana:hunter2@github.com/acme/hostile.git"),
        ("remote.origin.uploadpack", run),
        ("remote.origin.vcs", "ext"),
        ("remote.origin.promisor", "true"),
        ("extensions.partialClone", "origin"),
        ("core.hooksPath", ".githooks"),
        ("core.worktree", "/etc"),
    ] {
        git_config(&path, name, value);
    }
    put(&path, ".gitattributes", "README.md filter=evil diff=evil\n*.txt filter=a=b\n*.bin filter=a.b=c.d\n");
    for hook in ["post-index-change", "pre-commit", "post-checkout", "reference-transaction", "fsmonitor-watchman"] {
        for folder in [".githooks", ".git/hooks"] {
            std::fs::create_dir_all(path.join(folder)).unwrap();
            std::fs::copy(run, path.join(folder).join(hook)).unwrap();
        }
    }
    // Something that has to be read to be compared.
    put(&path, "README.md", "# Shap\n\nSells things.\n");
    put(&path, "new.txt", "one\ntwo\n");
    put(&path, "new.bin", "x");
    (folder, workspace, path, mark)
}

fn git_config(path: &Path, name: &str, value: &str) {
    // Not in the tree, so that Git does not obey what it is being given.
    git(Path::new("/"), &["config", "--file", path.join(".git/config").to_str().unwrap(), name, value]);
}

#[tokio::test]
async fn looking_at_a_hostile_repository_runs_nothing_of_it() {
    let (_folder, workspace, path, mark) = hostile();
    let seen = workspace.inspect(&path).await;
    let baseline = workspace.baseline(&path).await.unwrap();
    put(&path, "README.md", "# Shup\n\nSells things.\nMore.\n");
    put(&path, "new.txt", "one\ntwo\nthree\n");
    let changes = workspace.changed(&path, &baseline).await.unwrap();
    assert_eq!(std::fs::read_to_string(&mark).unwrap_or_default(), "", "programs of the repository were run");
    assert_eq!(seen.remote.as_deref(), Some("https://github.com/acme/hostile"));
    assert_eq!(seen.branch.as_deref(), Some("main"));
    let dirty = seen.dirty.unwrap();
    assert_eq!((dirty.changed, dirty.untracked), (1, 4));
    assert_eq!((changes.files, changes.added, changes.removed), (2, 2, 0));
}

#[tokio::test]
async fn comparing_a_hostile_repository_runs_nothing_of_it() {
    let (_folder, workspace, path, mark) = hostile();
    let diff = workspace.diff(&path, &Since::Head, None).await.unwrap();
    assert_eq!(std::fs::read_to_string(&mark).unwrap_or_default(), "", "programs of the repository were run");
    let names: Vec<&str> = diff.files.iter().map(|file| file.path.as_str()).collect();
    assert!(names.contains(&"README.md") && names.contains(&"new.txt"), "{names:?}");
    assert!(diff.patch.contains("-# Shop\n+# Shap\n"), "{}", diff.patch);
}

#[tokio::test]
async fn a_worktree_of_a_hostile_repository_is_made_and_removed_without_running_anything_of_it() {
    let (_folder, workspace, path, mark) = hostile();
    // Read only when this branch, or a worktree, is checked out.
    let more = path.join(".git/more");
    let run = mark.with_file_name("git-in-place");
    for filter in ["late", "later"] {
        for key in ["clean", "smudge"] {
            let name = format!("filter.{filter}.{key}");
            git(Path::new("/"), &["config", "--file", more.to_str().unwrap(), &name, run.to_str().unwrap()]);
        }
    }
    git_config(&path, "includeIf.onbranch:adjutant/**.path", "more");
    git_config(&path, "includeIf.gitdir:**/worktrees/**.path", "more");
    git_config(&path, "extensions.worktreeConfig", "true");
    put(&path, ".git/config.worktree", "[core]\n\tfsmonitor = /bin/false\n\tworktree = /etc\n");
    put(&path, ".git/info/attributes", "*.md filter=late\n*.txt filter=later\n");
    put(&path, ".git/info/exclude", ".env\n");
    put(&path, ".worktreeinclude", ".env\n");
    put(&path, ".env", "A=1\n");
    let request = Request { tree: &path, key: "abc123", slug: "try" };
    let created = workspace.create_worktree(request).await.unwrap();
    let worktree = created.worktree().clone();
    assert_eq!(std::fs::read_to_string(worktree.path.join("README.md")).unwrap(), "# Shop\n\nSells things.\n");
    assert!(worktree.path.join(".env").exists());
    put(&worktree.path, "README.md", "# Changed\n");
    let diff = workspace.diff(&worktree.path, &Since::Head, None).await.unwrap();
    assert_eq!(diff.files.len(), 1, "{diff:?}");
    assert!(matches!(workspace.remove_worktree(&path, &worktree).await, Ok(Removal::Kept(_))));
    put(&worktree.path, "README.md", "# Shop\n\nSells things.\n");
    assert_eq!(workspace.remove_worktree(&path, &worktree).await, Ok(Removal::Removed));
    assert!(!worktree.path.exists());
    assert_eq!(std::fs::read_to_string(&mark).unwrap_or_default(), "", "programs of the repository were run");
}

#[test]
fn the_hostile_repository_of_these_tests_does_run_programs_when_looked_at_carelessly() {
    let (_folder, _workspace, path, mark) = hostile();
    #[expect(clippy::disallowed_methods, reason = "this is what must not be done elsewhere")]
    let careless = std::process::Command::new("git")
        .args(["--work-tree=.", "-c", "filter.evil.required=false", "status"])
        .current_dir(&path)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    let runs = std::fs::read_to_string(&mark).unwrap_or_default();
    assert!(runs.lines().count() >= 2, "{runs} {careless:?}");
}

#[tokio::test]
async fn a_submodule_that_points_inward_is_not_fetched_and_its_settings_are_not_read() {
    let (folder, workspace) = workspace();
    let bare = origin(folder.path());
    let work = folder.path().join("work");
    put(
        &work,
        ".gitmodules",
        "[submodule \"x\"]\n\tpath = inner\n\turl = ext::sh -c id\n[submodule \"../../.git\"]\n\tpath = up\n\turl = ../shop.git\n",
    );
    git(&work, &["add", "."]);
    let head = git(&work, &["rev-parse", "HEAD"]);
    git(&work, &["update-index", "--add", "--cacheinfo", &format!("160000,{head},inner")]);
    git(&work, &["commit", "--quiet", "-m", "Add a submodule"]);
    git(&work, &["push", "--quiet", bare.to_str().unwrap(), "main"]);
    let url = workspace.parse_url(&format!("file://{}", bare.display())).unwrap();
    let cloned = workspace.clone_repository(&url, &ignore).await.unwrap();
    assert!(!cloned.path().join(".git/modules").exists());
    assert_eq!(std::fs::read_dir(cloned.path().join("inner")).unwrap().count(), 0);
    // A hostile repository where the submodule would be.
    let inner = cloned.path().join("inner");
    tree(&inner);
    let mark = folder.path().join("owned");
    let run = crate::repository::script(folder.path(), &format!("echo x >> '{}'", mark.display()));
    git_config(&inner, "filter.evil.clean", run.to_str().unwrap());
    put(&inner, ".gitattributes", "* filter=evil\n");
    put(&inner, "README.md", "# Shap\n\nSells things.\n");
    assert!(workspace.inspect(cloned.path()).await.dirty.is_some());
    assert!(workspace.baseline(cloned.path()).await.is_some());
    assert!(!mark.exists());
}

#[tokio::test]
async fn a_repository_with_paths_that_leave_it_writes_nothing_outside() {
    for names in [
        vec![("120000", "up", "../.."), ("100644", "up/owned", "x")],
        vec![("100644", "..", "x")],
        vec![("100644", ".git", "x")],
    ] {
        let (folder, workspace) = workspace();
        let bare = origin(folder.path());
        let entries: Vec<(String, String, String)> = names
            .iter()
            .map(|(mode, name, text)| {
                put(folder.path(), "blob", text);
                let blob = git(&bare, &["hash-object", "-w", folder.path().join("blob").to_str().unwrap()]);
                ((*mode).to_owned(), (*name).to_owned(), blob)
            })
            .collect();
        let tree = raw_tree(&bare, folder.path(), &entries);
        let commit = git(&bare, &["commit-tree", "-m", "x", &tree]);
        git(&bare, &["update-ref", "refs/heads/main", &commit]);
        let before =
            crate::repository::everything(folder.path()).into_iter().filter(|path| !path.starts_with("root")).count();
        let url = workspace.parse_url(&format!("file://{}", bare.display())).unwrap();
        let result = workspace.clone_repository(&url, &ignore).await;
        let after =
            crate::repository::everything(folder.path()).into_iter().filter(|path| !path.starts_with("root")).count();
        assert_eq!(before, after, "{names:?}");
        assert!(!workspace.root().join("owned").exists() && !workspace.root().join("acme/owned").exists());
        if let Ok(cloned) = result {
            assert!(cloned.path().join(".git/HEAD").exists(), "{names:?}");
        }
    }
}

/// A tree object that Git itself would refuse to make.
fn raw_tree(bare: &Path, folder: &Path, entries: &[(String, String, String)]) -> String {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        bytes.extend((0..id.len()).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()));
    }
    let file = folder.join("tree-object");
    std::fs::write(&file, bytes).unwrap();
    git(bare, &["hash-object", "-t", "tree", "-w", "--literally", file.to_str().unwrap()])
}

#[tokio::test]
async fn names_that_differ_only_in_case_are_survived() {
    let (folder, workspace) = workspace();
    let bare = origin(folder.path());
    let work = folder.path().join("work");
    put(&work, "a/File", "1");
    put(&work, "A/file", "2");
    git(&work, &["add", "."]);
    git(&work, &["commit", "--quiet", "-m", "Collide"]);
    git(&work, &["push", "--quiet", bare.to_str().unwrap(), "main"]);
    let url = workspace.parse_url(&format!("file://{}", bare.display())).unwrap();
    let cloned = workspace.clone_repository(&url, &ignore).await.unwrap();
    assert!(cloned.path().join("a/File").exists());
}
