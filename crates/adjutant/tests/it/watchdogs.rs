//! Watchdogs wait for people and for tools, and end what takes too long; the session stays.

use std::time::Duration;

use crate::harness::{ANA, Options, TestGateway};

const HOUR: Duration = Duration::from_secs(3600);

async fn asked(gateway: &TestGateway) -> i32 {
    let shown = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|one| !one.labels().is_empty())).await;
    shown.iter().find(|one| !one.labels().is_empty()).unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_takes_too_long_is_ended_and_its_session_stays() {
    let environment = vec![("TURN_MAX_MINUTES", "5".to_owned())];
    let gateway = TestGateway::start_with(Options { environment, ..Options::default() }).await;
    gateway.telegram.says(ANA, ANA, "[[hang-after:Working]]");
    gateway.until_drafted("Working").await;
    gateway.advance(Duration::from_secs(299)).await;
    assert!(!gateway.telegram.transcript(ANA).contains('✗'));
    gateway.advance(Duration::from_secs(2)).await;
    gateway.until_said("The turn was ended after 5 min, the longest it may take. \"continue\" goes on in").await;
    gateway.telegram.says(ANA, ANA, "[[text:Still here.]]");
    gateway.until_said("Still here.").await;
    let prompts = gateway.prompts();
    assert_eq!(prompts[0].session, prompts[1].session);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_permission_is_asked_for_no_watchdog_runs() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[permission:Bash:make]] [[text:Made.]] [[hang]]");
    let question = asked(&gateway).await;
    gateway.advance(20 * HOUR).await;
    gateway.telegram.presses(ANA, ANA, question, "Allow once");
    gateway.until_drafted("Made.").await;
    // The time a person thought is not the turn's: it may take its two hours from here on, and is silent for ten minutes.
    gateway.advance(Duration::from_secs(590)).await;
    assert!(!gateway.telegram.transcript(ANA).contains('✗'), "{}", gateway.story());
    gateway.advance(Duration::from_secs(20)).await;
    gateway.until_said("Nothing was heard for 10 min").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_question_is_open_no_watchdog_runs() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[question:Which?|Red|Blue]] [[text:Painted.]]");
    let question = asked(&gateway).await;
    gateway.advance(20 * HOUR).await;
    gateway.telegram.presses(ANA, ANA, question, "Blue");
    gateway.until_said("Painted.").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_tool_runs_silence_is_no_reason_but_the_time_of_the_turn_is() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[busy:cargo test]] [[text:Tested.]]");
    gateway.until_drafted("cargo test").await;
    gateway.advance(HOUR).await;
    gateway.telegram.says(ANA, ANA, "/steer go on");
    gateway.until_said("Tested.").await;
    gateway.until_settled().await;
    gateway.telegram.says(ANA, ANA, "[[busy:cargo bench]] [[text:Measured.]]");
    gateway.until_drafted("cargo bench").await;
    gateway.advance(2 * HOUR).await;
    gateway.until_said("The turn was ended after 2 h, the longest it may take.").await;
    gateway.finish().await;
}
