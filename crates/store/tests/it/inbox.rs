//! Accepting messages: once, in order, durable.

use adjutant_core::kind::PlatformKind;
use adjutant_core::message::{ConversationKey, InboundContent};
use adjutant_store::change::Change;
use adjutant_store::record::InboundState;

use crate::database::Database;
use crate::fixtures::{accept, message, noon};

on_both!(
    an_accepted_message_comes_back_as_it_was,
    a_delivery_is_accepted_once,
    the_same_delivery_id_on_another_platform_is_another_message,
    a_batch_keeps_its_order_inside_each_conversation,
    a_thousand_messages_of_two_hundred_conversations_keep_their_order,
    a_repeated_delivery_does_not_make_its_lane_due,
    what_was_accepted_is_there_after_a_crash,
    a_handled_message_leaves_the_queue_and_keeps_its_delivery_id,
    a_message_with_a_nul_character_is_accepted,
    a_moved_conversation_takes_over_what_came_under_its_new_key,
);

async fn an_accepted_message_comes_back_as_it_was(db: Database) {
    let store = db.open().await;
    let sent = message("chat", "d-1", "Hello");
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    assert_eq!(lane.epoch, store.node().epoch);
    assert_eq!(lane.conversation, accepted.conversation);

    let snapshot = store.snapshot(accepted.conversation).await.expect("a snapshot");
    assert_eq!(snapshot.conversation.key, ConversationKey("chat".to_owned()));
    assert_eq!(snapshot.inbound.len(), 1);
    assert_eq!(snapshot.inbound[0].message, sent);
    assert_eq!(snapshot.inbound[0].state, InboundState::Received);
    assert_eq!(Some(snapshot.inbound[0].seq), accepted.seq);
    let found = store.find_conversation(PlatformKind::Telegram, &sent.conversation).await.expect("a look");
    assert_eq!(found, Some(snapshot.conversation));
}

async fn a_delivery_is_accepted_once(db: Database) {
    let store = db.open().await;
    let batch = vec![message("chat", "d-1", "Hello"), message("chat", "d-1", "Hello"), message("chat", "d-2", "You")];
    let accepted = store.accept(batch.clone()).await.expect("accepted");
    assert!(accepted[0].seq.is_some() && accepted[1].seq.is_none() && accepted[2].seq.is_some());

    let again = store.accept(batch.clone()).await.expect("accepted again");
    assert!(again.iter().all(|one| one.seq.is_none() && one.conversation == accepted[0].conversation));
    assert!(again.iter().all(|one| one.lane.is_some()), "a repeat tells the lane as well");

    let store = db.reopen(store).await;
    assert!(store.accept(batch).await.expect("after a restart").iter().all(|one| one.seq.is_none()));
    assert_eq!(store.snapshot(accepted[0].conversation).await.expect("a snapshot").inbound.len(), 2);
}

async fn the_same_delivery_id_on_another_platform_is_another_message(db: Database) {
    let store = db.open().await;
    let mut other = message("chat", "d-1", "Hello");
    other.platform = PlatformKind::Slack;
    let accepted = store.accept(vec![message("chat", "d-1", "Hello"), other]).await.expect("accepted");
    assert!(accepted.iter().all(|one| one.seq.is_some()));
    assert_ne!(accepted[0].conversation, accepted[1].conversation);
}

async fn a_batch_keeps_its_order_inside_each_conversation(db: Database) {
    let store = db.open().await;
    let batch: Vec<_> =
        (0..30).map(|n| message(&format!("chat-{}", n % 3), &format!("d-{n}"), &format!("text {n}"))).collect();
    let accepted = store.accept(batch).await.expect("accepted");
    for (chat, one) in accepted.iter().enumerate().take(3) {
        let snapshot = store.snapshot(one.conversation).await.expect("a snapshot");
        let texts: Vec<_> = snapshot.inbound.iter().map(|one| one.message.content.text().expect("text")).collect();
        let expected: Vec<_> = (0..10).map(|n| format!("text {}", n * 3 + chat)).collect();
        assert_eq!(texts, expected);
    }
}

