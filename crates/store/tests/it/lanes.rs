//! Lanes: who may write, what is due, what is taken over.

use adjutant_core::id::ConversationId;
use adjutant_store::change::Change;
use adjutant_store::error::StoreError;
use adjutant_store::record::{InboundState, Lane, PartKind, PartState};
use chrono::Duration;

use crate::database::Database;
use crate::fixtures::{Running, accept, message, noon, part};

on_both!(
    a_commit_with_the_lane_of_an_earlier_epoch_is_refused,
    the_lanes_of_an_earlier_epoch_are_free,
    a_lane_of_ours_can_be_claimed_again,
    there_is_no_lane_of_an_unknown_conversation,
    a_turn_that_was_left_running_is_due,
    a_part_that_was_left_undelivered_is_due,
    a_lane_is_due_when_its_time_has_come,
    the_longest_waiting_lane_comes_first,
    a_lane_with_an_unread_message_stays_due,
    a_released_lane_is_free_and_its_old_holder_refused,
    a_snapshot_of_an_unknown_conversation_is_stale,
);

async fn a_commit_with_the_lane_of_an_earlier_epoch_is_refused(db: Database) {
    let store = db.open().await;
    let (accepted, old) = accept(&store, "chat", "d-1", "Hello").await;
    let store = db.reopen(store).await;
    let fenced = StoreError::Fenced { conversation: accepted.conversation };
    let changes = vec![Change::CountAttempt { seq: accepted.seq.expect("new") }];
    assert_eq!(store.commit(Some(old), changes.clone()).await, Err(fenced.clone()));
    let due = vec![Change::Due { conversation: accepted.conversation, at: None }];
    assert_eq!(store.commit(Some(old), due).await, Err(fenced.clone()));

    let new = store.claim(accepted.conversation).await.expect("a claim").expect("free");
    assert!(new.epoch > old.epoch);
    assert_eq!(store.commit(Some(old), changes.clone()).await, Err(fenced));
    assert_eq!(store.commit(Some(new), changes).await, Ok(()));
    let snapshot = store.snapshot(accepted.conversation).await.expect("a snapshot");
    assert_eq!(snapshot.inbound[0].attempts, 1, "nothing of the refused commits was written");
}

async fn the_lanes_of_an_earlier_epoch_are_free(db: Database) {
    let store = db.open().await;
    let (accepted, old) = accept(&store, "chat", "d-1", "Hello").await;
    let store = db.reopen(store).await;
    let again = store.accept(vec![message("chat", "d-2", "You")]).await.expect("accepted").remove(0);
    assert_eq!(again.lane, Some(Lane { conversation: accepted.conversation, epoch: store.node().epoch }));
    assert!(store.node().epoch > old.epoch);
}

async fn a_lane_of_ours_can_be_claimed_again(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    assert_eq!(store.claim(accepted.conversation).await, Ok(Some(lane)));
}

async fn there_is_no_lane_of_an_unknown_conversation(db: Database) {
    let store = db.open().await;
    assert_eq!(store.claim(ConversationId::generate()).await, Ok(None));
}

async fn a_turn_that_was_left_running_is_due(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let long_ago = noon() - Duration::days(3650);
    assert_eq!(store.list_due(long_ago, 10).await, Ok(vec![]), "its own epoch lives");

    let store = db.reopen(store).await;
    assert_eq!(store.list_due(long_ago, 10).await, Ok(vec![running.turn.conversation]));
    store.claim(running.turn.conversation).await.expect("a claim").expect("free");
    assert_eq!(store.list_due(long_ago, 10).await, Ok(vec![]), "somebody looks after it");
}

async fn a_part_that_was_left_undelivered_is_due(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    let conversation = accepted.conversation;
    let waiting = part(Some(conversation), PartKind::Notice, "waits", PartState::Pending);
    let seq = accepted.seq.expect("new");
    let changes = vec![
        Change::PutPart(waiting.clone()),
        Change::SetInbound { seq, state: InboundState::Done, at: noon() },
        Change::Due { conversation, at: None },
    ];
    store.commit(Some(lane), changes).await.expect("said");
    let later = noon() + Duration::days(1);
    assert_eq!(store.list_due(later, 10).await, Ok(vec![]), "its own epoch delivers it");
    let store = db.reopen(store).await;
    assert_eq!(store.list_due(later, 10).await, Ok(vec![conversation]));
    let lane = store.claim(conversation).await.expect("a claim").expect("free");
    let message = adjutant_core::message::MessageRef("9".to_owned());
    store.commit(Some(lane), vec![Change::Sent { id: waiting.id, revision: 1, message }]).await.expect("sent");
    let store = db.reopen(store).await;
    assert_eq!(store.list_due(later, 10).await, Ok(vec![]));
}

async fn a_lane_is_due_when_its_time_has_come(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let at = noon() + Duration::minutes(5);
    let due = Change::Due { conversation: running.turn.conversation, at: Some(at) };
    store.commit(Some(running.lane), vec![due]).await.expect("set");
    assert_eq!(store.list_due(at - Duration::microseconds(1), 10).await, Ok(vec![]));
    assert_eq!(store.list_due(at, 10).await, Ok(vec![running.turn.conversation]));
}

async fn the_longest_waiting_lane_comes_first(db: Database) {
    let store = db.open().await;
    let mut expected = Vec::new();
    for (chat, minutes) in [("a", 3), ("b", 1), ("c", 2)] {
        let (accepted, lane) = accept(&store, chat, chat, "Hello").await;
        let at = Some(noon() + Duration::minutes(minutes));
        let changes = vec![Change::Due { conversation: accepted.conversation, at }];
        store.commit(Some(lane), changes).await.expect("set");
        expected.push((minutes, accepted.conversation));
    }
    expected.sort_by_key(|(minutes, _)| *minutes);
    let expected: Vec<_> = expected.into_iter().map(|(_, conversation)| conversation).collect();
    let later = noon() + Duration::hours(1);
    assert_eq!(store.list_due(later, 2).await.expect("a list"), expected[..2]);
    assert_eq!(store.list_due(later, 10).await.expect("a list"), expected);
}

async fn a_lane_with_an_unread_message_stays_due(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    let later = noon() + Duration::days(3650);
    let rest = Change::Due { conversation: accepted.conversation, at: None };
    store.commit(Some(lane), vec![rest.clone()]).await.expect("set");
    assert_eq!(store.list_due(later, 10).await, Ok(vec![accepted.conversation]));
    let seq = accepted.seq.expect("new");
    let read = Change::SetInbound { seq, state: InboundState::Done, at: noon() };
    store.commit(Some(lane), vec![read, rest]).await.expect("set");
    assert_eq!(store.list_due(later, 10).await, Ok(vec![]));
}

async fn a_released_lane_is_free_and_its_old_holder_refused(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    let conversation = accepted.conversation;
    store.commit(Some(lane), vec![Change::Release { conversation }]).await.expect("released");
    assert_eq!(store.commit(Some(lane), vec![]).await, Err(StoreError::Fenced { conversation }));
    assert_eq!(store.claim(conversation).await, Ok(Some(lane)));
}

async fn a_snapshot_of_an_unknown_conversation_is_stale(db: Database) {
    let store = db.open().await;
    let error = store.snapshot(ConversationId::generate()).await.expect_err("nothing there");
    assert_eq!(error, StoreError::Stale { what: "conversation" });
}
