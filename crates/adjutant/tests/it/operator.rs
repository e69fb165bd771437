//! The operator's side: the first start, mistakes, verbs, signals, health.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use adjutant_testkit::telegram::Fault;
use sqlx::{Connection, Executor};

use crate::harness::{ANA, Database, Options, PLANTED_KEY, TestGateway, adjutant, processes, signal};

/// The program with nothing set but what every login shell sets.
fn bare(home: &Path, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(adjutant());
    command.env_clear().env("HOME", home).env("PATH", "/usr/local/bin:/usr/bin:/bin").env("PORT", "0");
    command.envs(environment.iter().copied()).current_dir(home).stdin(Stdio::null());
    command
}

/// A start that cannot succeed: its exit code, and what it said.
fn refused(home: &Path, environment: &[(&str, &str)]) -> (Option<i32>, Vec<String>) {
    let Output { status, stdout, stderr } = bare(home, environment).output().unwrap();
    let said = String::from_utf8(stderr).unwrap() + &String::from_utf8(stdout).unwrap();
    for ugly in ["panicked", "Caused by", "RUST_BACKTRACE", "stack backtrace", "Some("] {
        assert!(!said.contains(ugly), "{said}");
    }
    (status.code(), said.lines().map(str::to_owned).collect())
}

/// A start that cannot succeed and says why in one sentence with these words in it.
fn refused_once(environment: &[(&str, &str)], words: &[&str]) {
    let home = tempfile::TempDir::new().unwrap();
    let (code, said) = refused(home.path(), environment);
    assert_eq!((code, said.len()), (Some(1), 1), "{said:?}");
    for word in words {
        assert!(said[0].contains(word), "`{word}` is missing in: {}", said[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_needs_nothing_and_says_what_is_on_in_a_few_lines() {
    let home = tempfile::TempDir::new().unwrap();
    let mut child = bare(home.path(), &[]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let said: Vec<String> = lines.by_ref().take(5).collect();
    assert!(
        said[0].starts_with("Adjutant ") && said[0].contains("SQLite") && said[0].contains("data in /"),
        "{said:?}"
    );
    assert!(said[1].starts_with("✓ Console   http://127.0.0.1:"), "{said:?}");
    assert_eq!(said[2], "– Telegram  `TELEGRAM_BOT_TOKEN` is not set; @BotFather gives one.");
    assert!(said[3].starts_with("– Claude    "), "{said:?}");
    assert_eq!(said[4], "✓ Demo      scripted answers, no model: it shows how a session looks");
    let link = said[1].split_whitespace().nth(2).unwrap();
    assert_eq!(reqwest::get(link).await.unwrap().status(), 200);
    assert_eq!(reqwest::get(link).await.unwrap().status(), 401, "the link opens once");
    signal(child.id(), "-TERM");
    assert_eq!(lines.collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn ctrl_c_ends_it_like_every_program() {
    let home = tempfile::TempDir::new().unwrap();
    let mut child = bare(home.path(), &[]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("Console")));
    signal(child.id(), "-INT");
    assert_eq!(lines.filter(|line| line.contains("panicked")).count(), 0);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn every_mistake_in_the_settings_is_told_at_once_in_a_sentence_each() {
    let home = tempfile::TempDir::new().unwrap();
    let wrong = [
        ("PORT", "abc"),
        ("TELEGRAM_BOT_TOKEN", "no-token-but-secret"),
        ("TELEGRAM_ALLOWED_USERS", "@ana"),
        ("ADJUTANT_DATADIR", "x"),
        ("DATABASE_URL", "mysql://u:secret-password@h/d"),
        ("RUST_LOG", "=x="),
    ];
    let (code, said) = refused(home.path(), &wrong);
    assert_eq!((code, said.len()), (Some(2), wrong.len()), "{said:?}");
    for (name, _) in wrong {
        assert_eq!(said.iter().filter(|line| line.starts_with(&format!("`{name}`"))).count(), 1, "{name}: {said:?}");
    }
    let all = said.join("\n");
    assert!(all.contains("did you mean `ADJUTANT_DATA_DIR`?"), "{all}");
    assert!(!all.contains("secret"), "{all}");
    assert!(!home.path().join(".local").exists(), "a start that fails leaves nothing behind");
}

#[test]
fn what_the_machine_refuses_is_one_sentence_that_names_the_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    refused_once(&[("PORT", &port)], &[&format!("Port {port} is taken"), "`PORT`"]);
    refused_once(&[("BIND", "192.0.2.1")], &["`BIND`"]);
    refused_once(&[("ADJUTANT_DATA_DIR", "/proc/nope")], &["`/proc/nope`", "`ADJUTANT_DATA_DIR`"]);
    refused_once(&[("ADJUTANT_DATA_DIR", "/dev/null/x")], &["`/dev/null/x`", "`ADJUTANT_DATA_DIR`"]);
    refused_once(&[("WORKSPACE_PATH", "/proc/nope")], &["`/proc/nope`", "`WORKSPACE_PATH`"]);
    refused_once(&[("DATABASE_URL", "postgres://ana:secret-password@127.0.0.1:1/x")], &["`DATABASE_URL`", "refused"]);
    refused_once(&[("DATABASE_URL", "sqlite:///proc/nope/x.db")], &["`DATABASE_URL`"]);
    let home = tempfile::TempDir::new().unwrap();
    let (_, said) = refused(home.path(), &[("DATABASE_URL", "postgres://ana:secret-password@127.0.0.1:1/x")]);
    assert!(!said[0].contains("secret-password"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_gateway_on_the_same_data_is_told_who_is_there() {
    let gateway = TestGateway::start().await;
    let data = gateway.data_dir();
    refused_once(&[("ADJUTANT_DATA_DIR", data.to_str().unwrap())], &["Another gateway runs", data.to_str().unwrap()]);
    let url = format!("sqlite://{}", data.join("adjutant.db").display());
    refused_once(&[("DATABASE_URL", &url)], &["Another gateway uses this database", data.to_str().unwrap()]);
    gateway.telegram.says(ANA, ANA, "[[text:still here]]");
    gateway.until_said("still here").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_tells_what_is_on_and_what_is_wrong() {
    let mut gateway = TestGateway::start().await;
    let well = gateway.verb(&["doctor"]);
    assert_eq!(well.code, Some(0), "{well:?}");
    for line in ["✓ Gateway    runs", "✓ Database   SQLite", "✓ Telegram   @adjutant_test_bot", "✓ Claude "] {
        assert!(well.out.contains(line), "`{line}` is missing:\n{}", well.out);
    }
    let checks = checks(&gateway.verb(&["doctor", "--json"]).out);
    let all = [
        "Settings",
        "User",
        "Data",
        "Disk",
        "Clock",
        "Git",
        "Gateway",
        "Console",
        "Database",
        "Telegram",
        "Workspace",
        "Default",
        "Claude",
        "Demo",
    ];
    assert_eq!(checks.keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(all));
    assert_eq!(checks["Telegram"].0, "ok");
    gateway.set("TELEGRAM_BOT_TOKEN", "1234567:wrong-secret");
    let ill = gateway.verb(&["doctor"]);
    assert_eq!(ill.code, Some(1), "{ill:?}");
    assert!(ill.out.contains("✗ Telegram") && !ill.out.contains("wrong-secret"), "{}", ill.out);
    gateway.finish().await;
}

/// State and words of each check, by its name.
fn checks(json: &str) -> BTreeMap<String, (String, String)> {
    let checks: Vec<BTreeMap<String, String>> = serde_json::from_str(json).unwrap();
    let said = |check: &BTreeMap<String, String>| {
        let hint = check.get("hint").cloned().unwrap_or_default();
        (check["state"].clone(), format!("{} {hint}", check["detail"]))
    };
    checks.iter().map(|check| (check["name"].clone(), said(check))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_finds_what_is_wrong_with_the_machine_and_says_what_to_do() {
    let mut gateway = TestGateway::prepare(Options::default()).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    gateway.set("PORT", &taken.local_addr().unwrap().port().to_string());
    gateway.set("DEFAULT_CODEBASE", "shpo");
    gateway.set("PATH", "/nowhere");
    gateway.set("DEFAULT_AI_ASSISTANT", "claude");
    gateway.set("CLAUDE_BIN", "/nowhere/claude");
    std::fs::write(gateway.folder().join(".env"), "TRANSCRIPT_DAYS=7\n").unwrap();
    std::fs::set_permissions(gateway.folder().join(".env"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .unwrap();
    let ill = gateway.verb(&["doctor", "--json"]);
    assert_eq!(ill.code, Some(1), "{ill:?}");
    let found = checks(&ill.out);
    for (name, state, words) in [
        ("Settings", "warning", "`chmod 600 .env`"),
        ("Git", "problem", "Install Git 2.31 or newer."),
        ("Gateway", "off", "`adjutant serve` starts it."),
        ("Console", "problem", "Set `PORT` to one that is free"),
        ("Database", "ok", "SQLite"),
        ("Default", "warning", "Correct `DEFAULT_CODEBASE`"),
        ("Claude", "problem", "/nowhere/claude"),
        ("Demo", "ok", ""),
    ] {
        assert_eq!(found[name].0, state, "{name}: {}", found[name].1);
        assert!(found[name].1.contains(words), "{name}: {}", found[name].1);
    }
    assert!(!ill.out.contains(PLANTED_KEY) && !ill.out.contains(gateway.telegram.token()), "{}", ill.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_compares_the_clock_of_postgresql_and_keeps_its_password() {
    let mut gateway = TestGateway::prepare(Options { database: Database::postgres(), ..Options::default() }).await;
    let well = checks(&gateway.verb(&["doctor", "--json"]).out);
    assert_eq!(well["Database"], ("ok".to_owned(), "PostgreSQL answers, its clock agrees ".to_owned()));
    gateway.set("DATABASE_URL", "postgres://adjutant:planted-password-123@127.0.0.1:1/nothing");
    let ill = gateway.verb(&["doctor"]);
    assert_eq!(ill.code, Some(1), "{ill:?}");
    assert!(ill.out.contains("✗ Database") && !ill.out.contains("planted-password-123"), "{}", ill.out);
}

#[test]
fn config_prints_every_setting_its_layer_and_what_is_wrong() {
    let home = tempfile::TempDir::new().unwrap();
    std::fs::write(home.path().join(".env"), "TRANSCRIPT_DAYS=7\nTELEGRAM_BOT_TOKEN=123:planted-secret\n").unwrap();
    std::fs::set_permissions(home.path().join(".env"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let well = bare(home.path(), &[]).arg("config").output().unwrap();
    assert_eq!(well.status.code(), Some(0));
    assert_eq!(text(well.stderr), "");
    let printed = text(well.stdout).replace(home.path().to_str().unwrap(), "[home]");
    insta::assert_snapshot!("config", printed);
    assert!(!home.path().join(".local").exists(), "looking at settings makes nothing");

    let ill =
        bare(home.path(), &[("PORT", "http"), ("ADJUTANT_DATADIR", "x")]).args(["config", "--json"]).output().unwrap();
    assert_eq!(ill.status.code(), Some(2));
    let printed = text(ill.stdout);
    assert!(!printed.contains("planted-secret"), "{printed}");
    let report: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let problems: Vec<_> = report["problems"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(
        problems,
        [
            "`PORT` is `http`, but has to be a number from 0 to 65535; for example `PORT=3000`.",
            "`ADJUTANT_DATADIR` is no setting of this version; did you mean `ADJUTANT_DATA_DIR`?",
        ]
    );
    let port = report["settings"].as_array().unwrap().iter().find(|setting| setting["name"] == "PORT").unwrap();
    assert_eq!((&port["value"], &port["layer"]), (&"http".into(), &"environment".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_decides_what_an_assistant_may_do_in_one_codebase() {
    let mut gateway = TestGateway::prepare(Options::default()).await;
    let file = gateway.folder().join("adjutant.toml");
    std::fs::write(&file, "[codebases.shop]\npermission_mode = \"plan\"\nmodel = \"opus\"\n").unwrap();
    gateway.set("ADJUTANT_CONFIG", file.to_str().unwrap());
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "[[text:planned]]");
    gateway.until_said("planned").await;
    let command = std::fs::read(format!("/proc/{}/cmdline", gateway.prompts()[0].pid)).unwrap();
    let command = String::from_utf8(command).unwrap().replace('\0', " ");
    assert!(command.contains("--permission-mode plan --model opus"), "{command}");
    gateway.finish().await;
}

/// How many there are, and the number of the last one.
fn migrations() -> (usize, u32) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/sqlite");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let numbers: Vec<u32> = files.map(|name| name.split('_').next().unwrap().parse().unwrap()).collect();
    (numbers.len(), numbers.into_iter().max().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verbs_work_with_and_without_a_gateway() {
    let mut gateway = TestGateway::prepare(Options::default()).await;
    let (count, version) = migrations();
    let applied = format!("{count} migrations applied; the schema has version {version}.\n");
    assert_eq!(gateway.verb(&["migrate"]).out, applied);
    assert_eq!(gateway.verb(&["migrate"]).out, format!("The schema is up to date (version {version}).\n"));
    let token = gateway.verb(&["token"]);
    assert_eq!(token.code, Some(0));
    assert!(token.err.contains("is not running"), "{token:?}");
    let unknown = gateway.verb(&["trust", "nothing"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (Some(1), ""), "{unknown:?}");
    gateway.launch().await;
    assert_eq!(gateway.verb(&["token"]).out, token.out);
    let trusted = gateway.verb(&["trust", "shop"]);
    assert_eq!(trusted.code, Some(0), "{trusted:?}");
    assert_eq!(gateway.terminate().await, Some(0));
    let paired = gateway.verb(&["pair", "telegram"]);
    assert!(paired.code == Some(0) && paired.out.contains("not running"), "{paired:?}");
    assert_eq!(gateway.verb(&["no-such-verb"]).code, Some(2));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telegram_that_hangs_does_not_keep_it_from_ending() {
    let mut gateway = TestGateway::prepare(Options::default()).await;
    // The patience of the end is measured by the gateway's clock.
    gateway.unset("ADJUTANT_TEST_CLOCK");
    gateway.launch().await;
    gateway.telegram.fail("sendMessage", Fault::Hang(Duration::from_secs(3600)), 100);
    gateway.telegram.says(ANA, ANA, "[[text:later]]");
    gateway.until("it tries to send", || gateway.telegram.calls("sendMessage") > 0).await;
    gateway.until_prompted(1).await;
    assert_eq!(gateway.terminate().await, Some(0));
    drop(gateway);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_so_while_sqlite_is_locked() {
    let mut gateway = TestGateway::prepare(Options::default()).await;
    gateway.unset("ADJUTANT_TEST_CLOCK");
    gateway.launch().await;
    assert_eq!(gateway.get("/health").await, (200, r#"{"database":"ok","status":"ok"}"#.to_owned()));
    assert_eq!(gateway.get("/health/db").await.0, 200);
    let url = format!("sqlite://{}", gateway.data_dir().join("adjutant.db").display());
    let mut other = sqlx::SqliteConnection::connect(&url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(gateway.get("/health").await, (503, r#"{"database":"away","status":"degraded"}"#.to_owned()));
    assert_eq!(gateway.get("/health/db").await.0, 503);
    other.execute("ROLLBACK").await.unwrap();
    gateway.telegram.says(ANA, ANA, "[[text:all is well]]");
    gateway.until_said("all is well").await;
    assert_eq!(gateway.get("/health/db").await.0, 200);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_so_when_postgresql_loses_the_database() {
    let gateway = TestGateway::start_with(Options { database: Database::postgres(), ..Options::default() }).await;
    assert_eq!(gateway.get("/health/db").await.0, 200);
    let url = gateway.database.url().unwrap();
    let (server, name) = url.rsplit_once('/').unwrap();
    let mut admin = sqlx::PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    admin.execute(sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
    let (code, body) = gateway.get("/health/db").await;
    assert_eq!(code, 503, "{body}");
    let (code, body) = gateway.get("/health").await;
    assert_eq!((code, body.as_str()), (503, r#"{"database":"away","status":"degraded"}"#));
    // Nothing is left that could be looked at.
    drop(gateway);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_move() {
    let gateway = TestGateway::start().await;
    let concurrency = |body: &str| serde_json::from_str::<serde_json::Value>(body).unwrap();
    assert_eq!(concurrency(&gateway.get("/health/concurrency").await.1)["active"], 0);
    gateway.telegram.says(ANA, ANA, "[[hang-after:busy]]");
    gateway.until_drafted("busy").await;
    let busy = concurrency(&gateway.get("/health/concurrency").await.1);
    assert_eq!((&busy["active"], &busy["max"]), (&1.into(), &10.into()), "{busy}");
    assert!((gateway.figure("adjutant_turns_running").await - 1.0).abs() < f64::EPSILON);
    gateway.telegram.says(ANA, ANA, "/stop");
    gateway.until_said("Stopped after").await;
    gateway.telegram.says(ANA, ANA, "[[text:done]]");
    gateway.until_said("done").await;
    gateway.until_settled().await;
    for (name, least) in [
        ("adjutant_inbound_total{platform=\"telegram\"}", 3.0),
        ("adjutant_turns_total{outcome=\"completed\"}", 1.0),
        ("adjutant_turns_total{outcome=\"interrupted\"}", 1.0),
        ("adjutant_turn_duration_seconds_count", 2.0),
        ("adjutant_outbound_total{platform=\"telegram\",call=\"send\",result=\"ok\"}", 1.0),
    ] {
        let figure = gateway.figure(name).await;
        assert!(figure >= least, "{name} is {figure}\n{}", gateway.get("/metrics").await.1);
    }
    gateway.finish().await;
}

async fn committer(identity: &str, environment: Vec<(&'static str, String)>) -> String {
    let mut gateway = TestGateway::prepare(Options { environment, ..Options::default() }).await;
    std::fs::write(gateway.folder().join(".gitconfig"), identity).unwrap();
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "[[text:here]]");
    gateway.until_said("here").await;
    let environ = std::fs::read(format!("/proc/{}/environ", gateway.prompts()[0].pid)).unwrap();
    let environ = String::from_utf8(environ).unwrap();
    let value = |name: &str| environ.split('\0').find_map(|entry| entry.strip_prefix(name)).unwrap_or("?").to_owned();
    gateway.finish().await;
    format!("{} <{}>", value("GIT_AUTHOR_NAME="), value("GIT_COMMITTER_EMAIL="))
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_carry_the_operators_own_git_identity_unless_another_is_set() {
    let own = "[user]\n\tname = Olga Operator\n\temail = olga@example.org\n";
    assert_eq!(committer(own, vec![]).await, "Olga Operator <olga@example.org>");
    let set = vec![("GIT_USER_NAME", "Robot".to_owned())];
    assert_eq!(committer(own, set).await, "Robot <olga@example.org>");
    assert_eq!(committer("", vec![]).await, "Adjutant <adjutant@localhost>");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_directory_may_be_a_link_and_its_path_long() {
    let mut gateway = TestGateway::prepare(Options::default()).await;
    let real = gateway.folder().join("x".repeat(120));
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, gateway.data_dir()).unwrap();
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "[[text:through a link]]");
    gateway.until_said("through a link").await;
    gateway.set("ADJUTANT_DATA_DIR", real.to_str().unwrap());
    let link = gateway.verb(&["token"]);
    assert!(link.err.contains("/login?code="), "{link:?}");
    gateway.until_settled().await;
    gateway.kill();
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "[[text:and without]]");
    gateway.until_said("and without").await;
    gateway.until_settled().await;
    assert_eq!(gateway.terminate().await, Some(0));
    // The harness looks for processes by the path that the link has.
    for pid in processes::pids_under(&real.join("runs")) {
        signal(pid, "-TERM");
    }
    gateway.finish().await;
}
