//! Committed rows: order, retries, the ladder, and what is recorded of it.

use std::time::Duration;

use adjutant_core::id::ConversationId;
use adjutant_core::mask::Mask;
use adjutant_core::message::{ConversationKey, MessageRef};
use adjutant_core::platform::{Button, Form, Part, SendError};
use adjutant_orchestrator::delivery::row::Stage;
use adjutant_orchestrator::delivery::{DeliveryEvent, LedgerError, Outgoing, SENT_AGAIN};

use adjutant_store::record::Lane;

use crate::delivery_fakes::{ALWAYS_PANICS, PANICS, Said, Scene, capabilities, edited, row, sent, to};

const SECOND: Duration = Duration::from_secs(1);

fn not_sent() -> Option<SendError> {
    Some(SendError::NotSent("connection refused".to_owned()))
}

fn rejected() -> Option<SendError> {
    Some(SendError::Rejected("bad markup".to_owned()))
}

fn ambiguous() -> Option<SendError> {
    Some(SendError::Ambiguous("connection reset".to_owned()))
}

fn plain(text: &str) -> Said {
    Said::Send { to: "1".to_owned(), text: text.to_owned(), form: Form::Plain }
}

#[tokio::test]
async fn rows_of_a_conversation_go_out_in_order_and_are_recorded() {
    let mut scene = Scene::new();
    let rows: Vec<_> = (0..20).map(|number| row("1", &format!("part {number}"))).collect();
    for row in &rows {
        scene.delivery.submit(row.clone());
    }
    scene.settled("1").await;
    let texts: Vec<_> = rows.iter().map(|row| sent("1", &row.part.text)).collect();
    assert_eq!(scene.platform.said(), texts);
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(scene.ledger.story(row.id), ["sending", "sent"]);
        let message = MessageRef(format!("m{}", number + 1));
        let delivered = DeliveryEvent::Delivered { id: row.id, to: to("1"), revision: 1, message };
        assert_eq!(scene.event().await, delivered);
    }
}

#[tokio::test]
async fn a_row_committed_as_sending_costs_one_commit_less() {
    let scene = Scene::new();
    assert!(scene.delivery.ready(&to("1")));
    let row = Outgoing { stage: Stage::Sending, ..row("1", "hello") };
    scene.delivery.submit(row.clone());
    scene.settled("1").await;
    assert_eq!(scene.ledger.story(row.id), ["sent"]);
}

#[tokio::test]
async fn an_adapter_that_panics_loses_no_reply_and_holds_nothing_up() {
    let mut scene = Scene::new();
    let (first, never) = (row("1", PANICS), row("1", ALWAYS_PANICS));
    for row in [first.clone(), never.clone(), row("1", "after that")] {
        scene.delivery.submit(row);
    }
    scene.settled("1").await;
    assert_eq!(scene.platform.said(), [plain(PANICS), sent("1", "after that")]);
    assert_eq!(scene.ledger.story(never.id).last(), Some(&"abandon"));
    assert!(matches!(scene.event().await, DeliveryEvent::Delivered { id, .. } if id == first.id));
    let DeliveryEvent::Dead { id, error, .. } = scene.event().await else { panic!("it was given up") };
    assert!(id == never.id && error.contains("a fault of our own, reference "), "{error}");
}

#[tokio::test]
async fn a_conversation_that_hangs_delays_no_other_and_is_not_ready() {
    let scene = Scene::new();
    scene.platform.hanging.lock().expect("a lock").push("1".to_owned());
    scene.delivery.submit(row("1", "hangs"));
    scene.platform.wait(1).await;
    assert!(!scene.delivery.ready(&to("1")));
    assert!(scene.delivery.ready(&to("2")));
    scene.delivery.submit(row("2", "goes on"));
    scene.settled("2").await;
    assert_eq!(scene.platform.said(), [sent("1", "hangs"), sent("2", "goes on")]);
}

