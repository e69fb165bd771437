//! Nothing is lost and nothing is said twice, however the gateway goes away.

use std::time::Duration;

use crate::harness::{ANA, Database, Options, TestGateway};

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_streamed_answer_completes_it_in_one_message() {
    let mut gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "count [[words:80,50]]");
    gateway.until_drafted("w5 ").await;
    gateway.kill();
    gateway.launch().await;
    gateway.until_said("w80").await;
    gateway.until_settled().await;
    let answers: Vec<_> =
        gateway.telegram.messages(ANA).into_iter().filter(|message| message.text.contains("w1 ")).collect();
    assert_eq!(answers.len(), 1, "{}", gateway.story());
    assert!(answers[0].text.starts_with("w1 w2 w3 "), "{}", answers[0].text);
    assert_eq!(gateway.prompts().len(), 1, "the same run went on");
    gateway.finish().await;
}

/// One message, and the gateway goes away so long after it was said.
async fn answered_once_after(pause: Duration, how: Leave) {
    let mut gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "count [[words:40,20]] [[text:the end]]");
    tokio::time::sleep(pause).await;
    match how {
        Leave::Kill => gateway.kill(),
        Leave::Terminate => assert_eq!(gateway.terminate().await, Some(0)),
    }
    gateway.telegram.says(ANA, ANA, "while away [[text:second answer]]");
    gateway.launch().await;
    gateway.until_said("second answer").await;
    gateway.until_settled().await;
    let texts = gateway.telegram.texts(ANA).join("\n");
    assert_eq!(texts.matches("the end").count(), 1, "{}", gateway.story());
    assert_eq!(texts.matches("second answer").count(), 1, "{}", gateway.story());
    assert!(texts.find("the end") < texts.find("second answer"), "{texts}");
    assert_eq!(gateway.prompts().len(), 2, "{}", gateway.story());
    gateway.finish().await;
}

