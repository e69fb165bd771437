use std::time::Duration;

use adjutant_core::id::PartId;
use adjutant_core::message::{ConversationKey, MessageRef};
use adjutant_core::platform::{
    Attachment, Bucket, Button, Content, Form, Pace, Part, Platform, Preview, SendError, Sign,
};
use adjutant_telegram::TelegramConfig;
use adjutant_telegram::client::Client;
use adjutant_testkit::telegram::Fault;
use serde::de::IgnoredAny;
use teloxide::payloads::GetMe;

use crate::gateway::{ADA, Gateway, TEAM, bot, key};

fn plain(text: &str) -> Part {
    Part { form: Form::Plain, ..Part::text(text) }
}

#[tokio::test]
async fn formatted_text_arrives_with_entities_and_plain_text_as_it_stands() {
    let gateway = Gateway::sending().await;
    gateway.bot.send(&key(ADA), &Part::text("🙂 **bold** `code` @ada")).await.expect("sent");
    gateway.bot.send(&key(ADA), &plain("🙂 **bold**")).await.expect("sent");
    let messages = gateway.fake.messages(ADA);
    assert_eq!(messages[0].text, "🙂 bold code @ada");
    assert_eq!(
        (messages[0].styled("bold"), messages[0].styled("code")),
        (vec!["bold".into()], vec!["code".into(), "@ada".into()])
    );
    assert!(messages[0].pings.is_empty(), "nobody is notified");
    assert_eq!((messages[1].text.as_str(), messages[1].entities.len()), ("🙂 **bold**", 0));
    gateway.fake.assert_clean();
}

#[tokio::test]
async fn an_edit_replaces_text_and_buttons_and_the_same_edit_again_is_success() {
    let gateway = Gateway::sending().await;
    let button = Button { label: "Stop".into(), token: "stop".into() };
    let part = Part { buttons: vec![vec![button]], ..Part::text("one") };
    let at = gateway.bot.send(&key(ADA), &part).await.expect("sent");
    assert_eq!(gateway.fake.messages(ADA)[0].labels(), ["Stop"]);
    gateway.bot.edit(&key(ADA), &at, &Part::text("two")).await.expect("edited");
    gateway.bot.edit(&key(ADA), &at, &Part::text("two")).await.expect("not modified is success");
    let shown = gateway.fake.messages(ADA).remove(0);
    assert_eq!((shown.text.as_str(), shown.edits, shown.labels().len()), ("two", 1, 0));
    assert!(gateway.fake.take_unexpected()[0].contains("not modified"));
}

#[tokio::test]
async fn an_edit_of_a_deleted_message_is_rejected_and_a_second_delete_is_success() {
    let gateway = Gateway::sending().await;
    let at = gateway.bot.send(&key(ADA), &Part::text("one")).await.expect("sent");
    gateway.bot.delete(&key(ADA), &at).await.expect("deleted");
    gateway.bot.delete(&key(ADA), &at).await.expect("gone already");
    let error = gateway.bot.edit(&key(ADA), &at, &Part::text("two")).await.expect_err("gone");
    assert!(matches!(error, SendError::Rejected(_)), "{error:?}");
}

#[tokio::test]
async fn a_topic_is_addressed_and_general_is_not() {
    let gateway = Gateway::sending().await;
    let topic = gateway.fake.topic(TEAM, "parser");
    gateway.bot.send(&key(format!("{TEAM}:{topic}")), &Part::text("in the topic")).await.expect("sent");
    gateway.bot.send(&key(format!("{TEAM}:1")), &Part::text("in general")).await.expect("sent");
    gateway.bot.status(&key(format!("{TEAM}:{topic}"))).await.expect("typing");
    let threads: Vec<_> = gateway.fake.messages(TEAM).iter().map(|shown| shown.thread).collect();
    assert_eq!(threads, [Some(topic), None]);
    assert_eq!(gateway.fake.actions(TEAM), 1);
    gateway.fake.assert_clean();
    let error = gateway.bot.send(&key(format!("{TEAM}:4711")), &Part::text("x")).await.expect_err("no such topic");
    assert!(matches!(error, SendError::Gone(_)), "{error:?}");
}

