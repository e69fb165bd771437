//! Secrets are planted, a whole story is told, and nobody may find one of them anywhere.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use adjutant_testkit::telegram::Fault;

use crate::harness::{ANA, Database, Options, PLANTED_KEY, TestGateway, adjutant, processes};

const API_TOKEN: &str = "planted-api-token-0123456789";
const GITHUB_TOKEN: &str = "ghp_planted0123456789abcdef";
const DB_PASSWORD: &str = "planted-database-password";

/// A gateway whose every secret is one of those above.
async fn with_secrets(database: Database) -> TestGateway {
    let mut environment = vec![("ADJUTANT_API_TOKEN", API_TOKEN.to_owned()), ("GITHUB_TOKEN", GITHUB_TOKEN.to_owned())];
    if let Some(url) = database.url() {
        // A server that trusts this machine ignores the password.
        environment.push(("DATABASE_URL", url.replacen("postgres@", &format!("postgres:{DB_PASSWORD}@"), 1)));
    }
    TestGateway::start_with(Options { database, environment, ..Options::default() }).await
}

fn secrets(gateway: &TestGateway) -> Vec<String> {
    let key = gateway.telegram.token().split_once(':').unwrap().1.to_owned();
    [&key, PLANTED_KEY, API_TOKEN, GITHUB_TOKEN, DB_PASSWORD].map(str::to_owned).to_vec()
}

/// Turns, failures of all sides, a question, the operator's commands. Gives everything that was printed.
async fn story(gateway: &TestGateway) -> String {
    let say = |text: &str| gateway.telegram.says(ANA, ANA, text);
    say("hello [[text:Hello Ana]]");
    gateway.until_said("Hello Ana").await;
    say("[[permission:Bash:echo hi]] [[text:after the question]]");
    let shown = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|m| !m.labels().is_empty())).await;
    let question = shown.iter().find(|message| !message.labels().is_empty()).unwrap().id;
    gateway.telegram.presses(ANA, ANA, question, "Allow once");
    gateway.until_said("after the question").await;
    for failing in ["[[error:401]]", "[[stderr:2k]] [[exit:1]]", "/clone https://127.0.0.1:1/a/b", "/status", "/whoami"]
    {
        let before = gateway.telegram.messages(ANA).len();
        say(failing);
        gateway.telegram.wait_for(ANA, |messages| messages.len() > before).await;
        gateway.until_settled().await;
    }
    gateway.telegram.fail_next("sendMessage", Fault::Status(500, "{}".to_owned()));
    gateway.telegram.fail_next("editMessageText", Fault::DropBefore);
    gateway.telegram.pause().await;
    gateway.until("Telegram is away", || gateway.log().contains("cannot be polled")).await;
    let mut printed = vec![];
    for verb in [
        &["doctor"][..],
        &["doctor", "--json"],
        &["migrate"],
        &["pair", "telegram"],
        &["allow", "x"],
        &["trust", "shop"],
    ] {
        let said = gateway.verb(verb);
        printed.push(said.out + &said.err);
    }
    gateway.telegram.resume().await;
    gateway.advance(Duration::from_secs(60)).await;
    say("[[text:back again]]");
    gateway.until("it is back", || gateway.telegram.transcript(ANA).contains("bot: back again")).await;
    for path in
        ["/metrics", "/health", "/health/db", "/health/concurrency", "/api/v1/overview", "/api/v1/conversations"]
    {
        printed.push(gateway.get(path).await.1);
    }
    printed.push(gateway.telegram.transcript(ANA));
    printed.join("\n")
}

