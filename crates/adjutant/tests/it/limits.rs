//! People interrupt, write too much and too often: each is told what became of it, and the conversation goes on.

use std::time::Duration;

use crate::harness::{ANA, Options, TestGateway};

async fn with_environment(name: &'static str, value: &str) -> TestGateway {
    let environment = vec![(name, value.to_owned())];
    TestGateway::start_with(Options { environment, ..Options::default() }).await
}

/// Processes a stopped turn has left behind.
fn strays(gateway: &TestGateway) -> usize {
    let living = crate::harness::living_under(gateway.folder());
    living.iter().filter(|process| process.contains("sleep 3600")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_while_a_question_is_open_withdraws_it_and_ends_the_turn() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[text:First I look.]] [[permission:Bash:make]] [[text:Made.]]");
    let asked = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|m| !m.labels().is_empty())).await;
    let question = asked.iter().find(|message| !message.labels().is_empty()).unwrap().id;
    gateway.telegram.says(ANA, ANA, "/stop");
    gateway.until_said("Stopped after").await;
    gateway.until_said("Not needed any more: Bash: make").await;
    gateway.until_settled().await;
    let shown = gateway.telegram.messages(ANA);
    let settled = shown.iter().find(|message| message.id == question).unwrap();
    assert_eq!(settled.labels(), Vec::<&str>::new(), "{}", gateway.story());
    gateway.telegram.says(ANA, ANA, "/approve 1");
    gateway.until_said("Not needed any more.").await;
    gateway.telegram.says(ANA, ANA, "[[text:Still here.]]");
    gateway.until_said("Still here.").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_in_the_middle_of_a_turn_ends_it_with_all_it_started_and_the_next_message_starts_afresh() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[grandchild]] [[hang-after:Working on it]]");
    gateway.until_drafted("Working on it").await;
    gateway.telegram.says(ANA, ANA, "[[text:Never said.]]");
    gateway.until_said("Queued, 1st in line").await;
    gateway.telegram.says(ANA, ANA, "/reset");
    gateway.until_said("Stopped after").await;
    gateway.until("nothing of it lives", || strays(&gateway) == 0).await;
    gateway.telegram.says(ANA, ANA, "[[text:Fresh.]]");
    gateway.until_said("Fresh.").await;
    gateway.until_settled().await;
    let prompts = gateway.prompts();
    assert_eq!(prompts.len(), 2, "{}", gateway.story());
    assert_ne!(prompts[0].session, prompts[1].session);
    assert_ne!(prompts[0].pid, prompts[1].pid);
    assert!(!gateway.telegram.transcript(ANA).contains("bot: Never said."), "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_21st_waiting_message_is_refused_and_says_so() {
    let gateway = TestGateway::start().await;
    gateway.telegram.lift_limits();
    gateway.telegram.says(ANA, ANA, "[[hang-after:Working]]");
    gateway.until_drafted("Working").await;
    for n in 1..=21 {
        gateway.telegram.says(ANA, ANA, &format!("[[text:number {n}.]]"));
    }
    let started = std::time::Instant::now();
    let refused = || gateway.telegram.texts(ANA).iter().any(|text| text.contains("20 messages wait here already"));
    while !refused() {
        assert!(started.elapsed() < crate::harness::PATIENCE, "{}", gateway.story());
        gateway.advance(Duration::from_secs(1)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    gateway.telegram.says(ANA, ANA, "/stop");
    let answered = || gateway.telegram.texts(ANA).iter().any(|text| text.contains("number 20."));
    while !answered() {
        assert!(started.elapsed() < crate::harness::PATIENCE, "{}", gateway.story());
        gateway.advance(Duration::from_secs(1)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    gateway.until_settled().await;
    let answers: Vec<String> =
        gateway.telegram.texts(ANA).into_iter().filter(|text| text.starts_with("number")).collect();
    assert_eq!(answers, (1..=20).map(|n| format!("number {n}.")).collect::<Vec<_>>(), "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_megabyte_reaches_the_assistant_whole() {
    let gateway = TestGateway::start().await;
    let long = format!("{} [[text:Read.]]", "abcdefghi ".repeat(100_000));
    gateway.telegram.says(ANA, ANA, &long);
    gateway.until_said("Read.").await;
    gateway.until_settled().await;
    assert_eq!(gateway.prompts()[0].prompt, long);
    gateway.telegram.says(ANA, ANA, "[[text:Still here.]]");
    gateway.until_said("Still here.").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_messages_than_a_person_may_send_in_an_hour_are_refused_once_and_taken_again_later() {
    let gateway = with_environment("MESSAGES_PER_PERSON_HOUR", "3").await;
    gateway.telegram.lift_limits();
    for n in 1..=5 {
        gateway.telegram.says(ANA, ANA, &format!("[[text:number {n}.]]"));
    }
    gateway.until_said("More than 3 messages in an hour. This one was not taken; write again after").await;
    gateway.until_said("number 3.").await;
    gateway.until_settled().await;
    assert_eq!(gateway.prompts().len(), 3, "{}", gateway.story());
    let refusals = gateway.telegram.texts(ANA).iter().filter(|text| text.contains("More than 3")).count();
    assert_eq!(refusals, 1, "{}", gateway.story());
    gateway.advance(Duration::from_secs(3601)).await;
    gateway.telegram.says(ANA, ANA, "[[text:An hour later.]]");
    gateway.until_said("An hour later.").await;
    gateway.finish().await;
}