#[tokio::test]
async fn a_reply_points_at_its_message_in_groups_and_survives_its_deletion() {
    let gateway = Gateway::sending().await;
    gateway.fake.says(TEAM, ADA, "/status");
    let asked = gateway.fake.last_message(TEAM).expect("a message");
    let part = |to: i32| Part { reply_to: Some(MessageRef(to.to_string())), silent: true, ..Part::text("answer") };
    gateway.bot.send(&key(TEAM), &part(asked)).await.expect("sent");
    gateway.bot.send(&key(TEAM), &part(99_999)).await.expect("sent without the reply");
    let messages = gateway.fake.messages(TEAM);
    assert_eq!((messages[0].reply_to, messages[0].silent), (Some(asked), true));
    assert_eq!(messages[1].reply_to, None);
    gateway.fake.assert_clean();
}

#[tokio::test]
async fn the_three_signs_are_reactions_telegram_takes() {
    let gateway = Gateway::sending().await;
    gateway.fake.says(ADA, ADA, "hello");
    let message = gateway.fake.last_message(ADA).expect("a message");
    let at = MessageRef(message.to_string());
    for (sign, emoji) in [(Sign::Seen, "👀"), (Sign::Done, "👍"), (Sign::Failed, "👎")] {
        gateway.bot.react(&key(ADA), &at, Some(sign)).await.expect("reacted");
        assert_eq!(gateway.fake.reaction(ADA, message).as_deref(), Some(emoji));
    }
    gateway.bot.react(&key(ADA), &at, None).await.expect("taken away");
    assert_eq!(gateway.fake.reaction(ADA, message), None);
    gateway.fake.assert_clean();
}

