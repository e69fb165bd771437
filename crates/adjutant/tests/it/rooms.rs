//! Groups, topics, and what people do with them.

use std::time::Duration;

use adjutant_testkit::telegram::Shown;

use crate::harness::{ANA, Options, PATIENCE, TestGateway};

const TEAM: i64 = -1_001_000_000_088;
/// A group that has never been a supergroup.
const SMALL: i64 = -4_000_111;
const GROWN: i64 = -1_001_000_000_099;

const AWAY: &str = "SELECT count(*) FROM remote_agent_away";

async fn start() -> TestGateway {
    let gateway = TestGateway::start().await;
    gateway.telegram.group(TEAM, "Team");
    gateway.telegram.group(SMALL, "Small");
    gateway
}

fn to_bot(words: &str) -> String {
    format!("@adjutant_test_bot {words}")
}

async fn until_answered(gateway: &TestGateway, place: impl Into<adjutant_testkit::telegram::Place>, words: &str) {
    let has = |shown: &Shown| !shown.deleted && shown.text.contains(words);
    gateway.telegram.wait_for(place, |said| said.iter().any(has)).await;
}

fn count(gateway: &TestGateway, chat: i64, words: &str) -> usize {
    gateway.telegram.texts(chat).iter().filter(|text| text.contains(words)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_topic_is_a_conversation_whatever_it_is_called_and_general_is_another() {
    let gateway = start().await;
    let topic = gateway.telegram.topic(TEAM, "parser");
    gateway.telegram.says((TEAM, topic), ANA, &to_bot("[[text:In the topic.]]"));
    until_answered(&gateway, (TEAM, topic), "In the topic.").await;
    gateway.telegram.renames_topic(TEAM, topic, ANA, "lexer");
    gateway.telegram.says((TEAM, topic), ANA, &to_bot("[[text:Still there.]]"));
    until_answered(&gateway, (TEAM, topic), "Still there.").await;
    gateway.telegram.says(TEAM, ANA, &to_bot("[[text:In general.]]"));
    until_answered(&gateway, TEAM, "In general.").await;
    let general: Vec<_> = gateway.telegram.messages(TEAM).into_iter().filter(|shown| shown.thread.is_none()).collect();
    assert!(general.iter().all(|shown| shown.text.contains("In general.")), "{general:?}");
    let sessions: Vec<_> = gateway.prompts().into_iter().map(|prompt| prompt.session).collect();
    assert!(sessions[0] == sessions[1] && sessions[1] != sessions[2], "{sessions:?}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_topic_gets_its_answer_when_it_is_opened_again() {
    let gateway = start().await;
    let topic = gateway.telegram.topic(TEAM, "parser");
    gateway.telegram.says((TEAM, topic), ANA, &to_bot("[[text:Kept for later.]]"));
    gateway.telegram.closes_topic(TEAM, topic, ANA);
    gateway.until_prompted(1).await;
    gateway.until_number(AWAY, 1).await;
    gateway.telegram.says(TEAM, ANA, &to_bot("[[text:Elsewhere all is well.]]"));
    until_answered(&gateway, TEAM, "Elsewhere all is well.").await;
    assert_eq!(count(&gateway, TEAM, "Kept for later."), 0);
    gateway.telegram.reopens_topic(TEAM, topic, ANA);
    until_answered(&gateway, (TEAM, topic), "Kept for later.").await;
    gateway.until_settled().await;
    assert_eq!(count(&gateway, TEAM, "Kept for later."), 1);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_topic_is_set_aside_and_disturbs_no_other() {
    let gateway = start().await;
    let topic = gateway.telegram.topic(TEAM, "parser");
    gateway.telegram.says((TEAM, topic), ANA, &to_bot("[[text:Nobody reads this.]]"));
    gateway.telegram.deletes_topic(TEAM, topic);
    gateway.until_prompted(1).await;
    gateway.until_number(AWAY, 1).await;
    gateway.telegram.says(TEAM, ANA, &to_bot("[[text:All is well.]]"));
    until_answered(&gateway, TEAM, "All is well.").await;
    let refused = gateway.telegram.take_unexpected();
    assert!(refused.iter().all(|request| request.contains("not found")), "{refused:?}");
    assert_eq!(count(&gateway, TEAM, "Nobody reads this."), 0);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_becomes_a_supergroup_takes_its_conversation_along() {
    let gateway = start().await;
    gateway.telegram.says(SMALL, ANA, &to_bot("[[text:Before.]] [[permission:Bash:true]] [[text:After.]]"));
    until_answered(&gateway, SMALL, "wants to run").await;
    gateway.telegram.says(SMALL, ANA, &to_bot("[[text:Second.]]"));
    until_answered(&gateway, SMALL, "Queued, 1st in line").await;
    gateway.telegram.becomes_supergroup(SMALL, ANA, GROWN);
    gateway.telegram.says(GROWN, ANA, "/approve@adjutant_test_bot 1");
    until_answered(&gateway, GROWN, "Second.").await;
    gateway.until_settled().await;
    for words in ["After.", "Second."] {
        assert_eq!((count(&gateway, SMALL, words), count(&gateway, GROWN, words)), (0, 1), "{}", gateway.story());
    }
    let sessions: Vec<_> = gateway.prompts().into_iter().map(|prompt| prompt.session).collect();
    assert!(sessions.len() == 2 && sessions[0] == sessions[1], "{sessions:?}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_only_an_error_tells_is_followed_too() {
    let gateway = start().await;
    gateway.telegram.says(SMALL, ANA, &to_bot("[[text:Half.]] [[permission:Bash:true]] [[text:Whole.]]"));
    until_answered(&gateway, SMALL, "wants to run").await;
    gateway.telegram.upgrades(SMALL, GROWN);
    gateway.telegram.says(SMALL, ANA, "/approve@adjutant_test_bot 1");
    until_answered(&gateway, GROWN, "Whole.").await;
    gateway.until_settled().await;
    assert_eq!(count(&gateway, GROWN, "Whole."), 1);
    gateway.telegram.says(GROWN, ANA, &to_bot("[[text:Here now.]]"));
    until_answered(&gateway, GROWN, "Here now.").await;
    let sessions: Vec<_> = gateway.prompts().into_iter().map(|prompt| prompt.session).collect();
    assert!(sessions.len() == 2 && sessions[0] == sessions[1], "{sessions:?}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_was_removed_from_a_group_goes_on_when_it_is_back_also_as_an_administrator() {
    let gateway = start().await;
    gateway.telegram.says(TEAM, ANA, &to_bot("[[text:Here.]]"));
    until_answered(&gateway, TEAM, "Here.").await;
    gateway.telegram.blocks(TEAM, ANA);
    gateway.until_number(AWAY, 1).await;
    gateway.telegram.unblocks(TEAM, ANA);
    gateway.until_number(AWAY, 0).await;
    gateway.telegram.promotes(TEAM, ANA);
    gateway.telegram.says(TEAM, ANA, &to_bot("[[text:Back.]]"));
    until_answered(&gateway, TEAM, "Back.").await;
    assert_eq!(gateway.telegram.texts(TEAM), ["Here.\n\nWorking in shop.", "Back."].map(str::to_owned));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_in_a_group_says_what_is_heard_there_and_how_to_change_that() {
    let gateway = start().await;
    gateway.telegram.says(TEAM, ANA, "/status");
    until_answered(&gateway, TEAM, "Here I hear commands, replies to me and what mentions @adjutant_test_bot.").await;
    until_answered(&gateway, TEAM, "/setprivacy in @BotFather").await;
    assert!(gateway.telegram.messages(TEAM)[0].pings.is_empty());
    gateway.telegram.says(ANA, ANA, "/status");
    let alone = gateway.until_said("shop").await;
    assert!(!alone.contains("Here I hear"), "{alone}");
    gateway.finish().await;

    let mut open = TestGateway::prepare(Options::default()).await;
    open.telegram.group(TEAM, "Team");
    open.telegram.lifts_privacy_mode();
    open.launch().await;
    open.telegram.says(TEAM, ANA, "/status");
    until_answered(&open, TEAM, "Here I hear commands").await;
    assert!(!open.telegram.texts(TEAM)[0].contains("privacy"), "{:?}", open.telegram.texts(TEAM));
    open.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_other_bots_are_left_to_them_and_typing_mistakes_are_not() {
    let gateway = start().await;
    for said in ["/status@other_bot", "/deploy now", "/leaderboard"] {
        gateway.telegram.says(TEAM, ANA, said);
    }
    gateway.telegram.says(TEAM, ANA, "/stauts");
    until_answered(&gateway, TEAM, "Did you mean /status?").await;
    gateway.telegram.says(TEAM, ANA, "/deploy@adjutant_test_bot now");
    until_answered(&gateway, TEAM, "No command /deploy.").await;
    gateway.until_settled().await;
    assert_eq!(gateway.telegram.texts(TEAM).len(), 2, "{}", gateway.telegram.transcript(TEAM));
    assert_eq!(gateway.prompts(), []);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opens_the_bot_is_told_what_to_do_first() {
    let gateway = start().await;
    gateway.telegram.says(ANA, ANA, "/start");
    let welcome = gateway.until_said("works in shop for you").await;
    assert!(welcome.contains("/help lists the commands"), "{welcome}");
    assert_eq!(gateway.prompts(), []);
    gateway.finish().await;
}

/// Lets time pass until so many different answers stand there.
async fn pass_until(gateway: &TestGateway, mut answered: impl FnMut() -> usize, wanted: usize) {
    let started = std::time::Instant::now();
    while answered() < wanted {
        assert!(started.elapsed() < PATIENCE, "{} of {wanted}\n{}", answered(), gateway.log());
        gateway.advance(Duration::from_millis(250)).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_topics_of_a_group_share_its_twenty_messages_a_minute() {
    let gateway = start().await;
    let topics = [1, 2, 3].map(|n| gateway.telegram.topic(TEAM, &format!("topic {n}")));
    for n in 0..4 {
        for topic in topics {
            gateway.telegram.says((TEAM, topic), ANA, &format!("/getcwd@adjutant_test_bot {n}"));
        }
    }
    pass_until(&gateway, || gateway.telegram.texts(TEAM).len(), 12).await;
    assert_eq!(gateway.telegram.throttled(), 0, "{}", gateway.log());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_chats_share_the_bots_thirty_messages_a_second() {
    let people: Vec<i64> = (5_000..5_080).collect();
    let ids: Vec<String> = people.iter().map(i64::to_string).collect();
    let environment = vec![("TELEGRAM_ALLOWED_USERS", ids.join(","))];
    let mut gateway = TestGateway::prepare(Options { environment, ..Options::default() }).await;
    people.iter().for_each(|person| gateway.telegram.user(*person, "Somebody"));
    gateway.launch().await;
    for person in &people {
        gateway.telegram.says(*person, *person, "/whoami");
    }
    let answered = || people.iter().filter(|person| !gateway.telegram.texts(**person).is_empty()).count();
    pass_until(&gateway, answered, people.len()).await;
    assert_eq!(gateway.telegram.throttled(), 0, "{}", gateway.log());
    gateway.finish().await;
}