#[tokio::test]
async fn a_chat_that_is_told_to_wait_waits_and_says_so_in_the_ledger_while_others_go_on() {
    let scene = Scene::new();
    scene.platform.answer([Some(SendError::RetryAfter(Duration::from_secs(120)))]);
    let waits = row("1", "waits");
    scene.delivery.submit(waits.clone());
    scene.platform.wait(1).await;
    scene.delivery.submit(row("2", "goes on"));
    scene.settled("2").await;
    assert_eq!(scene.platform.said().len(), 2);
    assert!(!scene.delivery.ready(&to("1")));
    scene.clock.advance(Duration::from_secs(119));
    scene.delivery.submit(row("2", "still goes on"));
    scene.settled("2").await;
    assert_eq!(scene.platform.said().len(), 3, "120 s are not over");
    scene.clock.advance(Duration::from_secs(14));
    scene.settled("1").await;
    assert_eq!(scene.platform.said()[3], sent("1", "waits"));
    assert_eq!(scene.ledger.story(waits.id), ["sending", "defer", "sending", "sent"]);
    assert_eq!(scene.delivery.counts().retry_wait(), Duration::from_secs(120));
}

#[tokio::test]
async fn what_did_not_arrive_is_tried_again_until_it_does_and_arrives_once() {
    let scene = Scene::new();
    scene.platform.answer((0..10).map(|_| not_sent()));
    let row = row("1", "at last");
    scene.delivery.submit(row.clone());
    scene.advance_until(SECOND, |said| said.len() == 11).await;
    scene.settled("1").await;
    assert!(scene.platform.said().iter().all(|said| *said == sent("1", "at last")));
    let story = scene.ledger.story(row.id);
    assert_eq!(story.last(), Some(&"sent"));
    // 0.5 s and 1 s are waited in memory.
    assert!((6..=8).contains(&story.iter().filter(|change| **change == "defer").count()), "{story:?}");
}

#[tokio::test]
async fn after_a_day_of_trying_a_row_is_given_up_and_the_next_goes_out() {
    let mut scene = Scene::new();
    scene.platform.answer((0..5_000).map(|_| not_sent()));
    let row = row("1", "never");
    scene.delivery.submit(row.clone());
    let giving_up = async {
        loop {
            tokio::select! {
                event = scene.events.recv() => return event,
                () = tokio::task::yield_now() => scene.clock.advance(Duration::from_secs(120)),
            }
        }
    };
    let event = tokio::time::timeout(Duration::from_secs(60), giving_up).await.expect("it ends");
    assert!(matches!(event, Some(DeliveryEvent::Dead { id, .. }) if id == row.id), "{event:?}");
    assert_eq!(scene.ledger.story(row.id).last(), Some(&"abandon"));
}

#[tokio::test]
async fn refused_markup_is_sent_plain() {
    let scene = Scene::new();
    scene.platform.answer([rejected()]);
    scene.delivery.submit(row("1", "**x"));
    scene.settled("1").await;
    assert_eq!(scene.platform.said(), [sent("1", "**x"), plain("**x")]);
}

#[tokio::test]
async fn what_is_refused_in_every_form_is_given_up_with_the_reason() {
    let mut scene = Scene::new();
    scene.platform.answer([rejected(), rejected()]);
    let refused = row("1", "**x");
    scene.delivery.submit(refused.clone());
    scene.delivery.submit(row("1", "next"));
    scene.settled("1").await;
    let dead = DeliveryEvent::Dead { id: refused.id, to: to("1"), error: "bad markup".to_owned() };
    assert_eq!(scene.event().await, dead);
    assert_eq!(scene.ledger.story(refused.id), ["sending", "abandon"]);
    assert_eq!(scene.platform.said()[2], sent("1", "next"));
    assert_eq!(scene.delivery.counts().abandoned(), 1);
}

#[tokio::test]
async fn an_edit_of_a_message_that_is_gone_becomes_a_new_message() {
    let scene = Scene::new();
    scene.platform.answer([rejected(), rejected()]);
    let row = Outgoing { message: Some(MessageRef("old".to_owned())), revision: 2, ..row("1", "text") };
    scene.delivery.submit(row);
    scene.settled("1").await;
    let plain_edit = Said::Edit { at: "old".to_owned(), text: "text".to_owned(), form: Form::Plain };
    assert_eq!(scene.platform.said(), [edited("old", "text"), plain_edit, sent("1", "text")]);
}

#[tokio::test]
async fn a_send_of_unclear_fate_is_repeated_once_and_marked_and_counted() {
    let scene = Scene::new();
    scene.platform.answer([ambiguous()]);
    scene.delivery.submit(row("1", "text"));
    scene.advance_until(SECOND, |said| said.len() == 2).await;
    scene.settled("1").await;
    assert_eq!(scene.platform.said(), [sent("1", "text"), sent("1", &format!("{SENT_AGAIN}\n\ntext"))]);
    assert_eq!(scene.delivery.counts().ambiguous_repeats(), 1);
}

