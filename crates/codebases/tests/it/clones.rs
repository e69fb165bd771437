//! Clones that work, clones that fail, and what is left of them.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adjutant_codebases::{Cloned, GitConfig, HostCredential, RunAs, Workspace};
use adjutant_core::clock::{Clock, ManualClock};
use adjutant_core::error::UserError;

use crate::addresses::HOSTILE;
use crate::http::{Manner, Server};
use crate::repository::{config, everything, git, ignore, origin, put, script, tree, with, workspace};

async fn clone(workspace: &Workspace, url: &str) -> Result<Cloned, UserError> {
    workspace.clone_repository(&workspace.parse_url(url)?, &ignore).await
}

/// Waits until something is so; fails after a minute, which is far beyond what any machine needs.
async fn until(mut so: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(60), async {
        while !so() {
            tokio::task::yield_now().await;
        }
    });
    waited.await.expect("it never became so");
}

#[tokio::test]
async fn a_repository_is_cloned_into_owner_and_name_with_progress() {
    let (folder, workspace) = workspace();
    let bare = origin(folder.path());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let progress = {
        let seen = Arc::clone(&seen);
        move |percent| seen.lock().unwrap().push(percent)
    };
    let url = workspace.parse_url(&format!("file://{}", bare.display())).unwrap();
    let cloned = workspace.clone_repository(&url, &progress).await.unwrap();
    let path = workspace.root().join("acme/shop");
    assert_eq!(cloned, Cloned::New { path: path.clone() });
    assert_eq!(std::fs::read_to_string(path.join("README.md")).unwrap(), "# Shop\n\nSells things.\n");
    assert_eq!(workspace.branch(&path).as_deref(), Some("main"));
    assert_eq!(workspace.find_trees(), std::slice::from_ref(&path));
    assert_eq!(workspace.shown(&path).as_deref(), Some("acme/shop"));
    assert!(seen.lock().unwrap().is_sorted() && seen.lock().unwrap().contains(&80), "{seen:?}");
    assert!(everything(&workspace.root().join(".incoming")).is_empty());
    assert!(!path.join(".git/hooks").exists(), "templates bring hooks");
}

#[tokio::test]
async fn a_folder_of_the_same_remote_is_linked_and_nothing_in_it_is_changed() {
    let (folder, workspace) = workspace();
    let bare = origin(folder.path());
    let url = format!("file://{}", bare.display());
    let first = clone(&workspace, &url).await.unwrap();
    put(first.path(), "README.md", "mine");
    let again = clone(&workspace, url.strip_suffix(".git").unwrap()).await.unwrap();
    assert_eq!(again, Cloned::Linked { path: first.path().to_path_buf() });
    assert_eq!(std::fs::read_to_string(first.path().join("README.md")).unwrap(), "mine");
}

#[tokio::test]
async fn another_folder_in_the_way_is_an_error_with_the_choices() {
    let (_folder, workspace) = workspace();
    let taken = workspace.root().join("acme/shop");
    tree(&taken);
    git(&taken, &["remote", "add", "origin", "https://ana:hunter2@example.org/acme/shop"]);
    let error = clone(&workspace, "acme/Shop").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`acme/Shop` is already in the workspace, cloned from `https://example.org/acme/shop`. \
         `/codebase-switch acme/Shop` works in it; to have the other one, move that folder away first."
    );
    put(workspace.root(), "acme/notes/file", "x");
    let error = clone(&workspace, "acme/notes").await.unwrap_err();
    assert!(error.message.contains("is no clone of `https://github.com/acme/notes`"), "{error}");
    assert_eq!(everything(&workspace.root().join("acme/notes")), ["file"]);
}

#[tokio::test]
async fn an_empty_folder_is_not_in_the_way_and_an_empty_repository_is_one() {
    let (folder, workspace) = workspace();
    let bare = folder.path().join("acme/empty.git");
    std::fs::create_dir_all(&bare).unwrap();
    git(&bare, &["init", "--quiet", "--bare"]);
    std::fs::create_dir_all(workspace.root().join("acme/empty")).unwrap();
    let cloned = clone(&workspace, &format!("file://{}", bare.display())).await.unwrap();
    assert_eq!(workspace.branch(cloned.path()).as_deref(), Some("main"));
    assert_eq!(workspace.inspect(cloned.path()).await.dirty.map(|dirty| dirty.is_clean()), Some(true));
}

