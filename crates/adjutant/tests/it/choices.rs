//! What a conversation chooses: a session of before, the assistant, the model, how replies arrive.

use std::time::Duration;

use crate::harness::{ANA, TestGateway};

/// Ana says something, and everything it brings about is over.
async fn says(gateway: &TestGateway, text: &str) {
    gateway.telegram.says(ANA, ANA, text);
    gateway.until("every update is confirmed", || gateway.telegram.unconfirmed() == 0).await;
    gateway.until_settled().await;
}

fn last(gateway: &TestGateway) -> String {
    gateway.telegram.texts(ANA).pop().unwrap()
}

async fn number(gateway: &TestGateway, query: &'static str) -> i64 {
    gateway.database.number(&gateway.data_dir(), query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_session_is_found_by_its_number_and_goes_on() {
    let gateway = TestGateway::start().await;
    says(&gateway, "/sessions").await;
    assert_eq!(last(&gateway), "No sessions here yet. The next message starts one.");
    says(&gateway, "first [[text:one]]").await;
    says(&gateway, "/reset").await;
    assert_eq!(last(&gateway), "New session in shop on main with Claude. The old one is /sessions resume 1.");
    says(&gateway, "second [[text:two]]").await;
    says(&gateway, "/sessions").await;
    assert!(last(&gateway).contains("#2 Claude · 1 turn · now"), "{}", gateway.story());
    let list = gateway.telegram.messages(ANA).into_iter().rev().find(|shown| !shown.labels().is_empty()).unwrap();
    assert_eq!(list.labels(), ["Resume 1"]);
    gateway.telegram.presses(ANA, ANA, list.id, "Resume 1");
    gateway.until_said("Session 1 goes on in shop with Claude: 1 turn, begun ").await;
    gateway.until_settled().await;
    says(&gateway, "third [[text:three]]").await;
    let prompts = gateway.prompts();
    assert_eq!(prompts[0].session, prompts[2].session, "the memory of the first goes on");
    assert_ne!(prompts[0].session, prompts[1].session);
    assert_eq!(number(&gateway, "SELECT count(*) FROM remote_agent_sessions").await, 2);
    says(&gateway, "/sessions resume 1").await;
    assert_eq!(last(&gateway), "Session 1 is the one you are in.");
    says(&gateway, "/sessions resume 7").await;
    assert_eq!(last(&gateway), "No session 7 here. /sessions lists them.");
    says(&gateway, "/sessions remove 1").await;
    assert_eq!(
        last(&gateway),
        "/sessions knows no remove. Use /sessions, /sessions resume <n> or /sessions delete <n>."
    );
    says(&gateway, "/sessions resume 2").await;
    says(&gateway, "fourth [[text:four]]").await;
    assert_eq!(gateway.prompts()[3].session, prompts[1].session);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_not_changed_below_a_running_turn() {
    let gateway = TestGateway::start().await;
    says(&gateway, "first [[text:one]]").await;
    says(&gateway, "/new").await;
    says(&gateway, "/sessions").await;
    let list = gateway.telegram.messages(ANA).pop().unwrap().id;
    gateway.telegram.says(ANA, ANA, "[[words:400,50]]");
    gateway.until_said("w3 ").await;
    gateway.telegram.presses(ANA, ANA, list, "Resume 1");
    gateway.until_said("A turn runs here. Try again when it has ended, or end it with /stop.").await;
    gateway.telegram.says(ANA, ANA, "/sessions resume 1");
    gateway.until_said("Queued, 1st in line").await;
    gateway.telegram.says(ANA, ANA, "/stop");
    gateway.until_said("Session 1 goes on").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_and_no_row_keeps_what_people_and_assistants_said() {
    let gateway = TestGateway::start().await;
    says(&gateway, "/command-set tidy tidy.md \"Tidy up.\n\n$1 [[text:plumbago answer]]\"").await;
    says(&gateway, "please look for the plumbago [[text:a plumbago was found]]").await;
    says(&gateway, "/tidy plumbago").await;
    says(&gateway, "/reset").await;
    says(&gateway, "/sessions").await;
    assert!(last(&gateway).contains("#1 Claude · tidy · 2 turns"), "{}", gateway.story());
    assert!(!last(&gateway).contains("plumbago"));
    let kept = "SELECT
        (SELECT count(*) FROM remote_agent_inbound WHERE content LIKE '%plumbago%')
      + (SELECT count(*) FROM remote_agent_outbox WHERE body LIKE '%plumbago%')
      + (SELECT count(*) FROM remote_agent_sessions WHERE metadata LIKE '%plumbago%')
      + (SELECT count(*) FROM remote_agent_turns WHERE command LIKE '%plumbago%')
      + (SELECT count(*) FROM remote_agent_codebases WHERE commands LIKE '%plumbago%')";
    assert_eq!(number(&gateway, kept).await, 0);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_assistant_ends_the_session_and_a_button_chooses_it() {
    let gateway = TestGateway::start().await;
    says(&gateway, "first [[text:one]]").await;
    says(&gateway, "/assistant").await;
    let chooser = gateway.telegram.messages(ANA).pop().unwrap();
    assert!(chooser.text.contains("Claude ← here"), "{}", chooser.text);
    assert_eq!(chooser.labels(), ["Demo"]);
    says(&gateway, "/assistant nobody").await;
    assert_eq!(last(&gateway), "No assistant nobody here. /assistant lists them.");
    says(&gateway, "/assistant claude").await;
    assert_eq!(last(&gateway), "Claude works here already.");
    gateway.telegram.presses(ANA, ANA, chooser.id, "Demo");
    gateway.until_said("Demo from now on. Session 1 has ended. The next message starts a fresh session.").await;
    gateway.until_settled().await;
    let ended = "SELECT count(*) FROM remote_agent_sessions WHERE end_reason = 'assistant_changed'";
    assert_eq!(number(&gateway, ended).await, 1);
    says(&gateway, "hello").await;
    assert_eq!(gateway.prompts().len(), 1, "Claude was not asked again");
    says(&gateway, "/sessions resume 1").await;
    says(&gateway, "back [[text:back with Claude]]").await;
    assert_eq!(last(&gateway), "back with Claude");
    assert_eq!(gateway.prompts()[1].session, gateway.prompts()[0].session);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_keeps_the_session_and_counts_from_the_next_turn() {
    let gateway = TestGateway::start().await;
    says(&gateway, "first [[text:one]]").await;
    gateway.telegram.says(ANA, ANA, "[[words:60,50]]");
    gateway.until_said("w3 ").await;
    gateway.telegram.says(ANA, ANA, "/model opus");
    gateway.until_said("From the next turn on Claude uses opus. The session goes on.").await;
    gateway.until_said("w60").await;
    gateway.until_settled().await;
    says(&gateway, "[[args]]").await;
    assert!(last(&gateway).contains("--model opus"), "{}", gateway.story());
    let prompts = gateway.prompts();
    assert!(prompts.iter().all(|prompt| prompt.session == prompts[0].session), "one session");
    says(&gateway, "/model").await;
    assert!(last(&gateway).starts_with("Claude uses opus here."), "{}", last(&gateway));
    says(&gateway, "/status").await;
    assert!(last(&gateway).contains("Claude, opus · session of "), "{}", last(&gateway));
    says(&gateway, "/model --dangerous").await;
    assert_eq!(last(&gateway), "--dangerous is not a model's name. Give one such as /model opus.");
    says(&gateway, "/model default").await;
    says(&gateway, "[[args]]").await;
    assert!(!last(&gateway).contains("--model"), "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_arrive_as_the_conversation_wants_also_after_a_restart() {
    let mut gateway = TestGateway::start().await;
    says(&gateway, "/mode").await;
    let chooser = gateway.telegram.messages(ANA).pop().unwrap();
    assert_eq!(chooser.labels(), ["Batch", "Quiet"]);
    gateway.telegram.presses(ANA, ANA, chooser.id, "Batch");
    gateway.until_said("Replies arrive as batch from the next turn on").await;
    gateway.until_settled().await;
    says(&gateway, "/mode fast").await;
    assert_eq!(last(&gateway), "No mode fast. Use /mode stream, /mode batch or /mode quiet.");
    assert_eq!(gateway.terminate().await, Some(0));
    gateway.launch().await;
    says(&gateway, "[[words:40,50]]").await;
    let answer = gateway.telegram.messages(ANA).pop().unwrap();
    assert!(answer.text.contains("w40"), "{}", answer.text);
    assert_eq!(answer.edits, 0, "one message, when the turn has ended");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_tells_what_is_known_and_says_what_is_not() {
    let gateway = TestGateway::start().await;
    says(&gateway, "[[usage:1200,34,0.25]] [[text:one]]").await;
    says(&gateway, "two [[text:two]]").await;
    says(&gateway, "/usage").await;
    let known = "2 turns, 1,234 tokens and 1 turn of unknown length, $0.25 and 1 turn of unknown cost";
    assert_eq!(last(&gateway), format!("Today: {known}\nThis conversation: {known}\nshop: {known}"));
    gateway.advance(Duration::from_secs(24 * 3600)).await;
    says(&gateway, "/usage").await;
    assert!(last(&gateway).starts_with("Today: nothing\nThis conversation: 2 turns"), "{}", last(&gateway));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_says_on_a_phone_where_the_conversation_stands() {
    let gateway = TestGateway::start().await;
    says(&gateway, "/status").await;
    assert_eq!(last(&gateway), "shop · main · clean\nClaude · no session, the next message starts one");
    std::fs::write(gateway.shop().join("new.txt"), "new").unwrap();
    says(&gateway, "[[usage:10,5,1.12]] [[text:one]]").await;
    gateway.telegram.says(ANA, ANA, "add dark mode [[permission:Bash:npm test]]");
    gateway.until_said("npm test").await;
    gateway.telegram.says(ANA, ANA, "and then this");
    gateway.until_said("in line").await;
    gateway.telegram.says(ANA, ANA, "/status");
    let status = gateway.until_said("1 queued · $1.12 today").await;
    let lines: Vec<&str> = status.lines().collect();
    assert_eq!(lines[0], "shop · main · 1 file not committed");
    assert!(lines[1].starts_with("Claude, scripted · session of ") && lines[1].ends_with(", 1 turn"), "{status}");
    assert!(lines[2].starts_with("running: add dark mode [[permission:Bash:npm test]], "), "{status}");
    assert!(lines[2].ends_with("waiting for approval"), "{status}");
    gateway.telegram.says(ANA, ANA, "/deny 1");
    gateway.until_settled().await;
    gateway.finish().await;
}