/// The command lines of every process there is.
fn command_lines() -> String {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok()).map(lossy).collect()
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn no_secret_is_found(database: Database) {
    let mut gateway = with_secrets(database).await;
    let printed = story(&gateway).await;
    let (lines, secrets) = (command_lines(), secrets(&gateway));
    for secret in &secrets {
        assert!(!printed.contains(secret), "{secret} in\n{printed}");
        assert!(!lines.contains(secret), "{secret} is in a command line");
        assert_eq!(gateway.traces(secret), Vec::<PathBuf>::new(), "{secret}");
    }
    if let Some(url) = gateway.database.url() {
        let dump = Command::new("pg_dump").arg(url).output().unwrap();
        assert!(dump.status.success(), "{}", lossy(dump.stderr));
        let dump = lossy(dump.stdout);
        assert!(dump.contains("remote_agent_sessions"));
        assert_eq!(secrets.iter().find(|secret| dump.contains(*secret)), None);
    }
    assert_eq!(gateway.terminate().await, Some(0));
    for secret in &secrets {
        assert_eq!(gateway.traces(secret), Vec::<PathBuf>::new(), "{secret}");
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_found_anywhere_on_sqlite() {
    no_secret_is_found(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_found_anywhere_on_postgresql() {
    no_secret_is_found(Database::postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_assistant_has_its_own_key_and_no_other_secret_and_its_runner_none() {
    let gateway = with_secrets(Database::Sqlite).await;
    gateway.telegram.says(ANA, ANA, "[[env]]");
    let names = gateway.until_said("ANTHROPIC_API_KEY").await;
    for foreign in ["CLAUDE_API_KEY", "TELEGRAM", "GITHUB", "GH_TOKEN", "ADJUTANT", "DATABASE"] {
        assert!(!names.contains(foreign), "{names}");
    }
    gateway.until_settled().await;
    let assistant = gateway.prompts()[0].pid;
    let secrets = secrets(&gateway);
    for pid in processes::pids_under(gateway.folder()) {
        if pid == gateway.pid() {
            continue;
        }
        let environ = lossy(std::fs::read(format!("/proc/{pid}/environ")).unwrap());
        let held: Vec<&String> = secrets.iter().filter(|secret| environ.contains(*secret)).collect();
        let own: &[&str] = if pid == assistant { &[PLANTED_KEY] } else { &[] };
        assert_eq!(held, own, "process {pid}");
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_an_assistant_says_is_masked() {
    let mut gateway = with_secrets(Database::Sqlite).await;
    // There is no database password in this one's address.
    for secret in secrets(&gateway).into_iter().filter(|secret| secret != DB_PASSWORD) {
        gateway.telegram.says(
            ANA,
            ANA,
            &format!("[[text:it is <{secret}> here]] [[permission:Bash:echo {secret}]] [[text:over]]"),
        );
        let asked = |messages: &[adjutant_testkit::telegram::Shown]| messages.iter().any(|m| !m.labels().is_empty());
        let shown = gateway.telegram.wait_for(ANA, asked).await;
        let question = shown.iter().rev().find(|message| !message.labels().is_empty()).unwrap().id;
        gateway.telegram.presses(ANA, ANA, question, "Deny");
        gateway.until("the question is settled", || !asked(&gateway.telegram.messages(ANA))).await;
        gateway.until_settled().await;
        let ever: String = gateway.telegram.messages(ANA).iter().flat_map(|message| message.history.clone()).collect();
        assert!(!ever.contains(&secret) && ever.contains("it is <•••> here"), "{ever}");
    }
    gateway.until_settled().await;
    assert_eq!(gateway.terminate().await, Some(0));
    let log = gateway.log();
    assert_eq!(secrets(&gateway).iter().find(|secret| log.contains(*secret)), None);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_that_the_gateway_made_is_masked_too() {
    let gateway = TestGateway::start().await;
    let token = gateway.verb(&["token"]).out.trim().to_owned();
    gateway.telegram.says(ANA, ANA, &format!("[[text:it is <{token}> here]]"));
    gateway.until_said("it is <•••> here").await;
    gateway.until_settled().await;
    assert!(!gateway.log().contains(&token));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_gone_from_the_database_once_they_are_handled() {
    const ASKED: &str = "question-xyzzy-1";
    const ANSWERED: &str = "answer-plugh-2";
    let mut gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, &format!("{ASKED} [[text:{ANSWERED}]] [[edit:note.md:diff-plover-3]]"));
    let shown = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|m| !m.labels().is_empty())).await;
    let question = shown.iter().find(|message| !message.labels().is_empty()).unwrap().id;
    gateway.telegram.presses(ANA, ANA, question, "Allow once");
    gateway.until_said("Allowed once by Ana").await;
    gateway.until_settled().await;
    assert_eq!(gateway.terminate().await, Some(0));
    for text in [ASKED, ANSWERED, "diff-plover-3"] {
        let mut traces = gateway.traces(text);
        traces.retain(|path| !path.starts_with(gateway.data_dir().join("runs")));
        assert_eq!(traces, Vec::<PathBuf>::new(), "{text}");
    }
    gateway.finish().await;
}

fn assert_private(path: &Path) {
    let metadata = std::fs::symlink_metadata(path).unwrap();
    if metadata.file_type().is_symlink() {
        return;
    }
    let mode = metadata.permissions().mode();
    assert_eq!(mode & 0o077, 0, "{} has the mode {mode:o}", path.display());
    if metadata.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| assert_private(&entry.unwrap().path()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_lies_in_the_data_directory_is_its_owners_alone() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[text:Hello Ana]]");
    gateway.until_said("Hello Ana").await;
    gateway.until_settled().await;
    let said = reqwest::Client::new()
        .post(format!("{}/api/v1/conversations/{}/messages", gateway.address(), uuid::Uuid::new_v4()))
        .bearer_auth(gateway.verb(&["token"]).out.trim())
        .json(&serde_json::json!({"text": "[[text:Hello console]]"}));
    let said = said.send().await.unwrap();
    assert!(said.status().is_success(), "{}", said.text().await.unwrap());
    gateway.until_prompted(2).await;
    gateway.until_settled().await;
    assert_private(&gateway.data_dir());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_root_can_look_into_the_gateways_memory_and_environment() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut command = Command::new(adjutant());
    command.env_clear().env("HOME", folder.path()).env("PORT", "0").env("PATH", "/usr/bin:/bin");
    command.current_dir(folder.path()).stdin(Stdio::null()).stderr(Stdio::piped());
    if std::fs::metadata(folder.path()).unwrap().uid() == 0 {
        // A process of root's belongs to root in any case; it shows with that of another user.
        chown(folder.path(), Some(65_534), Some(65_534)).unwrap();
        command.uid(65_534).gid(65_534);
    }
    let mut child = command.spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    assert!(lines.any(|line| line.unwrap().contains("Console")), "the gateway does not start");
    let owner = std::fs::metadata(format!("/proc/{}/environ", child.id())).unwrap().uid();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(owner, 0, "a process that may be dumped belongs to its user");
}