#[tokio::test]
async fn two_clones_of_one_repository_at_once_end_in_one_folder() {
    let (folder, workspace) = workspace();
    let url = format!("file://{}", origin(folder.path()).display());
    let (one, two) = tokio::join!(clone(&workspace, &url), clone(&workspace, &url));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.path(), two.path());
    assert!(matches!(
        (one, two),
        (Cloned::New { .. }, Cloned::Linked { .. }) | (Cloned::Linked { .. }, Cloned::New { .. })
    ));
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_said_so() {
    let (folder, workspace) = workspace();
    let error = clone(&workspace, &format!("file://{}/none.git", folder.path().display())).await.unwrap_err();
    assert!(error.message.ends_with("/none` was not found."), "{error}");
    let server = Server::start(folder.path().to_path_buf(), Manner::Open).await;
    let error = clone(&workspace, &format!("http://{}/acme/none", server.address)).await.unwrap_err();
    assert!(error.message.ends_with("/acme/none` was not found."), "{error}");
    assert_eq!(everything(workspace.root()), [".incoming"]);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_said_so() {
    let (folder, workspace) = workspace();
    let server = Server::start(folder.path().to_path_buf(), Manner::Open).await;
    let address = server.address.clone();
    drop(server);
    until(|| std::net::TcpStream::connect(&address).is_err()).await;
    let error = clone(&workspace, &format!("http://{address}/acme/shop")).await.unwrap_err();
    assert_eq!(error.message, format!("`{address}` could not be reached, or the connection broke."));
}

#[tokio::test]
async fn credentials_in_an_address_are_used_and_appear_nowhere() {
    let (folder, workspace) = workspace();
    origin(folder.path());
    // ana:hunter2@home
    let server =
        Server::start(folder.path().to_path_buf(), Manner::Locked("Basic YW5hOmh1bnRlcjJAaG9tZQ==".into())).await;
    let private = format!("http://{}/acme/shop.git", server.address);
    let error = clone(&workspace, &private).await.unwrap_err();
    assert!(error.message.ends_with("was not found, or it is private."), "{error}");
    let wrong = format!("http://ana:wrong-secret@{}/acme/shop.git", server.address);
    let error = clone(&workspace, &wrong).await.unwrap_err();
    assert!(error.message.contains("did not accept the credentials"), "{error}");
    assert!(!error.to_string().contains("wrong-secret"));
    let url = format!("http://ana:hunter2%40home@{}/acme/shop.git", server.address);
    let cloned = clone(&workspace, &url).await.unwrap();
    assert!(cloned.path().join("README.md").exists());
    let inspected = workspace.inspect(cloned.path()).await;
    assert_eq!(inspected.remote, Some(format!("http://{}/acme/shop", server.address)));
    for path in everything(workspace.root()) {
        let bytes = std::fs::read(workspace.root().join(&path)).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"), "{path} contains the password");
    }
}

/// Writes down how it was called, and the credentials it would find.
const SPY: &str = r#"out="$(dirname "$0")"
printf '%s\n' "$@" >> "$out/argv"; env >> "$out/env"; cat "$HOME/.git-credentials" >> "$out/credentials" 2>/dev/null
stat -c '%a' "$HOME/.git-credentials" "$HOME" >> "$out/modes"
echo "fatal: nothing today" >&2; exit 128"#;

fn spied(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_default()
}

fn spying(folder: &Path) -> GitConfig {
    let credentials = vec![HostCredential::token("github.com", "ghp_planted/secret".into())];
    GitConfig { program: script(folder, SPY), credentials, ..config() }
}

#[tokio::test]
async fn a_configured_token_reaches_its_own_host_by_a_private_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (_workspace, workspace) = with(spying(folder.path()));
    let error = clone(&workspace, "acme/shop").await.unwrap_err();
    assert_eq!(error.message, "Git could not clone `https://github.com/acme/shop`: `nothing today`.");
    assert_eq!(spied(folder.path(), "credentials"), "https://x-access-token:ghp_planted%2Fsecret@github.com\n");
    assert_eq!(spied(folder.path(), "modes"), "600\n700\n");
    let (argv, env) = (spied(folder.path(), "argv"), spied(folder.path(), "env"));
    assert!(!argv.contains("planted") && !env.contains("planted"), "{argv}{env}");
    assert_eq!(argv.lines().rev().take(3).collect::<Vec<_>>(), ["tree", "https://github.com/acme/shop", "--"]);
    assert!(env.contains("GIT_TERMINAL_PROMPT=0\n") && env.contains("GIT_ALLOW_PROTOCOL=https\n"));
    assert!(!env.contains("CARGO"), "the environment is not inherited: {env}");
    assert_eq!(everything(workspace.root()), [".incoming"], "the credentials are gone");
}