#[tokio::test]
async fn an_edit_of_unclear_fate_is_simply_repeated() {
    let scene = Scene::new();
    scene.platform.answer([ambiguous()]);
    let row = Outgoing { message: Some(MessageRef("old".to_owned())), revision: 2, ..row("1", "text") };
    scene.delivery.submit(row);
    scene.advance_until(SECOND, |said| said.len() == 2).await;
    scene.settled("1").await;
    assert_eq!(scene.platform.said(), [edited("old", "text"), edited("old", "text")]);
    assert_eq!(scene.delivery.counts().ambiguous_repeats(), 0);
}

#[tokio::test]
async fn a_conversation_that_is_gone_keeps_all_that_waits_there_for_its_return() {
    let mut scene = Scene::new();
    scene.platform.answer([Some(SendError::Gone("blocked".to_owned()))]);
    let lane = Some(Lane { conversation: ConversationId::generate(), epoch: 1 });
    let rows = [("one", lane), ("two", lane), ("three", None)].map(|(text, lane)| Outgoing { lane, ..row("1", text) });
    for row in &rows {
        scene.delivery.submit(row.clone());
    }
    scene.settled("1").await;
    assert_eq!(scene.event().await, DeliveryEvent::Gone { to: to("1"), reason: "blocked".to_owned() });
    assert_eq!(scene.platform.said().len(), 1);
    // Nobody returns to what was said outside any conversation.
    let ends = rows.each_ref().map(|row| scene.ledger.story(row.id).last().copied());
    assert_eq!(ends, [Some("defer"), Some("defer"), Some("abandon")]);
    scene.delivery.submit(row("1", "four"));
    assert_eq!((scene.delivery.busy(), scene.delivery.ready(&to("1"))), (0, false));
    scene.delivery.take_back(&to("1"));
    scene.delivery.submit(row("1", "five"));
    scene.settled("1").await;
    assert_eq!(scene.platform.said().last(), Some(&sent("1", "five")));
}

#[tokio::test]
async fn a_conversation_that_moved_is_followed_in_order() {
    let mut scene = Scene::new();
    scene.platform.answer([Some(SendError::Moved(ConversationKey("new".to_owned())))]);
    scene.delivery.submit(row("1", "one"));
    scene.delivery.submit(row("1", "two"));
    let moved = DeliveryEvent::Moved { from: to("1"), to: ConversationKey("new".to_owned()) };
    assert_eq!(scene.event().await, moved);
    scene.settled("new").await;
    assert_eq!(scene.platform.said(), [sent("1", "one"), sent("new", "one"), sent("new", "two")]);
}

#[tokio::test]
async fn a_lost_lane_stops_the_queue_and_is_told() {
    let mut scene = Scene::new();
    scene.ledger.failures.lock().expect("a lock").push_back(LedgerError::Fenced);
    scene.delivery.submit(row("1", "not ours"));
    scene.delivery.submit(row("1", "not ours either"));
    assert_eq!(scene.event().await, DeliveryEvent::Fenced { to: to("1") });
    scene.settled("1").await;
    assert_eq!(scene.platform.said(), []);
}

#[tokio::test]
async fn a_database_that_is_away_delays_the_record_and_repeats_no_call() {
    let scene = Scene::new();
    let away = || LedgerError::Unavailable("locked".to_owned());
    scene.ledger.failures.lock().expect("a lock").extend([away(), away()]);
    let row = Outgoing { stage: Stage::Sending, ..row("1", "once") };
    scene.delivery.submit(row.clone());
    scene.platform.wait(1).await;
    let recorded = async {
        while scene.ledger.story(row.id).is_empty() {
            scene.clock.advance(SECOND);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), recorded).await.expect("it is recorded");
    scene.settled("1").await;
    assert_eq!(scene.platform.said().len(), 1);
}

#[tokio::test]
async fn a_newer_revision_takes_the_place_of_one_that_has_not_gone_out() {
    let scene = Scene::new();
    scene.platform.answer([Some(SendError::RetryAfter(Duration::from_secs(100)))]);
    let first = row("1", "old");
    scene.delivery.submit(first.clone());
    scene.platform.wait(1).await;
    let queued = row("1", "queued, old");
    scene.delivery.submit(queued.clone());
    scene.delivery.submit(Outgoing { revision: 2, part: Part::text("queued, new"), ..queued });
    scene.delivery.submit(Outgoing { revision: 2, part: Part::text("new"), ..first });
    scene.clock.advance(Duration::from_secs(111));
    scene.settled("1").await;
    assert_eq!(scene.platform.said()[1..], [sent("1", "new"), sent("1", "queued, new")]);
}

