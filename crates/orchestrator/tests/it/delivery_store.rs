//! Delivery over the real store: what its rows say in the end.

#![expect(clippy::expect_used, reason = "a test that cannot go on ends")]

use std::sync::Arc;
use std::time::Duration;

use adjutant_core::clock::Clock;
use adjutant_core::id::PartId;
use adjutant_core::kind::PlatformKind;
use adjutant_core::mask::Mask;
use adjutant_core::message::{ConversationKey, DeliveryId, InboundContent, InboundMessage, MessageRef, Sender};
use adjutant_core::platform::{Part, SendError};
use adjutant_orchestrator::delivery::{Delivery, OpenPart, Outgoing, SENT_AGAIN, Target};
use adjutant_store::change::{Change, NewPart};
use adjutant_store::record::{Lane, PartKind, PartState};
use adjutant_store::store::{Store, StoreOptions};

use crate::delivery_fakes::{FakePlatform, capabilities, edited, sent};

struct Place {
    _folder: tempfile::TempDir,
    store: Store,
    lane: Lane,
    platform: Arc<FakePlatform>,
    delivery: Delivery,
    clock: adjutant_core::clock::ManualClock,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = adjutant_core::clock::ManualClock::default();
        let url = format!("sqlite://{}", folder.path().join("store.db").display());
        let options = StoreOptions { url, node: "node".to_owned(), clock: Clock::Manual(clock.clone()), readers: 1 };
        let store = Store::open(options).await.expect("a store");
        store.migrate().await.expect("a schema");
        let accepted = store.accept(vec![message()]).await.expect("accepted");
        let lane = accepted[0].lane.expect("our lane");
        let platform = Arc::new(FakePlatform::new(capabilities()));
        let (delivery, _) = Delivery::new(
            Arc::new(store.clone()),
            vec![platform.clone()],
            Clock::Manual(clock.clone()),
            Mask::default(),
        );
        Self { _folder: folder, store, lane, platform, delivery, clock }
    }

    async fn put(&self, id: PartId, text: &str, state: PartState) -> NewPart {
        let part = NewPart {
            id,
            platform: PlatformKind::Telegram,
            to: ConversationKey("1".to_owned()),
            conversation: Some(self.lane.conversation),
            turn: None,
            kind: PartKind::Reply,
            part: Part::text(text),
            state,
            at: Clock::Manual(self.clock.clone()).now(),
        };
        self.store.commit(Some(self.lane), vec![Change::PutPart(part.clone())]).await.expect("a row");
        part
    }

    async fn settled(&self) {
        let target = Target::new(PlatformKind::Telegram, ConversationKey("1".to_owned()));
        tokio::time::timeout(Duration::from_secs(20), self.delivery.settled(&target)).await.expect("settled in time");
    }
}

fn message() -> InboundMessage {
    InboundMessage {
        platform: PlatformKind::Telegram,
        delivery: DeliveryId("1".to_owned()),
        conversation: ConversationKey("1".to_owned()),
        sender: Sender { id: "7".to_owned(), name: "Ana".to_owned() },
        message: Some(MessageRef("p1".to_owned())),
        sent_at: Clock::System.now(),
        content: InboundContent::words("hello"),
    }
}

#[tokio::test]
async fn a_delivered_row_is_sent_under_the_platforms_id() {
    let place = Place::new().await;
    let id = PartId::generate();
    let part = place.put(id, "hello", PartState::Pending).await;
    place.delivery.submit(Outgoing::committed(part, Some(place.lane), 1));
    place.settled().await;
    let row = place.store.part(id).await.expect("read").expect("the row");
    assert_eq!((row.state, row.sent_revision, row.message), (PartState::Sent, 1, Some(MessageRef("m1".to_owned()))));
}

#[tokio::test]
async fn an_open_row_keeps_its_message_and_ends_in_it() {
    let place = Place::new().await;
    let id = PartId::generate();
    let part = place.put(id, "", PartState::Open).await;
    let to = Target::new(part.platform, part.to);
    let open = OpenPart { id, to, lane: Some(place.lane), part: part.part, message: None };
    let draft = place.delivery.preview(open);
    draft.push("growing");
    let shown = async {
        while place.store.part(id).await.expect("read").expect("the row").message.is_none() {
            place.clock.advance(Duration::from_secs(61));
        }
    };
    tokio::time::timeout(Duration::from_secs(20), shown).await.expect("shown in time");
    assert_eq!(place.store.part(id).await.expect("read").expect("the row").state, PartState::Open);
    let finished = place.put(id, "grown", PartState::Sending).await;
    place.delivery.submit(Outgoing::committed(finished, Some(place.lane), 2));
    place.settled().await;
    assert_eq!(place.platform.said(), [sent("1", "growing▍"), edited("m1", "grown")]);
    let row = place.store.part(id).await.expect("read").expect("the row");
    assert_eq!((row.state, row.sent_revision), (PartState::Sent, 2));
}

#[tokio::test]
async fn what_a_restart_finds_is_delivered_in_order_and_marked_where_it_may_stand_already() {
    let place = Place::new().await;
    place.put(PartId::generate(), "cut off", PartState::Sending).await;
    place.put(PartId::generate(), "waiting", PartState::Pending).await;
    let rows = place.store.list_undelivered(0, 100).await.expect("rows");
    place.delivery.recover(Some(place.lane), rows);
    place.settled().await;
    let again = format!("{SENT_AGAIN}\n\ncut off");
    assert_eq!(place.platform.said(), [sent("1", &again), sent("1", "waiting")]);
    assert!(place.store.list_undelivered(0, 100).await.expect("rows").is_empty());
}

#[tokio::test]
async fn a_conversation_taken_up_again_repeats_nothing_that_is_on_its_way() {
    let place = Place::new().await;
    place.platform.answer([Some(SendError::RetryAfter(Duration::from_secs(1)))]);
    for text in ["one", "two"] {
        let part = place.put(PartId::generate(), text, PartState::Sending).await;
        place.delivery.submit(Outgoing::committed(part, Some(place.lane), 1));
    }
    place.platform.wait(1).await;
    let rows = place.store.undelivered_of(place.lane.conversation).await.expect("rows");
    assert_eq!(rows.len(), 2);
    place.delivery.recover(Some(place.lane), rows);
    place.clock.advance(Duration::from_secs(2));
    place.settled().await;
    assert_eq!(place.platform.said(), [sent("1", "one"), sent("1", "one"), sent("1", "two")]);
}

#[tokio::test]
async fn a_row_that_waits_long_is_pending_with_its_time_and_its_reason() {
    let place = Place::new().await;
    place.platform.answer([Some(SendError::RetryAfter(Duration::from_secs(600)))]);
    let id = PartId::generate();
    let part = place.put(id, "later", PartState::Sending).await;
    place.delivery.submit(Outgoing::committed(part, Some(place.lane), 1));
    let deferred = async {
        loop {
            let row = place.store.part(id).await.expect("read").expect("the row");
            if row.state == PartState::Pending {
                return row;
            }
            tokio::task::yield_now().await;
        }
    };
    let row = tokio::time::timeout(Duration::from_secs(20), deferred).await.expect("deferred in time");
    assert!(row.due_at > Some(Clock::Manual(place.clock.clone()).now() + chrono::Duration::seconds(500)));
    assert_eq!(place.delivery.flush(Duration::from_secs(20)).await, 1);
}