#[tokio::test]
async fn a_configured_token_is_offered_to_no_other_host_and_on_no_open_line() {
    let folder = tempfile::tempdir().unwrap();
    let (_workspace, workspace) = with(spying(folder.path()));
    for url in [
        "https://github.com.evil.example/acme/shop",
        "https://evil.example/github.com/shop",
        "https://github.com:8443/acme/shop",
        "https://sub.github.com/acme/shop",
        "http://github.com/acme/shop",
        "https://github.com:x@evil.example/acme/shop",
        "git@github.com:acme/shop",
    ] {
        clone(&workspace, url).await.unwrap_err();
    }
    assert_eq!(spied(folder.path(), "credentials"), "https://github.com:x@evil.example\n");
}

#[tokio::test]
async fn addresses_that_attack_start_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let (_workspace, workspace) = with(spying(folder.path()));
    for url in HOSTILE {
        assert!(clone(&workspace, url).await.is_err(), "{url}");
    }
    assert_eq!(spied(folder.path(), "argv"), "");
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed_and_gets_no_password() {
    let (folder, workspace) = workspace();
    origin(folder.path());
    let inner = Server::start(folder.path().to_path_buf(), Manner::Open).await;
    let outer = Server::start(folder.path().to_path_buf(), Manner::Redirect(inner.address.clone())).await;
    let error = clone(&workspace, &format!("http://ana:hunter2@{}/acme/shop", outer.address)).await.unwrap_err();
    assert!(error.message.contains("redirects to another address"), "{error}");
    assert!(inner.requests().is_empty(), "{:?}", inner.requests());
}

#[tokio::test]
async fn a_server_that_insists_on_the_suffix_gets_it() {
    let (folder, workspace) = workspace();
    origin(folder.path());
    let server = Server::start(folder.path().to_path_buf(), Manner::Suffix).await;
    let cloned = clone(&workspace, &format!("http://{}/acme/shop", server.address)).await.unwrap();
    assert!(cloned.path().join("README.md").exists());
}

#[tokio::test]
async fn a_clone_that_is_cut_off_leaves_nothing_and_the_next_one_works() {
    let (folder, workspace) = workspace();
    origin(folder.path());
    let broken = Server::start(folder.path().to_path_buf(), Manner::Broken).await;
    let error = clone(&workspace, &format!("http://{}/acme/shop.git", broken.address)).await.unwrap_err();
    assert!(error.message.contains("could not"), "{error}");
    assert_eq!(everything(workspace.root()), [".incoming"]);
    let whole = Server::start(folder.path().to_path_buf(), Manner::Open).await;
    clone(&workspace, &format!("http://{}/acme/shop.git", whole.address)).await.unwrap();
}

#[tokio::test]
async fn giving_a_clone_up_ends_git_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(
        folder.path(),
        r#"sleep 600 & echo "$! $$" > "$(dirname "$0")/pids.new"; mv "$(dirname "$0")/pids.new" "$(dirname "$0")/pids"; wait"#,
    );
    let (_workspace, workspace) = with(GitConfig { program, ..config() });
    let task = tokio::spawn({
        let workspace = workspace.clone();
        async move { clone(&workspace, "acme/shop").await }
    });
    let pids = folder.path().join("pids");
    until(|| pids.exists()).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    for pid in spied(folder.path(), "pids").split_whitespace() {
        until(|| is_gone(pid)).await;
    }
    assert_eq!(everything(workspace.root()), [".incoming"]);
}

