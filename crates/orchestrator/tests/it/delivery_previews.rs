//! Previews, signs and status: what may be dropped, and never is in the way.

use std::time::Duration;

use adjutant_core::mask::Mask;
use adjutant_core::message::MessageRef;
use adjutant_core::platform::{Capabilities, Pace, Part, Preview, SendError, Sign};
use adjutant_orchestrator::delivery::row::Stage;
use adjutant_orchestrator::delivery::{DeliveryEvent, OpenPart, Outgoing};
use adjutant_store::record::PartKind;

use crate::delivery_fakes::{Said, Scene, capabilities, edited, open, row, sent, to};

/// Longer than every interval of the fake's pace.
const LONG: Duration = Duration::from_secs(1_100);

fn finished(open: &OpenPart, text: &str) -> Outgoing {
    let row = row("1", text);
    Outgoing { id: open.id, kind: PartKind::Reply, revision: 2, stage: Stage::Pending, part: Part::text(text), ..row }
}

/// Lets every task do what it can without the clock.
async fn rest() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn is_text(said: &Said) -> bool {
    matches!(said, Said::Send { .. } | Said::Edit { .. })
}

#[tokio::test]
async fn a_reply_grows_in_one_message_and_ends_in_it() {
    let mut scene = Scene::new();
    let part = open("1");
    let draft = scene.delivery.preview(part.clone());
    draft.push("Hello");
    draft.push(" there");
    rest().await;
    assert_eq!(scene.platform.said(), [], "the first preview is not due yet");
    scene.clock.advance(LONG);
    assert_eq!(scene.platform.wait(1).await, [sent("1", "Hello there▍")]);
    let shown = DeliveryEvent::FirstShown { id: part.id, to: to("1"), message: MessageRef("m1".to_owned()) };
    assert_eq!(scene.event().await, shown);
    draft.push(", this is more text");
    scene.clock.advance(LONG);
    assert_eq!(scene.platform.wait(2).await[1], edited("m1", "Hello there, this is more text▍"));
    scene.delivery.submit(finished(&part, "Hello there, this is more text."));
    drop(draft);
    scene.settled("1").await;
    assert_eq!(scene.platform.said()[2..], [edited("m1", "Hello there, this is more text.")]);
    assert_eq!(scene.ledger.story(part.id), ["shown", "sending", "sent"]);
}

#[tokio::test]
async fn two_thousand_chunks_are_a_handful_of_calls_and_the_text_is_complete() {
    let scene = Scene::new();
    let part = open("1");
    let draft = scene.delivery.preview(part.clone());
    let mut text = String::new();
    for number in 0..2_000 {
        let chunk = format!("{number} ");
        text.push_str(&chunk);
        draft.push(&chunk);
        if number == 1_000 {
            rest().await;
            scene.clock.advance(Duration::from_secs(61));
            scene.platform.wait(1).await;
        }
    }
    scene.clock.advance(Duration::from_secs(101));
    scene.platform.wait(2).await;
    scene.delivery.submit(finished(&part, &text));
    scene.settled("1").await;
    let said = scene.platform.said();
    assert!(said.len() <= 4, "{} calls", said.len());
    assert_eq!(said.last(), Some(&edited("m1", &text)));
}

#[tokio::test]
async fn a_preview_that_looks_the_same_is_not_sent_again() {
    let scene = Scene::new();
    let draft = scene.delivery.preview(open("1"));
    draft.push("text");
    rest().await;
    scene.clock.advance(LONG);
    scene.platform.wait(1).await;
    draft.push("   ");
    draft.replace("text");
    rest().await;
    scene.clock.advance(LONG);
    rest().await;
    scene.clock.advance(LONG);
    draft.push(" and more that is new");
    scene.clock.advance(LONG);
    assert_eq!(scene.platform.wait(2).await[1], edited("m1", "text and more that is new▍"));
}

#[tokio::test]
async fn the_status_line_stands_below_the_text_and_only_the_newest_is_shown() {
    let scene = Scene::new();
    let draft = scene.delivery.preview(open("1"));
    draft.status("Read: a.rs");
    draft.status("Bash: cargo test");
    rest().await;
    scene.clock.advance(LONG);
    assert_eq!(scene.platform.wait(1).await, [sent("1", "Bash: cargo test")]);
    draft.push("Done.");
    scene.clock.advance(LONG);
    assert_eq!(scene.platform.wait(2).await[1], edited("m1", "Done.▍\n\nBash: cargo test"));
}