async fn a_thousand_messages_of_two_hundred_conversations_keep_their_order(db: Database) {
    let store = db.open().await;
    let tasks: Vec<_> = (0..200)
        .map(|chat| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut conversation = None;
                for n in 0..5 {
                    let one = message(&format!("chat-{chat}"), &format!("d-{chat}-{n}"), &format!("text {n}"));
                    conversation = Some(store.accept(vec![one]).await.expect("accepted")[0].conversation);
                }
                conversation.expect("a conversation")
            })
        })
        .collect();
    for task in tasks {
        let snapshot = store.snapshot(task.await.expect("a task")).await.expect("a snapshot");
        let texts: Vec<_> = snapshot.inbound.iter().map(|one| one.message.content.text().expect("text")).collect();
        assert_eq!(texts, ["text 0", "text 1", "text 2", "text 3", "text 4"]);
    }
}

async fn a_repeated_delivery_does_not_make_its_lane_due(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    let changes = vec![
        Change::SetInbound { seq: accepted.seq.expect("new"), state: InboundState::Done, at: noon() },
        Change::Due { conversation: accepted.conversation, at: None },
    ];
    store.commit(Some(lane), changes).await.expect("handled");
    store.accept(vec![message("chat", "d-1", "Hello")]).await.expect("accepted again");
    let later = noon() + chrono::Duration::days(3650);
    assert_eq!(store.list_due(later, 10).await.expect("a list"), []);
}

async fn what_was_accepted_is_there_after_a_crash(db: Database) {
    let store = db.open().await;
    let (accepted, _) = accept(&store, "chat", "d-1", "Hello").await;
    let store = db.reopen(store).await;
    let due = store.list_due(noon() + chrono::Duration::days(3650), 10).await.expect("a list");
    assert_eq!(due, [accepted.conversation]);
    let snapshot = store.snapshot(accepted.conversation).await.expect("a snapshot");
    assert_eq!(snapshot.inbound[0].message.content.text(), Some("Hello"));
}

async fn a_handled_message_leaves_the_queue_and_keeps_its_delivery_id(db: Database) {
    let store = db.open().await;
    let (first, lane) = accept(&store, "chat", "d-1", "Hello").await;
    accept(&store, "chat", "d-2", "You").await;
    let seq = first.seq.expect("new");
    let done = vec![Change::CountAttempt { seq }, Change::SetInbound { seq, state: InboundState::Done, at: noon() }];
    store.commit(Some(lane), done).await.expect("handled");
    let snapshot = store.snapshot(first.conversation).await.expect("a snapshot");
    assert_eq!(snapshot.inbound.len(), 1);
    assert_eq!(snapshot.inbound[0].message.delivery.0, "d-2");
    let again = store.accept(vec![message("chat", "d-1", "Hello")]).await.expect("accepted");
    assert_eq!(again[0].seq, None);
}

async fn a_message_with_a_nul_character_is_accepted(db: Database) {
    let store = db.open().await;
    let mut odd = message("chat", "d-1", "a\0b");
    odd.sender.name = "Ad\0a".to_owned();
    let accepted = store.accept(vec![odd]).await.expect("accepted");
    let snapshot = store.snapshot(accepted[0].conversation).await.expect("a snapshot");
    assert_eq!(snapshot.inbound[0].message.content.text(), Some("a\0b"));
    assert_eq!(snapshot.inbound[0].message.sender.name, "Ada");
}

async fn a_moved_conversation_takes_over_what_came_under_its_new_key(db: Database) {
    let store = db.open().await;
    let (old, lane) = accept(&store, "group", "d-1", "before").await;
    let (new, stripped) = accept(&store, "supergroup", "d-2", "after").await;
    assert_ne!(old.conversation, new.conversation);
    let key = ConversationKey("supergroup".to_owned());
    let rekey = Change::Rekey { conversation: old.conversation, key: key.clone() };
    store.commit(Some(lane), vec![rekey]).await.expect("moved");

    let snapshot = store.snapshot(old.conversation).await.expect("a snapshot");
    let texts: Vec<_> = snapshot.inbound.iter().map(|one| one.message.content.text().expect("text")).collect();
    assert_eq!(texts, ["before", "after"]);
    assert!(snapshot.inbound.iter().all(|one| one.message.conversation == key));
    store.commit(Some(stripped), vec![]).await.expect_err("the other one's actor is fenced");

    let mut moved = message("supergroup", "d-3", "later");
    moved.content = InboundContent::Stop;
    assert_eq!(store.accept(vec![moved]).await.expect("accepted")[0].conversation, old.conversation);
}