#[tokio::test]
async fn a_clone_that_takes_too_long_is_ended() {
    let (folder, _) = workspace();
    origin(folder.path());
    let server = Server::start(folder.path().to_path_buf(), Manner::Silent).await;
    let manual = ManualClock::default();
    let clock = Clock::Manual(manual.clone());
    let (_workspace, workspace) = with(GitConfig { clock, clone_timeout: Duration::from_secs(3600), ..config() });
    let url = format!("http://{}/acme/shop.git", server.address);
    let task = tokio::spawn({
        let workspace = workspace.clone();
        async move { clone(&workspace, &url).await }
    });
    until(|| server.requests().iter().any(|request| request.path.contains("/objects/"))).await;
    manual.advance(Duration::from_secs(3601));
    let error = task.await.unwrap().unwrap_err();
    assert!(error.message.contains("not cloned within 60 min"), "{error}");
    assert_eq!(everything(workspace.root()), [".incoming"]);
}

#[tokio::test]
async fn what_a_crash_left_is_swept_but_not_a_clone_that_runs() {
    let (folder, workspace) = workspace();
    put(workspace.root(), ".incoming/999999-0/home/.git-credentials", "https://a:b@c");
    put(workspace.root(), ".incoming/running/tree/file", "x");
    let lock = std::fs::File::create(workspace.root().join(".incoming/running/lock")).unwrap();
    lock.lock().unwrap();
    clone(&workspace, &format!("file://{}", origin(folder.path()).display())).await.unwrap();
    assert_eq!(
        everything(&workspace.root().join(".incoming")),
        ["running", "running/lock", "running/tree", "running/tree/file"]
    );
}

#[tokio::test]
async fn a_missing_git_is_said_so() {
    let (_folder, workspace) = with(GitConfig { program: "no-such-git".into(), ..config() });
    let error = clone(&workspace, "acme/shop").await.unwrap_err();
    assert!(error.message.starts_with("Git could not be started"), "{error}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "who runs the suite says what is left out")]
async fn git_runs_as_the_user_it_is_told_and_what_it_makes_is_that_users() {
    use std::os::unix::fs::MetadataExt;
    if !rustix::process::geteuid().is_root() {
        let told = std::env::var_os("ADJUTANT_TEST_WITHOUT_ROOT").is_some();
        assert!(told, "this needs root; set ADJUTANT_TEST_WITHOUT_ROOT to leave it out");
        eprintln!("skipped: needs root");
        return;
    }
    let folder =
        tempfile::Builder::new().permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let bare = origin(folder.path());
    chown_all(&bare, 65534);
    let run_as = Some(RunAs { uid: 65534, gid: 65534 });
    let workspace = Workspace::new(&folder.path().join("space"), GitConfig { run_as, ..config() }).unwrap();
    let cloned = clone(&workspace, &format!("file://{}", bare.display())).await.unwrap();
    for path in [cloned.path(), &cloned.path().join("README.md"), cloned.path().parent().unwrap()] {
        assert_eq!(path.metadata().unwrap().uid(), 65534, "{}", path.display());
    }
    let seen = workspace.inspect(cloned.path()).await;
    assert_eq!(seen.dirty.map(|dirty| dirty.is_clean()), Some(true));
    adjutant_codebases::paths::write_file(cloned.path(), "docs/deep/new.md", b"x").unwrap();
    for path in ["docs", "docs/deep", "docs/deep/new.md"] {
        assert_eq!(cloned.path().join(path).metadata().unwrap().uid(), 65534, "{path}");
    }
}

fn chown_all(path: &Path, id: u32) {
    for entry in everything(path) {
        std::os::unix::fs::chown(path.join(entry), Some(id), Some(id)).unwrap();
    }
    std::os::unix::fs::chown(path, Some(id), Some(id)).unwrap();
}

/// A process that has ended counts as gone, also before somebody has asked for its result.
fn is_gone(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.is_empty() || status.contains(") Z ")
}