#[tokio::test]
async fn a_platform_that_complains_gets_previews_half_as_often() {
    let scene = Scene::new();
    scene.platform.answer([None, Some(SendError::RetryAfter(Duration::from_secs(5)))]);
    let draft = scene.delivery.preview(open("1"));
    draft.push("first text");
    rest().await;
    scene.clock.advance(Duration::from_secs(61));
    scene.platform.wait(1).await;
    draft.push(", second text");
    scene.clock.advance(Duration::from_secs(101));
    scene.platform.wait(2).await;
    rest().await;
    scene.clock.advance(Duration::from_secs(150));
    rest().await;
    assert_eq!(scene.platform.said().len(), 2, "the interval is 200 s now");
    scene.clock.advance(Duration::from_secs(60));
    assert_eq!(scene.platform.wait(3).await[2], edited("m1", "first text, second text▍"));
}

#[tokio::test]
async fn a_preview_of_unclear_fate_is_not_repeated_and_the_text_comes_whole_in_the_end() {
    let scene = Scene::new();
    scene.platform.answer([Some(SendError::Ambiguous("reset".to_owned()))]);
    let part = open("1");
    let draft = scene.delivery.preview(part.clone());
    draft.push("some text");
    rest().await;
    scene.clock.advance(LONG);
    scene.platform.wait(1).await;
    draft.push(" and much more of it");
    scene.clock.advance(LONG);
    rest().await;
    scene.delivery.submit(finished(&part, "the end"));
    scene.settled("1").await;
    assert_eq!(
        scene.platform.said(),
        [sent("1", "some text▍"), sent("1", "(sent again: the first try was cut off)\n\nthe end")]
    );
}

#[tokio::test]
async fn a_refused_preview_is_shown_plainly() {
    let scene = Scene::new();
    scene.platform.answer([Some(SendError::Rejected("markup".to_owned()))]);
    let draft = scene.delivery.preview(open("1"));
    draft.push("some text");
    rest().await;
    scene.clock.advance(LONG);
    let said = scene.platform.wait(2).await;
    let form = adjutant_core::platform::Form::Plain;
    assert_eq!(said[1], Said::Send { to: "1".to_owned(), text: "some text▍".to_owned(), form });
}

#[tokio::test]
async fn a_long_answer_ends_as_a_new_message_so_that_the_phone_notifies() {
    let notifying = Capabilities { renotify_after: Some(Duration::from_secs(60)), ..capabilities() };
    let scene = Scene::with(notifying, Mask::default());
    let part = open("1");
    let draft = scene.delivery.preview(part.clone());
    draft.push("long work");
    rest().await;
    scene.clock.advance(LONG);
    scene.platform.wait(1).await;
    while scene.ledger.story(part.id).is_empty() {
        tokio::task::yield_now().await;
    }
    scene.clock.advance(Duration::from_secs(61));
    scene.delivery.submit(Outgoing { notify: true, ..finished(&part, "the result") });
    scene.settled("1").await;
    let said: Vec<_> = scene.platform.said();
    assert_eq!(said[said.len() - 2..], [sent("1", "the result"), Said::Delete("m1".to_owned())]);
}

#[tokio::test]
async fn previews_leave_the_reserve_to_rows() {
    let tight = {
        let mut tight = capabilities();
        for bucket in &mut tight.budget.buckets {
            (bucket.burst, bucket.per_second) = (3, 0.0001);
        }
        tight
    };
    let scene = Scene::with(tight, Mask::default());
    scene.delivery.submit(row("1", "one"));
    scene.delivery.submit(row("1", "two"));
    scene.settled("1").await;
    let part = open("1");
    let draft = scene.delivery.preview(part.clone());
    draft.push("not shown: only one token is left");
    rest().await;
    scene.clock.advance(LONG);
    rest().await;
    assert_eq!(scene.platform.said().len(), 2);
    scene.delivery.submit(finished(&part, "the end"));
    scene.settled("1").await;
    assert_eq!(scene.platform.said()[2], sent("1", "the end"));
}

