//! What is kept is deleted when a person wants it, for good.

use adjutant_testkit::telegram::Upload;

use crate::harness::{ANA, Options, TestGateway, processes, real_claude};

/// A word that stands in what is said, answered and sent, and nowhere else.
const WORD: &str = "plumbago";

async fn says(gateway: &TestGateway, text: &str) {
    gateway.telegram.says(ANA, ANA, text);
    settled(gateway).await;
}

async fn settled(gateway: &TestGateway) {
    gateway.until("every update is confirmed", || gateway.telegram.unconfirmed() == 0).await;
    gateway.until_settled().await;
}

async fn presses(gateway: &TestGateway, label: &str) {
    let shown = gateway.telegram.messages(ANA).into_iter().rev().find(|shown| shown.labels().contains(&label));
    let message = shown.unwrap_or_else(|| panic!("no button {label}\n{}", gateway.story())).id;
    gateway.telegram.presses(ANA, ANA, message, label);
    settled(gateway).await;
}

fn last(gateway: &TestGateway) -> String {
    gateway.telegram.texts(ANA).pop().unwrap()
}

async fn number(gateway: &TestGateway, query: &'static str) -> i64 {
    gateway.database.number(&gateway.data_dir(), query).await
}

fn runs(gateway: &TestGateway) -> usize {
    std::fs::read_dir(gateway.data_dir().join("runs")).map_or(0, Iterator::count)
}

