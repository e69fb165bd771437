//! People change messages they have sent. While one waits that counts; nothing runs twice.

use crate::harness::{ANA, TestGateway};

/// The number of what Ana wrote.
fn written(gateway: &TestGateway, text: &str) -> i32 {
    gateway.telegram.messages_of(ANA, ANA).into_iter().rev().find(|(_, said)| said == text).unwrap().0
}

async fn working() -> TestGateway {
    let gateway = TestGateway::start().await;
    gateway.telegram.lift_limits();
    gateway.telegram.says(ANA, ANA, "[[hang-after:Working]]");
    gateway.until_drafted("Working").await;
    gateway
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_message_is_carried_out_as_it_was_changed_also_after_a_kill() {
    let mut gateway = working().await;
    gateway.telegram.says(ANA, ANA, "[[text:First wording.]]");
    gateway.until_said("Queued, 1st in line").await;
    let message = written(&gateway, "[[text:First wording.]]");
    gateway.telegram.edits(ANA, message, "[[text:Second wording.]]");
    gateway.until_said("✓ What waits is changed to that.").await;
    gateway.telegram.edits(ANA, message, "[[text:Second wording.]]");
    gateway.telegram.edits(ANA, message, "[[text:Third wording.]]");
    gateway.until("the edits are taken in", || gateway.telegram.unconfirmed() == 0).await;
    gateway.telegram.says(ANA, ANA, "/queue");
    gateway.until_said("Third wording").await;
    gateway.kill();
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "/stop");
    gateway.until_said("Third wording.").await;
    gateway.until_settled().await;
    let prompts: Vec<String> = gateway.prompts().into_iter().map(|received| received.prompt).collect();
    assert_eq!(prompts, ["[[hang-after:Working]]", "[[text:Third wording.]]"]);
    let told = gateway.telegram.texts(ANA).iter().filter(|text| text.contains("What waits is changed")).count();
    assert_eq!(told, 1, "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_or_is_done_stays_as_it_was_and_it_is_said_what_to_do() {
    let gateway = working().await;
    let message = written(&gateway, "[[hang-after:Working]]");
    gateway.telegram.edits(ANA, message, "[[text:Something else.]]");
    gateway.until_said("The turn began with the text as it was. /steer <text> adds to it, /stop ends it.").await;
    gateway.telegram.says(ANA, ANA, "/stop");
    gateway.until_said("Stopped after").await;
    gateway.until_settled().await;
    gateway.telegram.edits(ANA, message, "[[text:Something else again.]]");
    gateway.until_said("Changes count only while a message waits. Send the new text as a message of its own.").await;
    gateway.until_settled().await;
    assert_eq!(gateway.prompts().len(), 1, "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_changes_a_message_meets_silence() {
    let gateway = TestGateway::start().await;
    let stranger = crate::harness::STRANGER;
    gateway.telegram.says(stranger, stranger, "hello");
    let message = gateway.telegram.last_message(stranger).unwrap();
    gateway.telegram.edits(stranger, message, "[[text:pwned]]");
    gateway.until("everything is taken in", || gateway.telegram.unconfirmed() == 0).await;
    gateway.telegram.says(ANA, ANA, "[[text:Here.]]");
    gateway.until_said("Here.").await;
    gateway.until_settled().await;
    assert_eq!(gateway.telegram.texts(stranger), Vec::<String>::new());
    assert_eq!(gateway.prompts().len(), 1);
    gateway.finish().await;
}
