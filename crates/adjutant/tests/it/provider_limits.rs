//! A provider's limit is reached: the message waits, until when is said, and it starts by itself if its person wants
//! that. Once, whatever happens meanwhile.

use std::time::Duration;

use adjutant_testkit::scripted;
use adjutant_testkit::telegram::Shown;

use crate::harness::{ANA, Database, Options, TestGateway};

const HOURS: Duration = Duration::from_secs(2 * 3600);

/// A gateway whose assistant meets its limit at the word "build", for two hours.
async fn limited(database: Database) -> TestGateway {
    let gateway = TestGateway::start_with(Options { database, ..Options::default() }).await;
    gateway.telegram.lift_limits();
    let until = chrono::Utc::now().timestamp() + i64::try_from(HOURS.as_secs()).unwrap();
    scripted::answer(gateway.folder(), &[("build", &format!("[[limit:{until}]]"))]).unwrap();
    gateway
}

/// The limit has ended: now the assistant builds.
fn over(gateway: &TestGateway) {
    let answers = [("build", "[[text:Built.]]"), ("paint", "[[text:Painted.]]")];
    scripted::answer(gateway.folder(), &answers).unwrap();
}

/// The message with this button.
async fn asked(gateway: &TestGateway, label: &str) -> Shown {
    let has = |shown: &&Shown| shown.labels().contains(&label);
    let shown = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|one| has(&one))).await;
    shown.iter().rev().find(has).unwrap().clone()
}

async fn presses(gateway: &TestGateway, label: &str) -> Shown {
    let asked = asked(gateway, label).await;
    gateway.telegram.presses(ANA, ANA, asked.id, label);
    asked
}

fn now(gateway: &TestGateway, message: i32) -> Shown {
    gateway.telegram.messages(ANA).into_iter().find(|shown| shown.id == message).unwrap()
}