#[tokio::test]
async fn each_failure_says_whether_the_message_may_have_arrived() {
    let gateway = Gateway::sending().await;
    let cases = [
        (Fault::RetryAfter(126), "RetryAfter(126s)", 0),
        (Fault::Status(502, "<html>".into()), "NotSent", 0),
        (Fault::Status(500, r#"{"ok":false,"error_code":500,"description":"Internal"}"#.into()), "NotSent", 0),
        (Fault::DropBefore, "Ambiguous", 0),
        (Fault::DropAfter, "Ambiguous", 1),
        (Fault::Garbage, "Ambiguous", 0),
    ];
    for (fault, expected, arrived) in cases {
        let before = gateway.fake.messages(ADA).len();
        gateway.fake.fail_next("sendMessage", fault.clone());
        let error = gateway.bot.send(&key(ADA), &Part::text("hello")).await.expect_err("a fault");
        let shown = format!("{error:?} {error}");
        assert!(shown.starts_with(expected), "{fault:?}: {shown}");
        assert!(!shown.contains(gateway.fake.token()) && !shown.contains("/bot"), "{shown}");
        assert_eq!(gateway.fake.messages(ADA).len() - before, arrived, "{fault:?}");
    }
    gateway.fake.assert_clean();
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_leaves_open_whether_it_was_done() {
    let gateway = Gateway::sending().await;
    gateway.fake.fail_next("getMe", Fault::Hang(Duration::from_secs(3600)));
    let mut config = TelegramConfig::new(gateway.fake.token().to_owned().into());
    config.api_url = gateway.fake.url().parse().expect("an address");
    let client = Client::new(&config).expect("a client");
    let wait = Duration::from_millis(200);
    let answer: Result<IgnoredAny, _> = client.call_within(&GetMe::new(), wait).await;
    let error = SendError::from(answer.expect_err("no answer"));
    assert_eq!(error, SendError::Ambiguous("no answer in time".into()));
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    let gateway = Gateway::sending().await;
    gateway.fake.pause().await;
    let error = gateway.bot.send(&key(ADA), &Part::text("hello")).await.expect_err("refused");
    assert!(matches!(error, SendError::NotSent(_)), "{error:?}");
    assert!(!error.to_string().contains(gateway.fake.token()), "{error}");
}

#[tokio::test]
async fn blocked_moved_and_unknown_chats_and_bad_tokens_are_told_apart() {
    let gateway = Gateway::sending().await;
    gateway.fake.blocks(ADA, ADA);
    gateway.fake.group(-4_000_111, "Old");
    gateway.fake.becomes_supergroup(-4_000_111, ADA, -1_001_000_000_001);
    let send = async |chat: i64| gateway.bot.send(&key(chat), &Part::text("x")).await.expect_err("refused");
    assert!(matches!(send(ADA).await, SendError::Gone(_)));
    assert_eq!(send(-4_000_111).await, SendError::Moved(ConversationKey("-1001000000001".into())));
    assert!(matches!(send(5).await, SendError::Gone(_)));
    let stranger = bot(&gateway.fake, "7000000001:wrong", &gateway.clock);
    let error = stranger.send(&key(TEAM), &Part::text("x")).await.expect_err("refused");
    assert_eq!(error, SendError::NotSent("Telegram refused the bot's token".into()));
}

#[tokio::test]
async fn what_telegram_would_never_take_is_rejected_before_it_is_sent() {
    let gateway = Gateway::sending().await;
    let long = Button { label: "x".into(), token: "t".repeat(65) };
    let part = Part { buttons: vec![vec![long]], ..Part::text("x") };
    for (to, part) in [(key(ADA), part), (key(ADA), Part::text("  ")), (key("C024BE"), Part::text("x"))] {
        let error = gateway.bot.send(&to, &part).await.expect_err("rejected");
        assert!(matches!(error, SendError::Rejected(_)), "{error:?}");
    }
    assert_eq!(gateway.fake.calls("sendMessage"), 0);
    let error = gateway.bot.send(&key(ADA), &plain(&"x".repeat(4097))).await.expect_err("too long");
    assert!(matches!(error, SendError::Rejected(_)), "{error:?}");
}

#[tokio::test]
async fn a_chat_that_is_written_to_too_fast_is_told_how_long_to_wait() {
    let gateway = Gateway::sending().await;
    let mut waits = Vec::new();
    for number in 0..8 {
        if let Err(SendError::RetryAfter(wait)) = gateway.bot.send(&key(TEAM), &Part::text(format!("{number}"))).await {
            waits.push(wait);
        }
    }
    assert!(!waits.is_empty() && waits.iter().all(|&wait| wait >= Duration::from_secs(1)), "{waits:?}");
}

#[tokio::test]
async fn a_private_chat_and_a_group_have_the_figures_that_are_documented() {
    let gateway = Gateway::sending().await;
    let (private, group) = (gateway.bot.capabilities(&key(ADA)), gateway.bot.capabilities(&key(TEAM)));
    let figures = |pace: Pace| {
        let millis = [pace.first, pace.floor, pace.start, pace.max, pace.oldest].map(|time| time.as_millis());
        (millis, pace.chars)
    };
    let Preview::Draft { pace, fades } = private.preview else { panic!("drafts") };
    assert_eq!((figures(pace), fades.as_secs()), (([300, 700, 1000, 10_000, 2000], 40), 30));
    let Preview::Edit(pace) = group.preview else { panic!("edits") };
    assert_eq!(figures(pace), ([1500, 3500, 4000, 30_000, 8000], 200));
    assert_eq!((private.part_limit, private.parts_before_overflow, private.renotify_after), (3800, 4, None));
    assert_eq!(
        (group.part_limit, group.parts_before_overflow, group.renotify_after),
        (3800, 3, Some(Duration::from_secs(60)))
    );
    let rates = |buckets: &[Bucket]| buckets.iter().map(|bucket| bucket.per_second).collect::<Vec<_>>();
    assert_eq!(rates(&private.budget.buckets), [30.0, 1.0]);
    assert_eq!(rates(&group.budget.buckets), [30.0, 20.0 / 60.0]);
}

#[tokio::test]
async fn a_groups_topics_share_one_budget_and_private_chats_are_faster() {
    let gateway = Gateway::sending().await;
    let group = gateway.bot.capabilities(&key(format!("{TEAM}:7")));
    let private = gateway.bot.capabilities(&key(ADA));
    assert_eq!(group.budget, gateway.bot.capabilities(&key(TEAM)).budget);
    assert_eq!(group.budget.buckets[1].scope, format!("chat:{TEAM}"));
    let (Preview::Edit(slow), Preview::Draft { pace: fast, .. }) = (group.preview, private.preview) else {
        panic!("previews")
    };
    assert!(slow.floor > fast.floor && group.budget.buckets[1].per_second < private.budget.buckets[1].per_second);
    assert_eq!(gateway.bot.spell_command("codebase-switch"), "/codebase_switch");
}

#[tokio::test]
async fn a_file_arrives_with_its_name_its_bytes_and_the_words_below_it() {
    let gateway = Gateway::sending().await;
    let topic = gateway.fake.topic(TEAM, "parser");
    let part = Part::attached(Attachment::text("answer.md", "# All\nof *it*"), "The **whole** answer by @ada");
    let at = gateway.bot.send(&key(format!("{TEAM}:{topic}")), &part).await.expect("sent");
    gateway.bot.edit(&key(TEAM), &at, &part).await.expect("a file that was sent needs no edit");
    let shown = gateway.fake.messages((TEAM, topic)).remove(0);
    assert_eq!((shown.text.as_str(), shown.styled("bold")), ("The whole answer by @ada", vec!["whole".into()]));
    assert!(shown.pings.is_empty(), "nobody is notified");
    let file = shown.file.expect("a file");
    assert_eq!((file.name.as_str(), file.bytes.as_slice()), ("answer.md", "# All\nof *it*".as_bytes()));
    gateway.fake.assert_clean();
}

#[tokio::test]
async fn a_picture_is_shown_as_one_and_as_a_document_where_that_is_refused() {
    let gateway = Gateway::sending().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chart");
    std::fs::write(&path, b"not really a picture").expect("written");
    let content = Content::File(path);
    let part = Part::attached(Attachment { name: "chart.PNG".into(), content: content.clone() }, "");
    gateway.bot.send(&key(ADA), &part).await.expect("sent");
    gateway.bot.send(&key(ADA), &Part { form: Form::Plain, ..part }).await.expect("sent");
    assert_eq!((gateway.fake.calls("sendPhoto"), gateway.fake.calls("sendDocument")), (1, 1));
    let gone = Part::attached(Attachment { name: "gone.png".into(), content: Content::File("/nowhere".into()) }, "");
    let error = gateway.bot.send(&key(ADA), &gone).await.expect_err("nothing there");
    assert!(matches!(error, SendError::Rejected(_)), "{error:?}");
    gateway.fake.assert_clean();
}

#[tokio::test]
async fn a_draft_can_be_stopped_goes_with_the_message_and_is_not_tried_where_the_server_knows_none() {
    let gateway = Gateway::sending().await;
    let id = PartId::generate();
    gateway.bot.draft(&key(ADA), id, &Part::text("so **far**")).await.expect("shown");
    assert_eq!(gateway.fake.draft(ADA).as_deref(), Some("so far"));
    gateway.fake.stops_draft(ADA);
    gateway.bot.send(&key(ADA), &Part::text("so far.")).await.expect("sent");
    assert_eq!(gateway.fake.draft(ADA), None);
    let unknown = r#"{"ok":false,"error_code":404,"description":"Not Found"}"#;
    gateway.fake.fail_next("sendMessageDraft", Fault::Status(404, unknown.into()));
    let error = gateway.bot.draft(&key(ADA), id, &Part::text("more")).await.expect_err("no such method");
    assert!(matches!(error, SendError::Rejected(_)), "{error:?}");
    assert!(matches!(gateway.bot.capabilities(&key(ADA)).preview, Preview::Edit(_)));
    gateway.fake.assert_clean();
}