#[tokio::test]
async fn seen_is_said_only_when_no_answer_came_at_once() {
    let scene = Scene::new();
    scene.delivery.sign(&to("1"), MessageRef("p1".to_owned()), Some(Sign::Seen));
    scene.delivery.submit(row("1", "quick"));
    scene.settled("1").await;
    scene.clock.advance(LONG);
    rest().await;
    assert_eq!(scene.platform.said(), [sent("1", "quick")]);
    scene.delivery.sign(&to("1"), MessageRef("p2".to_owned()), Some(Sign::Seen));
    scene.clock.advance(LONG);
    assert_eq!(scene.platform.wait(2).await[1], Said::React("p2".to_owned(), Some(Sign::Seen)));
    scene.delivery.sign(&to("1"), MessageRef("p2".to_owned()), Some(Sign::Done));
    assert_eq!(scene.platform.wait(3).await[2], Said::React("p2".to_owned(), Some(Sign::Done)));
}

#[tokio::test]
async fn the_status_is_shown_anew_while_work_goes_on_and_hanging_it_delays_no_row() {
    let scene = Scene::new();
    let working = scene.delivery.working(&to("1"));
    rest().await;
    assert_eq!(scene.platform.said(), [], "a quick answer makes it needless");
    scene.clock.advance(Duration::from_secs(1));
    scene.platform.wait(1).await;
    rest().await;
    scene.clock.advance(Duration::from_secs(401));
    scene.platform.wait(2).await;
    rest().await;
    scene.platform.hanging.lock().expect("a lock").push("1".to_owned());
    scene.clock.advance(Duration::from_secs(401));
    scene.platform.wait(3).await;
    scene.platform.hanging.lock().expect("a lock").clear();
    scene.delivery.submit(row("1", "an answer"));
    scene.settled("1").await;
    assert_eq!(scene.platform.said(), [Said::Status, Said::Status, Said::Status, sent("1", "an answer")]);
    drop(working);
}

#[tokio::test]
async fn the_status_ends_with_the_work() {
    let scene = Scene::new();
    drop(scene.delivery.working(&to("1")));
    scene.clock.advance(LONG);
    while scene.delivery.busy() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(scene.platform.said(), []);
}

#[tokio::test]
async fn a_dropped_draft_lets_the_conversation_rest() {
    let scene = Scene::new();
    let draft = scene.delivery.preview(open("1"));
    draft.push("text");
    assert_eq!(scene.delivery.busy(), 1);
    drop(draft);
    while scene.delivery.busy() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(scene.platform.said(), []);
}

#[tokio::test]
async fn previews_show_no_secret_even_when_it_comes_in_two_chunks() {
    let scene = Scene::with(capabilities(), Mask::new(vec!["sk-ant-123456".into()]));
    let draft = scene.delivery.preview(open("1"));
    draft.push("key sk-ant");
    draft.push("-123456 ok");
    rest().await;
    scene.clock.advance(LONG);
    assert_eq!(scene.platform.wait(1).await, [sent("1", "key ••• ok▍")]);
}

#[tokio::test]
async fn where_nothing_can_be_previewed_only_the_end_is_sent() {
    let scene = Scene::with(Capabilities { preview: Preview::None, ..capabilities() }, Mask::default());
    let part = open("1");
    let draft = scene.delivery.preview(part.clone());
    draft.push("text");
    rest().await;
    scene.clock.advance(LONG);
    scene.delivery.submit(finished(&part, "the end"));
    scene.settled("1").await;
    assert_eq!(scene.platform.said().iter().filter(|said| is_text(said)).count(), 1);
}

#[tokio::test]
async fn a_chunk_costs_the_same_however_long_the_text_is() {
    let quick = Pace { chars: usize::MAX / 2, ..pace() };
    let scene = Scene::with(Capabilities { preview: Preview::Edit(quick), ..capabilities() }, Mask::default());
    let draft = scene.delivery.preview(open("1"));
    // 64 MB in chunks of 64 bytes: quadratic work would not end in any patience.
    let chunk = "x".repeat(64);
    for _ in 0..1_000_000 {
        draft.push(&chunk);
    }
    assert_eq!(scene.platform.said(), []);
}

fn pace() -> Pace {
    match capabilities().preview {
        Preview::Edit(pace) => pace,
        Preview::None | Preview::Draft { .. } => unreachable!("the fake previews by edits"),
    }
}