async fn a_message_starts_once_when_the_limit_ends(database: Database) {
    let mut gateway = limited(database).await;
    gateway.telegram.says(ANA, ANA, "build it");
    let question = presses(&gateway, "Start then").await;
    assert_eq!(question.labels(), ["Start then", "Drop"]);
    assert!(question.text.starts_with("Claude's limit is reached until "), "{}", question.text);
    assert!(question.text.ends_with(" UTC. Your message waits."), "{}", question.text);
    gateway.until_said("✓ Starts when Claude's limit ends: ").await;
    gateway.kill();
    over(&gateway);
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "/queue");
    gateway.until_said("What waits starts then.").await;
    assert_eq!(gateway.prompts().len(), 1, "{}", gateway.story());
    gateway.advance(HOURS).await;
    gateway.until_said("Built.").await;
    gateway.until_settled().await;
    assert_eq!(now(&gateway, question.id).text, "✓ Started.");
    assert_eq!(now(&gateway, question.id).labels(), Vec::<&str>::new());
    gateway.kill();
    gateway.launch().await;
    gateway.advance(HOURS).await;
    gateway.telegram.says(ANA, ANA, "paint it");
    gateway.until_said("Painted.").await;
    gateway.until_settled().await;
    let prompts: Vec<String> = gateway.prompts().into_iter().map(|received| received.prompt).collect();
    assert_eq!(prompts, ["build it", "build it", "paint it"]);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_starts_once_when_the_limit_ends_on_sqlite() {
    a_message_starts_once_when_the_limit_ends(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_starts_once_when_the_limit_ends_on_postgresql() {
    a_message_starts_once_when_the_limit_ends(Database::postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_message_never_starts() {
    let mut gateway = limited(Database::Sqlite).await;
    gateway.telegram.says(ANA, ANA, "build it");
    let question = presses(&gateway, "Drop").await;
    gateway.until_said("Dropped: build it").await;
    gateway.until_settled().await;
    assert_eq!(now(&gateway, question.id).text, "Dropped: build it");
    gateway.kill();
    gateway.launch().await;
    gateway.advance(HOURS).await;
    gateway.telegram.says(ANA, ANA, "/queue start");
    gateway.until_said("Nothing waits for a limit here.").await;
    assert_eq!(gateway.prompts().len(), 1, "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_said_what_then_so_it_is_asked_again_when_the_limit_has_ended() {
    let gateway = limited(Database::Sqlite).await;
    gateway.telegram.says(ANA, ANA, "build it");
    let first = asked(&gateway, "Start then").await;
    over(&gateway);
    gateway.advance(HOURS).await;
    let second = presses(&gateway, "Start now").await;
    assert_eq!(second.text, "Claude's limit is over. Your message still waits.");
    assert_eq!(second.labels(), ["Start now", "Drop"]);
    gateway.until_said("Built.").await;
    gateway.until_settled().await;
    assert!(now(&gateway, first.id).text.starts_with("Claude's limit was reached until "), "{}", gateway.story());
    assert_eq!(now(&gateway, first.id).labels(), Vec::<&str>::new());
    assert_eq!(now(&gateway, second.id).text, "✓ Started.");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_writes_again_after_the_limit_has_what_waits_carried_out_first() {
    let mut gateway = limited(Database::Sqlite).await;
    gateway.telegram.says(ANA, ANA, "build it");
    asked(&gateway, "Start then").await;
    over(&gateway);
    gateway.advance(HOURS).await;
    asked(&gateway, "Start now").await;
    gateway.kill();
    gateway.launch().await;
    gateway.advance(HOURS).await;
    gateway.telegram.says(ANA, ANA, "paint it");
    gateway.until_said("Painted.").await;
    gateway.until_settled().await;
    let prompts: Vec<String> = gateway.prompts().into_iter().map(|received| received.prompt).collect();
    assert_eq!(prompts, ["build it", "build it", "paint it"]);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_meanwhile_waits_behind_and_words_do_what_buttons_do() {
    let gateway = limited(Database::Sqlite).await;
    gateway.telegram.says(ANA, ANA, "build it");
    asked(&gateway, "Start then").await;
    gateway.telegram.says(ANA, ANA, "paint it");
    let behind = gateway.until_said("Queued, 2nd in line: Claude's limit is reached until ").await;
    assert!(behind.ends_with(" UTC."), "{behind}");
    gateway.telegram.says(ANA, ANA, "/stop");
    gateway.until_said("Nothing runs here; 2 messages wait. Claude's limit is reached until ").await;
    gateway.telegram.says(ANA, ANA, "/queue");
    let queue = gateway.until_said("1. build it\n2. paint it").await;
    assert!(queue.contains("/queue start starts what waits then."), "{queue}");
    gateway.telegram.says(ANA, ANA, "/status");
    gateway.until_said("2 queued").await;
    gateway.telegram.says(ANA, ANA, "/queue start");
    gateway.until_said("✓ Starts when Claude's limit ends: ").await;
    gateway.telegram.says(ANA, ANA, "/queue");
    gateway.until_said("What waits starts then.").await;
    over(&gateway);
    gateway.advance(HOURS).await;
    gateway.until_said("Painted.").await;
    gateway.until_settled().await;
    let prompts: Vec<String> = gateway.prompts().into_iter().map(|received| received.prompt).collect();
    assert_eq!(prompts, ["build it", "build it", "paint it"]);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn now_means_now_although_the_limit_still_lasts() {
    let gateway = limited(Database::Sqlite).await;
    gateway.telegram.says(ANA, ANA, "build it");
    asked(&gateway, "Start then").await;
    over(&gateway);
    gateway.telegram.says(ANA, ANA, "/queue start now");
    gateway.until_said("Built.").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_assistant_takes_over_at_once() {
    let gateway = limited(Database::Sqlite).await;
    gateway.telegram.says(ANA, ANA, "build it");
    asked(&gateway, "Start then").await;
    gateway.telegram.says(ANA, ANA, "/assistant demo");
    gateway
        .until_said("Demo from now on. Session 1 has ended. The next message starts a fresh session. What waits")
        .await;
    gateway.until_said("a script, not a model").await;
    gateway.until_settled().await;
    assert_eq!(gateway.prompts().len(), 1, "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_drops_what_waits() {
    let gateway = limited(Database::Sqlite).await;
    gateway.telegram.says(ANA, ANA, "build it");
    let question = asked(&gateway, "Start then").await;
    gateway.telegram.says(ANA, ANA, "/reset");
    gateway.until_said("1 waiting message dropped.").await;
    gateway.until_settled().await;
    assert_eq!(now(&gateway, question.id).text, "Dropped: build it");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_before_the_limit_stays_said_and_the_assistant_is_told_that_it_broke_off() {
    let gateway = limited(Database::Sqlite).await;
    let until = chrono::Utc::now().timestamp() + 7200;
    scripted::answer(gateway.folder(), &[("build", &format!("[[text:Half of it stands.]] [[limit:{until}]]"))])
        .unwrap();
    gateway.telegram.says(ANA, ANA, "build it");
    presses(&gateway, "Start then").await;
    gateway.until_said("✓ Starts when").await;
    over(&gateway);
    gateway.advance(HOURS).await;
    gateway.until_said("Built.").await;
    gateway.until_settled().await;
    assert_eq!(gateway.telegram.texts(ANA)[0], "Half of it stands.");
    assert_eq!(
        gateway.prompts()[1].prompt,
        "An earlier try at this broke off in the middle. Look at what is done already, then go on.\n\nbuild it"
    );
    gateway.finish().await;
}
