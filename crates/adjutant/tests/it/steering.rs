//! Messages that go into the turn that runs: answered by it, exactly once, and never as turns of their own as well.

use std::time::Duration;

use crate::harness::{ANA, Options, TestGateway};

async fn turns(gateway: &TestGateway) -> i64 {
    gateway.database.number(&gateway.data_dir(), "SELECT count(*) FROM remote_agent_turns").await
}

/// The message that tells a place in line.
async fn told(gateway: &TestGateway) -> i32 {
    let waits = |text: &str| text.contains("in line");
    let shown = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|m| waits(&m.text))).await;
    shown.into_iter().rev().find(|message| waits(&message.text)).unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_sends_a_text_into_the_running_turn() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[join]] [[text:the end]]");
    gateway.until_prompted(1).await;
    gateway.telegram.says(ANA, ANA, "/steer and mind the tests");
    gateway.until_said("heard: and mind the tests").await;
    gateway.until_said("the end").await;
    gateway.until_said("✓ Sent into the running turn.").await;
    gateway.until_settled().await;
    assert_eq!(turns(&gateway).await, 1, "{}", gateway.story());
    assert_eq!(gateway.prompts().len(), 2);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_sends_a_waiting_message_into_the_turn_and_goes_away() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[join]] [[join]] [[text:the end]]");
    gateway.until_prompted(1).await;
    gateway.telegram.says(ANA, ANA, "first thought");
    let notice = told(&gateway).await;
    let find = |id| gateway.telegram.messages(ANA).into_iter().find(|message| message.id == id).unwrap();
    assert_eq!(find(notice).labels(), ["Send it into the turn", "Stop"]);
    assert_eq!(find(notice).text, "Queued, 1st in line. /steer sends it into the running turn, /stop ends that turn.");
    gateway.telegram.presses(ANA, ANA, notice, "Send it into the turn");
    gateway.until_said("heard: first thought").await;
    gateway.until("its buttons are gone", || find(notice).labels().is_empty()).await;
    assert_eq!(find(notice).text, "✓ Sent into the running turn.");
    gateway.telegram.says(ANA, ANA, "second thought");
    gateway.until_said("in line").await;
    gateway.telegram.says(ANA, ANA, "/steer");
    gateway.until_said("heard: second thought").await;
    gateway.until_said("the end").await;
    gateway.until_settled().await;
    assert_eq!(turns(&gateway).await, 1, "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_late_for_the_program_is_answered_in_the_same_reply() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[words:40,50]]");
    gateway.until_said("w3 ").await;
    gateway.telegram.says(ANA, ANA, "/steer [[text:and the second thing]]");
    gateway.until_said("and the second thing").await;
    gateway.until_settled().await;
    let answer = gateway.until_said("w40").await;
    assert!(answer.contains("and the second thing"), "{}", gateway.story());
    assert_eq!(turns(&gateway).await, 1, "{}", gateway.story());
    gateway.finish().await;
}

/// A message is steered, and the gateway dies so long after it was said.
async fn answered_once_after(pause: Duration) {
    let mut gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[words:60,50]] [[text:first end]]");
    gateway.until_said("w2 ").await;
    gateway.telegram.says(ANA, ANA, "/steer [[text:second end]]");
    tokio::time::sleep(pause).await;
    gateway.kill();
    gateway.launch().await;
    gateway.until_said("second end").await;
    gateway.until_settled().await;
    let texts = gateway.telegram.texts(ANA).join("\n");
    assert_eq!(texts.matches("first end").count(), 1, "{}", gateway.story());
    assert_eq!(texts.matches("second end").count(), 1, "{}", gateway.story());
    assert!(texts.find("first end") < texts.find("second end"), "{texts}");
    assert_eq!(gateway.prompts().len(), 2, "each was given once\n{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_once_neither_loses_nor_repeats_it() {
    answered_once_after(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_a_moment_later_neither_loses_nor_repeats_it() {
    answered_once_after(Duration::from_millis(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_it_is_being_answered_neither_loses_nor_repeats_it() {
    answered_once_after(Duration::from_millis(500)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_dies_with_the_machine_has_answered_it_as_far_as_it_came() {
    let mut gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[join]] [[hang-after:still at it]]");
    gateway.until_prompted(1).await;
    gateway.telegram.says(ANA, ANA, "/steer one more");
    gateway.until_said("heard: one more").await;
    gateway.until_said("still at it").await;
    gateway.kill();
    for pid in crate::harness::processes::pids_under(gateway.folder()) {
        crate::harness::signal(pid, "-KILL");
    }
    gateway.launch().await;
    gateway.until_said("continue").await;
    gateway.until_settled().await;
    assert_eq!(gateway.prompts().len(), 2, "{}", gateway.story());
    gateway.telegram.says(ANA, ANA, "next [[text:all well]]");
    gateway.until_said("all well").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_the_turn_with_everything_that_was_put_into_it() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[words:4000,50]]");
    gateway.until_said("w3 ").await;
    gateway.telegram.says(ANA, ANA, "/steer [[text:never said]]");
    gateway.until_said("Sent into the running turn").await;
    gateway.until_prompted(2).await;
    gateway.telegram.says(ANA, ANA, "/stop");
    gateway.until_said("Stopped after").await;
    gateway.telegram.says(ANA, ANA, "again [[text:here again]]");
    gateway.until_said("here again").await;
    assert!(!gateway.telegram.texts(ANA).join(" ").contains("never said"), "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_turn_steered_text_is_a_prompt_and_nothing_is_nothing() {
    let gateway = TestGateway::start_with(Options::default()).await;
    gateway.telegram.says(ANA, ANA, "/steer");
    gateway.until_said("Nothing waits here. /steer <text> sends a message into the running turn.").await;
    gateway.telegram.says(ANA, ANA, "/steer [[text:an answer]]");
    gateway.until_said("an answer").await;
    gateway.until_settled().await;
    assert_eq!(turns(&gateway).await, 1, "{}", gateway.story());
    assert_eq!(gateway.prompts()[0].prompt, "[[text:an answer]]");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_of_the_codebase_keeps_its_own_turn() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "/command-set hi hi.md \"say hi [[text:hi there]]\"");
    gateway.until_said("registered").await;
    gateway.telegram.says(ANA, ANA, "[[words:60,50]]");
    gateway.until_said("w3 ").await;
    gateway.telegram.says(ANA, ANA, "/hi");
    gateway.until_said("Queued, 1st in line. /stop ends what runs now.").await;
    gateway.telegram.says(ANA, ANA, "/steer");
    gateway.until_said("What waits is a command").await;
    gateway.until_said("hi there").await;
    gateway.until_settled().await;
    assert_eq!(turns(&gateway).await, 2, "{}", gateway.story());
    gateway.finish().await;
}
