//! A turn fails: its message is tried again at the press of a button, once for every failure.

use adjutant_testkit::scripted;
use adjutant_testkit::telegram::Shown;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::harness::{ANA, TestGateway, processes, signal};

/// Texts of handled messages that are still in the database.
const KEPT: &str = "SELECT count(*) FROM remote_agent_inbound WHERE state IN ('done', 'dead') AND length(content) > 0";

async fn failing(steps: &str) -> TestGateway {
    let gateway = TestGateway::start().await;
    gateway.telegram.lift_limits();
    scripted::answer(gateway.folder(), &[("build", steps)]).unwrap();
    gateway
}

fn repaired(gateway: &TestGateway) {
    scripted::answer(gateway.folder(), &[("build", "[[text:Built.]]")]).unwrap();
}

async fn failure(gateway: &TestGateway) -> Shown {
    let has = |shown: &&Shown| shown.labels() == ["Try again"];
    let shown = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|one| has(&one))).await;
    shown.iter().rev().find(has).unwrap().clone()
}

async fn kept(gateway: &TestGateway) -> i64 {
    gateway.database.number(&gateway.data_dir(), KEPT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_is_repaired_and_the_same_is_tried_again_once() {
    let gateway = failing("[[auth]]").await;
    gateway.telegram.says(ANA, ANA, "build it");
    let failed = failure(&gateway).await;
    assert!(failed.text.starts_with("✗ Claude's login was refused."), "{}", failed.text);
    gateway.until_settled().await;
    assert_eq!(kept(&gateway).await, 1, "the offer needs its text");
    repaired(&gateway);
    gateway.telegram.presses(ANA, ANA, failed.id, "Try again");
    gateway.telegram.presses(ANA, ANA, failed.id, "Try again");
    gateway.until_said("Built.").await;
    gateway.until_said("Nothing waits to be tried again. Send the message once more.").await;
    gateway.until_settled().await;
    let prompts: Vec<String> = gateway.prompts().into_iter().map(|received| received.prompt).collect();
    assert_eq!(prompts, ["build it", "build it"]);
    let shown = gateway.telegram.messages(ANA).into_iter().find(|shown| shown.id == failed.id).unwrap();
    assert_eq!((shown.text.as_str(), shown.labels()), ("✗ This try failed. Trying again.", vec![]));
    assert_eq!(kept(&gateway).await, 0, "it has been carried out");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_failure_offers_it_again_and_words_do_what_the_button_does() {
    let gateway = failing("[[error:500]]").await;
    gateway.telegram.says(ANA, ANA, "build it");
    let first = failure(&gateway).await;
    gateway.until_settled().await;
    gateway.telegram.says(ANA, ANA, "/again");
    gateway.until("another failure", || gateway.prompts().len() == 2).await;
    gateway.until_settled().await;
    let second = failure(&gateway).await;
    assert_ne!(first.id, second.id);
    repaired(&gateway);
    gateway.telegram.says(ANA, ANA, "/again");
    gateway.until_said("Built.").await;
    gateway.until_settled().await;
    gateway.telegram.says(ANA, ANA, "/again");
    gateway.until_said("Nothing waits to be tried again.").await;
    assert_eq!(gateway.prompts().len(), 3, "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_that_is_not_there_is_installed_and_the_message_tried_again() {
    let gateway = TestGateway::start().await;
    let path = gateway.folder().join("scripted-assistant");
    let real = std::fs::read_link(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    gateway.telegram.says(ANA, ANA, "[[text:Built.]]");
    let failed = failure(&gateway).await;
    std::os::unix::fs::symlink(real, path).unwrap();
    gateway.telegram.presses(ANA, ANA, failed.id, "Try again");
    gateway.until_said("Built.").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reboot_in_the_middle_of_a_turn_it_is_tried_again() {
    let mut gateway = failing("[[hang-after:Half of it stands.]]").await;
    gateway.telegram.says(ANA, ANA, "build it");
    gateway.until_drafted("Half of it stands.").await;
    gateway.kill();
    for pid in processes::pids_under(gateway.folder()) {
        signal(pid, "-KILL");
    }
    repaired(&gateway);
    gateway.launch().await;
    let failed = failure(&gateway).await;
    assert!(failed.text.starts_with("✗ The machine restarted while this ran."), "{}", failed.text);
    gateway.until_settled().await;
    gateway.kill();
    gateway.launch().await;
    gateway.telegram.presses(ANA, ANA, failed.id, "Try again");
    gateway.until_said("Built.").await;
    gateway.until_settled().await;
    assert_eq!(gateway.prompts().len(), 2, "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_stopped_is_not_offered_and_reset_takes_offers_back() {
    let gateway = failing("[[error:500]]").await;
    gateway.telegram.says(ANA, ANA, "[[hang-after:Working]]");
    gateway.until_drafted("Working").await;
    gateway.telegram.says(ANA, ANA, "/stop");
    gateway.until_said("✗ Stopped after").await;
    gateway.until_settled().await;
    assert_eq!(kept(&gateway).await, 0);
    gateway.telegram.says(ANA, ANA, "build it");
    let failed = failure(&gateway).await;
    gateway.until_settled().await;
    assert_eq!(kept(&gateway).await, 1);
    gateway.telegram.says(ANA, ANA, "/reset");
    gateway.until_said("New session in").await;
    gateway.until_settled().await;
    assert_eq!(kept(&gateway).await, 0);
    gateway.telegram.presses(ANA, ANA, failed.id, "Try again");
    gateway.until_said("Nothing waits to be tried again.").await;
    gateway.finish().await;
}

/// The references people were given, each of which has to stand in the log exactly once.
fn references(gateway: &TestGateway) -> Vec<String> {
    let said = gateway.telegram.texts(ANA);
    let references = said.iter().filter_map(|text| text.split("(reference ").nth(1)?.split(')').next());
    references.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_ours_has_one_line_in_the_log_under_its_reference_and_is_tried_again() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[text:Warm.]]");
    gateway.until_said("Warm.").await;
    gateway.until_settled().await;
    let url = format!("sqlite://{}", gateway.data_dir().join("adjutant.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    database.execute("ALTER TABLE remote_agent_usage RENAME TO hidden").await.unwrap();
    gateway.telegram.says(ANA, ANA, "/usage");
    gateway.until_said("Something went wrong on my side (reference ").await;
    let failed = failure(&gateway).await;
    database.execute("ALTER TABLE hidden RENAME TO remote_agent_usage").await.unwrap();
    gateway.telegram.presses(ANA, ANA, failed.id, "Try again");
    gateway.until_said("Today: 1 turn").await;
    gateway.until_settled().await;
    let references: Vec<String> = failed.text.split("(reference ").skip(1).map(|rest| rest[..4].to_owned()).collect();
    assert_eq!(references.len(), 1, "{}", failed.text);
    let log = gateway.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(&references[0])).collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("ERROR") && lines[0].contains("remote_agent_usage"), "{}", lines[0]);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_fails_again_and_again_on_our_side_is_set_aside_under_a_reference() {
    let gateway = TestGateway::start().await;
    gateway.telegram.lift_limits();
    gateway.telegram.says(ANA, ANA, "[[text:Warm.]]");
    gateway.until_said("Warm.").await;
    gateway.until_settled().await;
    let url = format!("sqlite://{}", gateway.data_dir().join("adjutant.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON remote_agent_turns BEGIN SELECT RAISE(ABORT, 'refused'); END";
    database.execute(refuse).await.unwrap();
    gateway.telegram.says(ANA, ANA, "[[text:Built.]]");
    let started = std::time::Instant::now();
    while !gateway.telegram.texts(ANA).iter().any(|text| text.contains("was set aside")) {
        assert!(started.elapsed() < crate::harness::PATIENCE, "{}", gateway.story());
        gateway.advance(std::time::Duration::from_secs(1)).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let failed = failure(&gateway).await;
    let given = references(&gateway);
    let log = gateway.log();
    assert_eq!(given.len(), 1, "{}", gateway.story());
    assert_eq!(log.lines().filter(|line| line.contains(&given[0])).count(), 1, "{log}");
    database.execute("DROP TRIGGER refuse").await.unwrap();
    gateway.telegram.presses(ANA, ANA, failed.id, "Try again");
    gateway.until_said("Built.").await;
    gateway.finish().await;
}