#[tokio::test]
async fn a_later_revision_is_an_edit_even_when_the_caller_does_not_know_the_message() {
    let scene = Scene::new();
    let first = row("1", "asks");
    scene.delivery.submit(first.clone());
    scene.settled("1").await;
    // The desk is cleared away in between, so that the ledger has to be asked.
    while scene.delivery.busy() > 0 {
        tokio::task::yield_now().await;
    }
    scene.delivery.submit(Outgoing { revision: 2, part: Part::text("answered"), ..first });
    scene.settled("1").await;
    assert_eq!(scene.platform.said(), [sent("1", "asks"), edited("m1", "answered")]);
}

#[tokio::test]
async fn after_a_restart_what_may_have_arrived_is_edited_where_the_message_is_known_and_else_sent_again_marked() {
    let scene = Scene::new();
    let unclear = Outgoing { stage: Stage::Unclear, ..row("1", "unclear") };
    let known = Outgoing { stage: Stage::Unclear, ..row("1", "known") };
    scene.ledger.messages.lock().expect("a lock").insert(known.id, MessageRef("old".to_owned()));
    for row in [unclear, known, row("1", "untouched")] {
        scene.delivery.submit(row);
    }
    scene.settled("1").await;
    let again = format!("{SENT_AGAIN}\n\nunclear");
    assert_eq!(scene.platform.said(), [sent("1", &again), edited("old", "known"), sent("1", "untouched")]);
}

#[tokio::test]
async fn no_secret_leaves_in_a_text_a_button_or_an_error() {
    let mask = Mask::new(vec!["sk-ant-123456".into()]);
    let mut scene = Scene::with(capabilities(), mask);
    let mut secret = row("1", "the key is sk-ant-123456");
    secret.part.buttons = vec![vec![Button { label: "use sk-ant-123456".to_owned(), token: "t".to_owned() }]];
    scene.delivery.submit(secret);
    scene.settled("1").await;
    assert_eq!(scene.platform.said(), [sent("1", "the key is •••")]);
    scene.event().await;
    scene.platform.answer([Some(SendError::Gone("no chat sk-ant-123456".to_owned()))]);
    scene.delivery.submit(row("1", "x"));
    assert_eq!(scene.event().await, DeliveryEvent::Gone { to: to("1"), reason: "no chat •••".to_owned() });
}

#[tokio::test]
async fn a_flush_finishes_what_can_go_and_leaves_the_rest_in_order_to_the_next_start() {
    let scene = Scene::new();
    scene.platform.answer([not_sent()]);
    let stuck = row("1", "stuck");
    let behind = row("1", "behind");
    scene.delivery.submit(stuck.clone());
    scene.platform.wait(1).await;
    scene.delivery.submit(behind.clone());
    scene.delivery.submit(row("3", "goes"));
    let left = scene.delivery.flush(Duration::from_secs(20)).await;
    assert_eq!(left, 1);
    assert_eq!(scene.platform.said(), [sent("1", "stuck"), sent("3", "goes")]);
    // What certainly did not arrive is no longer `Sending`: it will not be marked as sent again.
    assert_eq!(scene.ledger.story(stuck.id).last(), Some(&"defer"));
    assert_eq!(scene.ledger.story(behind.id), Vec::<&str>::new());
}

#[tokio::test]
async fn conversations_that_are_done_leave_nothing_behind() {
    let scene = Scene::new();
    for number in 0..2_000 {
        scene.delivery.submit(row(&number.to_string(), "hello"));
    }
    scene.platform.wait(2_000).await;
    let cleared = async {
        while scene.delivery.busy() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), cleared).await.expect("all desks are cleared away");
    assert!(scene.delivery.ready(&to("7")));
}

#[tokio::test]
async fn a_row_for_a_platform_that_is_off_is_left_alone() {
    let scene = Scene::new();
    let mut row = row("1", "later");
    row.to.platform = adjutant_core::kind::PlatformKind::Slack;
    assert!(!scene.delivery.ready(&row.to));
    scene.delivery.submit(row.clone());
    scene.delivery.settled(&row.to).await;
    assert_eq!(scene.ledger.story(row.id), Vec::<&str>::new());
}
