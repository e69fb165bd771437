//! Messages that wait for a time, are changed while they wait, or may be tried again.

use adjutant_core::approval::{Awaited, Awaits};
use adjutant_core::id::{InboundSeq, PartId};
use adjutant_core::kind::AssistantKind;
use adjutant_core::message::InboundContent;
use adjutant_store::change::Change;
use adjutant_store::error::StoreError;
use adjutant_store::record::{Hold, Inbound, InboundState, Lane, Then};
use adjutant_store::store::Store;
use chrono::Duration;

use crate::database::Database;
use crate::fixtures::{Running, accept, approval, noon};

on_both!(
    a_held_message_comes_back_with_what_it_waits_for_until_it_runs,
    a_message_that_may_be_tried_again_keeps_its_text_for_a_day,
    an_offer_is_taken_once_and_forgotten_when_told,
    only_what_waits_can_be_changed,
    whose_words_are_awaited_is_remembered_until_the_approval_is_settled,
    what_is_due_is_listed_page_by_page,
);

fn hold(then: Then) -> Hold {
    Hold { assistant: AssistantKind::Claude, until: noon() + Duration::hours(2), then, begun: true }
}

async fn one(store: &Store, text: &str) -> (InboundSeq, Lane) {
    let (accepted, lane) = accept(store, "chat", "d-1", text).await;
    (accepted.seq.expect("new"), lane)
}

async fn open(store: &Store, lane: Lane) -> Vec<Inbound> {
    store.snapshot(lane.conversation).await.expect("a snapshot").inbound
}

async fn a_held_message_comes_back_with_what_it_waits_for_until_it_runs(db: Database) {
    let store = db.open().await;
    let (seq, lane) = one(&store, "Hello").await;
    let part = PartId::generate();
    let changes = vec![Change::Hold { seq, hold: hold(Then::Ask) }, Change::Tell { seq, part }];
    store.commit(Some(lane), changes).await.expect("held");
    let held = open(&store, lane).await.remove(0);
    assert_eq!((held.state, held.hold, held.told), (InboundState::Queued, Some(hold(Then::Ask)), Some(part)));
    store.commit(Some(lane), vec![Change::Hold { seq, hold: hold(Then::Start) }]).await.expect("held");
    assert_eq!(open(&store, lane).await[0].hold, Some(hold(Then::Start)));
    let runs = Change::SetInbound { seq, state: InboundState::Running, at: noon() };
    store.commit(Some(lane), vec![runs]).await.expect("running");
    assert_eq!(open(&store, lane).await[0].hold, None);
}

fn offer(seq: InboundSeq, part: PartId) -> Change {
    Change::Offer { seq, state: InboundState::Done, hold: Some(hold(Then::Start)), part, at: noon() }
}

async fn a_message_that_may_be_tried_again_keeps_its_text_for_a_day(db: Database) {
    let store = db.open().await;
    let (seq, lane) = one(&store, "fn_confidential").await;
    store.commit(Some(lane), vec![offer(seq, PartId::generate())]).await.expect("offered");
    assert_eq!(open(&store, lane).await, []);
    assert_eq!(store.sweep(noon() + Duration::hours(23)).await.expect("swept").offers, 0);
    assert_eq!(db.places_of("fn_confidential").await, ["remote_agent_inbound.content"]);
    assert_eq!(store.sweep(noon() + Duration::hours(25)).await.expect("swept").offers, 1);
    assert!(db.places_of("fn_confidential").await.is_empty());
    let stale = store.commit(Some(lane), vec![Change::TakeUp { seq }]).await;
    assert_eq!(stale, Err(StoreError::Stale { what: "inbound" }));
}

async fn an_offer_is_taken_once_and_forgotten_when_told(db: Database) {
    let store = db.open().await;
    let (seq, lane) = one(&store, "Hello").await;
    let conversation = store.snapshot(lane.conversation).await.expect("a snapshot").conversation;
    let part = PartId::generate();
    store.commit(Some(lane), vec![offer(seq, part)]).await.expect("offered");
    let offered = store.list_offered(&conversation).await.expect("a list").remove(0);
    assert_eq!((offered.seq, offered.told, offered.message.content.text()), (seq, Some(part), Some("Hello")));
    store.commit(Some(lane), vec![Change::TakeUp { seq }]).await.expect("taken up");
    let again = open(&store, lane).await.remove(0);
    assert_eq!((again.state, again.told, again.hold), (InboundState::Queued, None, Some(hold(Then::Start))));
    assert_eq!(again.message.content.text(), Some("Hello"));
    let stale = store.commit(Some(lane), vec![Change::TakeUp { seq }]).await;
    assert_eq!(stale, Err(StoreError::Stale { what: "inbound" }));
    store.commit(Some(lane), vec![offer(seq, part)]).await.expect("offered again");
    let conversation_id = lane.conversation;
    store.commit(Some(lane), vec![Change::ForgetOffers { conversation: conversation_id }]).await.expect("forgotten");
    assert_eq!(store.list_offered(&conversation).await.expect("a list"), []);
}

async fn only_what_waits_can_be_changed(db: Database) {
    let store = db.open().await;
    let (seq, lane) = one(&store, "first").await;
    let rewrite = || Change::Rewrite { seq, content: InboundContent::words("second") };
    store.commit(Some(lane), vec![rewrite()]).await.expect("changed");
    assert_eq!(open(&store, lane).await[0].message.content, InboundContent::words("second"));
    let runs = Change::SetInbound { seq, state: InboundState::Running, at: noon() };
    store.commit(Some(lane), vec![runs]).await.expect("running");
    assert_eq!(store.commit(Some(lane), vec![rewrite()]).await, Err(StoreError::Stale { what: "inbound" }));
}

async fn whose_words_are_awaited_is_remembered_until_the_approval_is_settled(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let id = store.reserve_approval().await.expect("a number");
    let asked = approval(id, &running.turn, PartId::generate(), "diff");
    let awaits = Some(Awaits { sender: "1001".to_owned(), what: Awaited::Reason });
    let changes = vec![Change::Ask(asked), Change::Await { id, awaits: awaits.clone() }];
    store.commit(Some(running.lane), changes).await.expect("asked");
    assert_eq!(store.find_approval(id).await.expect("a look").expect("there").awaits, awaits);
    let settle = Change::Settle { id, state: adjutant_core::approval::ApprovalState::Withdrawn };
    store.commit(Some(running.lane), vec![settle]).await.expect("settled");
    assert_eq!(store.find_approval(id).await.expect("a look").expect("there").awaits, None);
}

async fn what_is_due_is_listed_page_by_page(db: Database) {
    let store = db.open().await;
    let mut all = Vec::new();
    for n in 0..7 {
        let (accepted, lane) = accept(&store, &format!("chat-{n}"), &format!("d-{n}"), "Hello").await;
        // Several at the same moment.
        let at = Some(noon() + Duration::minutes(n / 3));
        store.commit(Some(lane), vec![Change::Due { conversation: accepted.conversation, at }]).await.expect("set");
        all.push(accepted.conversation);
    }
    let by = noon() + Duration::hours(1);
    let (mut seen, mut last) = (Vec::new(), None);
    loop {
        let page = store.list_due_after(by, last, 2).await.expect("a page");
        seen.extend(page.iter().map(|due| due.conversation));
        last = page.last().copied();
        if page.len() < 2 {
            break;
        }
    }
    assert_eq!(seen.len(), 7, "what stays due is listed once");
    seen.sort_unstable();
    all.sort_unstable();
    assert_eq!(seen, all);
}