enum Leave {
    Kill,
    Terminate,
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_once() {
    answered_once_after(Duration::ZERO, Leave::Kill).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_50_ms() {
    answered_once_after(Duration::from_millis(50), Leave::Kill).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_the_run() {
    answered_once_after(Duration::from_millis(500), Leave::Kill).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn terminated_in_the_middle_of_the_run() {
    answered_once_after(Duration::from_millis(500), Leave::Terminate).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_messages_sent_while_it_is_down_are_answered_in_order() {
    let mut gateway = TestGateway::start().await;
    assert_eq!(gateway.terminate().await, Some(0));
    for n in 1..=10 {
        gateway.telegram.says(ANA, ANA, &format!("[[text:answer {n}.]]"));
    }
    gateway.launch().await;
    gateway.until_said("answer 10.").await;
    gateway.until_settled().await;
    let answers: Vec<String> =
        gateway.telegram.texts(ANA).into_iter().filter(|text| text.starts_with("answer")).collect();
    let mut expected: Vec<String> = (1..=10).map(|n| format!("answer {n}.")).collect();
    expected[0].push_str("\n\nWorking in shop.");
    assert_eq!(answers, expected);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_update_twice_and_again_after_a_restart_runs_once() {
    let mut gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[text:only once]]");
    gateway.telegram.duplicate_last();
    gateway.until_said("only once").await;
    gateway.until_settled().await;
    gateway.kill();
    gateway.telegram.duplicate_last();
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "[[text:after that]]");
    gateway.until_said("after that").await;
    gateway.until_settled().await;
    assert_eq!(gateway.prompts().len(), 2, "{}", gateway.story());
    assert_eq!(gateway.telegram.texts(ANA).iter().filter(|text| text.contains("only once")).count(), 1);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_question_survives_a_restart_and_its_button_works() {
    let mut gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[permission:Bash:echo hi]] [[text:finished]]");
    let shown = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|m| !m.labels().is_empty())).await;
    let question = shown.iter().find(|message| !message.labels().is_empty()).unwrap().id;
    gateway.kill();
    gateway.telegram.presses(ANA, ANA, question, "Deny");
    gateway.launch().await;
    gateway.until_said("Denied by Ana").await;
    gateway.until_said("finished").await;
    assert_eq!(gateway.prompts().len(), 1);
    gateway.finish().await;
}

/// Twenty kills at random moments under 100 messages to 20 conversations.
async fn nothing_is_lost_under_twenty_kills(database: Database) {
    const CHATS: i64 = 20;
    const EACH: i64 = 5;
    let environment = vec![("MAX_CONCURRENT_CONVERSATIONS", "20".to_owned())];
    let mut gateway = TestGateway::start_with(Options { database, environment, ..Options::default() }).await;
    gateway.telegram.lift_limits();
    for chat in 0..CHATS {
        gateway.telegram.group(-(chat + 100), &format!("group {chat}"));
    }
    // One person in twenty groups: a command reaches the bot in each of them.
    let mut random = fastrand::Rng::with_seed(7);
    let mut said = 0;
    for _kill in 0..20 {
        for _ in 0..(CHATS * EACH / 20) {
            let (chat, n) = (said % CHATS, said / CHATS);
            gateway.telegram.says(
                -(chat + 100),
                ANA,
                &format!("@adjutant_test_bot [[words:5,{}]] [[text:chat {chat} answer {n}.]]", random.u32(1..40)),
            );
            said += 1;
        }
        tokio::time::sleep(Duration::from_millis(random.u64(0..400))).await;
        gateway.kill();
        gateway.launch().await;
    }
    for chat in 0..CHATS {
        let last = format!("chat {chat} answer {}.", EACH - 1);
        gateway.telegram.wait_for(-(chat + 100), |messages| messages.iter().any(|m| m.text.contains(&last))).await;
    }
    gateway.until_settled().await;
    assert_eq!(gateway.prompts().len(), usize::try_from(CHATS * EACH).unwrap(), "{}", gateway.log());
    let mut again = 0;
    for chat in 0..CHATS {
        let mut finals = Vec::new();
        for text in gateway.telegram.texts(-(chat + 100)) {
            let Some(answer) = text.split("answer ").nth(1).and_then(|rest| rest.split('.').next()) else { continue };
            let n: i64 = answer.parse().unwrap();
            if finals.last() == Some(&n) {
                assert!(text.contains("sent again"), "a repeat is marked: {text}");
                again += 1;
            } else {
                finals.push(n);
            }
        }
        assert_eq!(
            finals,
            (0..EACH).collect::<Vec<_>>(),
            "chat {chat}\n{}",
            gateway.telegram.transcript(-(chat + 100))
        );
    }
    println!("{again} of {} replies were sent twice, marked", CHATS * EACH);
    // A kill meets whatever is between request and answer at that moment: about one message each, on a busy machine.
    assert!(again <= 20, "repeats are rare, {again} were seen");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_under_twenty_kills_on_sqlite() {
    nothing_is_lost_under_twenty_kills(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_under_twenty_kills_on_postgresql() {
    nothing_is_lost_under_twenty_kills(Database::postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_conversations_keep_their_order() {
    const CHATS: i64 = 200;
    const EACH: i64 = 5;
    let environment = vec![
        ("MAX_CONCURRENT_CONVERSATIONS", "8".to_owned()),
        ("ASSISTANT_MAX_LIVE", "8".to_owned()),
        ("MESSAGES_PER_PERSON_HOUR", "100000".to_owned()),
        // Turns that only plan share a directory.
        ("PERMISSION_MODE", "plan".to_owned()),
    ];
    let gateway = TestGateway::start_with(Options { environment, ..Options::default() }).await;
    gateway.telegram.lift_limits();
    for chat in 0..CHATS {
        gateway.telegram.group(-(chat + 100), &format!("group {chat}"));
    }
    for n in 0..EACH {
        for chat in 0..CHATS {
            gateway.telegram.says(-(chat + 100), ANA, &format!("@adjutant_test_bot [[text:answer {n}.]]"));
        }
    }
    gateway.until_prompted(usize::try_from(CHATS * EACH).unwrap()).await;
    // The platform's budgets would take minutes; the clock does not.
    while gateway.database.unsettled(&gateway.data_dir()).await > 0 {
        gateway.advance(Duration::from_secs(2)).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    gateway.until_settled().await;
    for chat in 0..CHATS {
        let answers: Vec<String> =
            gateway.telegram.texts(-(chat + 100)).into_iter().filter(|text| text.starts_with("answer")).collect();
        let answers: Vec<&str> = answers.iter().filter_map(|answer| answer.lines().next()).collect();
        assert_eq!(answers, (0..EACH).map(|n| format!("answer {n}.")).collect::<Vec<_>>());
    }
    assert_eq!(gateway.prompts().len(), usize::try_from(CHATS * EACH).unwrap());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_in_order_also_while_messages_come_in() {
    let environment = vec![("MESSAGES_PER_PERSON_HOUR", "100000".to_owned())];
    let mut gateway = TestGateway::start_with(Options { environment, ..Options::default() }).await;
    gateway.telegram.lift_limits();
    for round in 0..5 {
        for n in 0..3 {
            gateway.telegram.says(ANA, ANA, &format!("[[text:round {round} answer {n}.]]"));
        }
        // In the middle of taking them in, and again right after the start that takes up what is left.
        tokio::time::sleep(Duration::from_millis(5 * round)).await;
        assert_eq!(gateway.terminate().await, Some(0), "{}", gateway.log());
        gateway.launch().await;
        assert_eq!(gateway.terminate().await, Some(0), "{}", gateway.log());
        gateway.launch().await;
    }
    gateway.until_prompted(15).await;
    gateway.until_settled().await;
    gateway.finish().await;
}
