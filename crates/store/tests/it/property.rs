//! Whatever is delivered, however often and in whatever batches: each delivery is queued once, in the order of its
//! first arrival.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use crate::database::Database;
use crate::fixtures::message;

/// Batches of (conversation, delivery).
fn batches() -> impl Strategy<Value = Vec<Vec<(u8, u8)>>> {
    prop::collection::vec(prop::collection::vec((0..4_u8, 0..20_u8), 1..8), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_delivery_is_queued_once_in_the_order_of_its_first_arrival(batches in batches()) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(Database::sqlite().run(|db| async move { check(&db, batches).await }));
    }
}

async fn check(db: &Database, batches: Vec<Vec<(u8, u8)>>) {
    let store = db.open().await;
    let mut seen = HashSet::new();
    let mut expected: HashMap<_, Vec<String>> = HashMap::new();
    for batch in batches {
        let messages =
            batch.iter().map(|(chat, id)| message(&format!("chat-{chat}"), &format!("d-{id}"), "x")).collect();
        let accepted = store.accept(messages).await.expect("accepted");
        for ((_, id), one) in batch.iter().zip(accepted) {
            let new = seen.insert(*id);
            assert_eq!(one.seq.is_some(), new);
            let queue = expected.entry(one.conversation).or_default();
            if new {
                queue.push(format!("d-{id}"));
            }
        }
    }
    for (conversation, queue) in expected {
        let snapshot = store.snapshot(conversation).await.expect("a snapshot");
        let deliveries: Vec<_> = snapshot.inbound.into_iter().map(|one| one.message.delivery.0).collect();
        assert_eq!(deliveries, queue);
    }
}
