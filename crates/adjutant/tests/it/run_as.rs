//! A gateway that was started as root and whose assistants are somebody else. Only root can prove this.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use adjutant_testkit::anthropic::FakeAnthropic;

use crate::git_server::GitServer;
use crate::harness::{ANA, Options, TestGateway, real_claude, root};

/// A user that every Linux has, whose home does not exist.
const NOBODY: &str = "nobody";

fn id(which: &str) -> u32 {
    let output = Command::new("id").args([which, NOBODY]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o777
}

/// Prepared, with a workspace that belongs to the other user and a program that it may run.
async fn prepared(options: Options) -> TestGateway {
    let mut gateway = TestGateway::prepare(options).await;
    gateway.unset("ADJUTANT_ALLOW_ROOT");
    gateway.set("ADJUTANT_RUN_AS", NOBODY);
    gateway.set("CLONE_PROTOCOLS", "https,http");
    let folder = gateway.folder().to_owned();
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o711)).unwrap();
    let log = folder.join("prompts.jsonl");
    std::fs::File::options().create(true).append(true).open(&log).unwrap();
    std::fs::set_permissions(&log, PermissionsExt::from_mode(0o666)).unwrap();
    give(&folder.join("workspace"));
    // The build directory may lie where only root comes.
    let program = folder.join("scripted-assistant");
    let built = program.canonicalize().unwrap();
    std::fs::remove_file(&program).unwrap();
    std::fs::copy(built, &program).unwrap();
    gateway
}

fn give(folder: &Path) {
    chown(folder, Some(id("-u")), Some(id("-g"))).unwrap();
    if folder.is_dir() {
        std::fs::read_dir(folder).unwrap().for_each(|entry| give(&entry.unwrap().path()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_root_the_assistant_and_git_are_the_other_user_and_cannot_read_what_is_the_gateways() {
    if root::is_left_out() {
        return;
    }
    let mut gateway = prepared(Options::default()).await;
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "[[text:as somebody else]]");
    gateway.until_said("as somebody else").await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.prompts()[0].pid)).unwrap();
    let (uid, gid) = (id("-u").to_string(), id("-g").to_string());
    for (name, wanted) in [("Uid:", &uid), ("Gid:", &gid)] {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        assert!(line.split_whitespace().all(|id| id == wanted), "{name} {line}");
    }
    let server = GitServer::start().await;
    server.serve("user/my-app", &[("README.md", "# My app\n")]);
    gateway.telegram.says(ANA, ANA, &format!("/clone {}", server.url("user/my-app")));
    gateway.until_said("Cloned.").await;
    let cloned = gateway.folder().join("workspace/user/my-app");
    for path in [&cloned, &cloned.join("README.md"), &cloned.join(".git/config")] {
        assert_eq!(path.metadata().unwrap().uid().to_string(), uid, "{}", path.display());
    }
    gateway.telegram.says(ANA, ANA, "/command-set note .claude/commands/note.md Note it.");
    let written = cloned.join(".claude/commands/note.md");
    gateway.until("the command is written", || written.exists()).await;
    assert_eq!(written.metadata().unwrap().uid().to_string(), uid);

    assert_eq!(mode(&gateway.data_dir()), 0o710);
    for name in ["adjutant.db", "adjutant.db.lock", "api-token", "runs", "console", "control.sock"] {
        let path = gateway.data_dir().join(name);
        if path.symlink_metadata().is_ok() {
            assert_eq!(mode(&path) & 0o077, 0, "{name}");
        }
    }
    let reads = |path: &Path| {
        let mut cat = Command::new("setpriv");
        cat.args(["--reuid", &uid, "--regid", &gid, "--clear-groups", "cat"]).arg(path).output().unwrap().status
    };
    assert!(!reads(&gateway.data_dir().join("adjutant.db")).success());
    assert!(reads(&cloned.join("README.md")).success());
    // A verb must not close the folder in front of the running assistants.
    assert_eq!(gateway.verb(&["token"]).code, Some(0));
    assert_eq!(mode(&gateway.data_dir()), 0o710);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_that_the_other_user_cannot_reach_is_told_with_the_folder_that_is_closed() {
    if root::is_left_out() {
        return;
    }
    let mut gateway = prepared(Options::default()).await;
    let closed = gateway.folder().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o700)).unwrap();
    gateway.set("ADJUTANT_DATA_DIR", closed.join("data").to_str().unwrap());
    gateway.set("DEFAULT_AI_ASSISTANT", "claude");
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "hello");
    let said = gateway.until_said("cannot reach its own files").await;
    assert!(said.contains("nobody (ADJUTANT_RUN_AS)") && said.contains("Set ADJUTANT_DATA_DIR"), "{said}");
    drop(gateway);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_program_works_as_the_other_user() {
    if root::is_left_out() {
        return;
    }
    let api = FakeAnthropic::start().await.unwrap();
    let environment = vec![("ANTHROPIC_BASE_URL", api.url()), ("PERMISSION_MODE", "accept-edits".to_owned())];
    let mut gateway = prepared(Options { environment, ..Options::default() }).await;
    let program = gateway.folder().join("claude");
    if std::fs::hard_link(real_claude(), &program).is_err() {
        std::fs::copy(real_claude(), &program).unwrap();
    }
    gateway.set("CLAUDE_BIN", program.to_str().unwrap());
    gateway.launch().await;
    let note = gateway.shop().join("note.txt");
    let write = serde_json::json!({ "file_path": note, "content": "written by somebody else" });
    gateway.telegram.says(ANA, ANA, &format!("Write it. [[tool:Write:{write} || text:It is written.]]"));
    gateway.until_said("It is written.").await;
    assert_eq!(note.metadata().unwrap().uid(), id("-u"));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_own_login_is_used_where_no_credential_is_set() {
    let api = FakeAnthropic::start().await.unwrap();
    let environment = vec![("ANTHROPIC_BASE_URL", api.url())];
    let mut gateway =
        TestGateway::prepare(Options { claude: Some(real_claude()), environment, ..Options::default() }).await;
    gateway.unset("CLAUDE_API_KEY");
    let home = gateway.folder().join(".claude");
    std::fs::create_dir(&home).unwrap();
    let login = serde_json::json!({ "claudeAiOauth": {
        "accessToken": "sk-ant-oat01-planted-login", "refreshToken": "sk-ant-ort01-planted-login",
        "expiresAt": 4_102_444_800_000_u64, "scopes": ["user:inference", "user:profile"], "subscriptionType": "max",
    }});
    std::fs::write(home.join(".credentials.json"), login.to_string()).unwrap();
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "[[text:with your own login]]");
    gateway.until_said("with your own login").await;
    let keys: Vec<_> = api.requests().iter().filter_map(|asked| asked.headers.get("authorization").cloned()).collect();
    assert!(keys.iter().any(|key| key == "Bearer sk-ant-oat01-planted-login"), "{keys:?}");
    assert!(!gateway.story().contains("planted-login"));
    gateway.finish().await;
}