/// Where the assistant keeps the sessions it knows.
fn memories(gateway: &TestGateway) -> Vec<String> {
    let folder = gateway.data_dir().join("claude/config/scripted-sessions");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_a_conversation_is_deleted_after_a_question() {
    let mut gateway = TestGateway::start().await;
    says(&gateway, "/forget").await;
    let nothing = "Nothing is kept of this conversation here. \
                   The messages themselves are kept by Telegram: delete them in Telegram.";
    assert_eq!(last(&gateway), nothing);
    says(&gateway, &format!("the {WORD} [[text:A {WORD}, noted.]]")).await;
    let file = Upload { name: format!("{WORD}.txt"), bytes: WORD.as_bytes().to_vec() };
    gateway.telegram.sends_file(ANA, ANA, file, "[[text:Read.]]");
    settled(&gateway).await;
    says(&gateway, "/reset").await;
    gateway.telegram.says(ANA, ANA, &format!("again {WORD} [[permission:Bash:echo {WORD}]]"));
    gateway.until_said("echo").await;
    gateway.telegram.says(ANA, ANA, "/forget yes");
    gateway.until_said("A turn runs here. Try again when it has ended, or end it with /stop.").await;
    presses(&gateway, "Deny").await;
    says(&gateway, "/forget").await;
    assert_eq!(
        last(&gateway),
        "This deletes 2 sessions and 1 file of this conversation, with what the assistant remembers. \
         The repository stays as it is. /forget yes deletes it for good."
    );
    assert!(!gateway.traces(WORD).is_empty() && runs(&gateway) > 0);
    presses(&gateway, "Delete for good").await;
    assert_eq!(
        last(&gateway),
        "✓ Deleted: 2 sessions and 1 file. The messages themselves are kept by Telegram: delete them in Telegram."
    );
    assert_eq!((runs(&gateway), memories(&gateway)), (0, Vec::new()));
    assert!(processes::pids_under(&gateway.data_dir().join("runs")).is_empty());
    says(&gateway, "/sessions").await;
    assert_eq!(last(&gateway), "No sessions here yet. The next message starts one.");
    presses(&gateway, "Delete for good").await;
    assert_eq!(last(&gateway), nothing);
    says(&gateway, "/sessions resume 1").await;
    assert_eq!(last(&gateway), "Session 1 was deleted. /sessions lists the others.");
    assert_eq!(gateway.terminate().await, Some(0));
    let traces = gateway.traces(WORD).into_iter().filter(|path| path.extension().is_none_or(|kind| kind != "log"));
    assert_eq!(traces.collect::<Vec<_>>(), Vec::<std::path::PathBuf>::new());
    gateway.launch().await;
    says(&gateway, "third [[text:three]]").await;
    says(&gateway, "/sessions").await;
    assert!(last(&gateway).contains("#3 Claude · 1 turn"), "numbers are never given twice: {}", last(&gateway));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_was_about_less_deletes_nothing() {
    let gateway = TestGateway::start().await;
    says(&gateway, "first [[text:one]]").await;
    says(&gateway, "/forget").await;
    says(&gateway, "/new").await;
    says(&gateway, "second [[text:two]]").await;
    presses(&gateway, "Delete for good").await;
    assert_eq!(last(&gateway), "More was said since that question. /forget asks anew.");
    says(&gateway, "/forget it").await;
    assert_eq!(last(&gateway), "/forget knows no it. Use /forget; it asks before it deletes.");
    assert_eq!(memories(&gateway).len(), 2);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_is_deleted_and_the_others_keep_their_numbers() {
    let gateway = TestGateway::start().await;
    for n in ["one", "two", "three"] {
        says(&gateway, &format!("{n} [[text:{n} {WORD}]]")).await;
        if n != "three" {
            says(&gateway, "/new").await;
        }
    }
    let (prompts, before) = (gateway.prompts(), runs(&gateway));
    says(&gateway, "/sessions delete 2").await;
    assert!(last(&gateway).starts_with("This deletes session 2: Claude, 1 turn, begun "), "{}", last(&gateway));
    presses(&gateway, "Delete 2 for good").await;
    assert_eq!(last(&gateway), "✓ Session 2 is deleted.");
    assert_eq!(runs(&gateway), before - 1);
    assert!(!memories(&gateway).contains(&prompts[1].session), "{:?}", memories(&gateway));
    says(&gateway, "/sessions").await;
    let list = last(&gateway);
    assert!(list.contains("#3 ") && list.contains("#1 ") && !list.contains("#2 "), "{list}");
    says(&gateway, "/sessions delete 2 yes").await;
    assert_eq!(last(&gateway), "Session 2 was deleted. /sessions lists the others.");
    says(&gateway, "/sessions delete").await;
    assert_eq!(last(&gateway), "No session given. /sessions lists them.");
    says(&gateway, "/sessions delete 3 yes").await;
    assert_eq!(last(&gateway), "✓ Session 3 is deleted. The next message starts a fresh one.");
    says(&gateway, "/sessions resume 1").await;
    says(&gateway, "back [[text:here]]").await;
    assert_eq!(gateway.prompts()[3].session, prompts[0].session);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_it_deletes_only_makes_it_begin_again() {
    let mut gateway = TestGateway::start().await;
    // What the program leaves behind takes its time to end, so the deletion is cut off in its middle.
    gateway.telegram.says(ANA, ANA, "[[run:(trap '' TERM; exec sleep 60) > /dev/null 2>&1 &]]");
    gateway.until_said("exec sleep").await;
    presses(&gateway, "Allow once").await;
    gateway.telegram.says(ANA, ANA, "/forget yes");
    gateway.until("the deletion has begun", || gateway.log().contains("deleting what is kept of conversation")).await;
    gateway.kill();
    gateway.launch().await;
    gateway.until_said("✓ Deleted: 1 session.").await;
    settled(&gateway).await;
    assert_eq!((runs(&gateway), memories(&gateway)), (0, Vec::new()));
    let forgotten = "SELECT count(*) FROM remote_agent_sessions
                     WHERE end_reason = 'forgotten' AND assistant_session_id IS NULL";
    assert_eq!(number(&gateway, forgotten).await, 1);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_deleted_is_said_and_tried_again() {
    let gateway = TestGateway::start().await;
    says(&gateway, "first [[text:one]]").await;
    // A folder in the place of what is a file, and full: not even root deletes it as one.
    let uploads = gateway.data_dir().join("uploads");
    std::fs::remove_dir_all(&uploads).unwrap();
    std::fs::write(&uploads, "in the way").unwrap();
    says(&gateway, "/forget yes").await;
    let said = last(&gateway);
    assert!(said.starts_with("✗ Not everything could be deleted (reference "), "{said}");
    assert!(said.ends_with("/forget yes tries again."), "{said}");
    std::fs::remove_file(&uploads).unwrap();
    says(&gateway, "/forget yes").await;
    assert!(last(&gateway).starts_with("✓ Deleted: 1 session."), "{}", last(&gateway));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_program_keeps_nothing_either() {
    let api = adjutant_testkit::anthropic::FakeAnthropic::start().await.unwrap();
    let environment = vec![("ANTHROPIC_BASE_URL", api.url())];
    let mut gateway =
        TestGateway::start_with(Options { claude: Some(real_claude()), environment, ..Options::default() }).await;
    says(&gateway, &format!("the {WORD} [[text:A {WORD}, noted.]]")).await;
    let remembered = gateway.traces(WORD).into_iter().any(|path| path.extension().is_some_and(|kind| kind == "jsonl"));
    assert!(remembered, "{}", gateway.story());
    says(&gateway, "/forget yes").await;
    assert!(last(&gateway).starts_with("✓ Deleted: 1 session."), "{}", gateway.story());
    assert_eq!(gateway.terminate().await, Some(0));
    let traces = gateway.traces(WORD).into_iter().filter(|path| path.extension().is_none_or(|kind| kind != "log"));
    assert_eq!(traces.collect::<Vec<_>>(), Vec::<std::path::PathBuf>::new());
    gateway.finish().await;
}
