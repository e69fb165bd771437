//! Membership: one gateway per SQLite file, several on PostgreSQL.

use std::os::unix::fs::PermissionsExt;

use adjutant_core::id::ConversationId;
use adjutant_store::change::Change;
use adjutant_store::error::StoreError;
use adjutant_store::record::PartState;
use adjutant_store::store::Store;
use chrono::Duration;

use crate::database::Database;
use crate::fixtures::{Running, accept, message, noon};

on_both!(
    a_second_gateway_of_the_same_name_is_refused_and_the_first_named,
    every_opening_is_a_new_epoch,
    a_closed_store_makes_room_at_once,
    a_ping_writes,
);

async fn a_second_gateway_of_the_same_name_is_refused_and_the_first_named(db: Database) {
    let _first = db.open().await;
    // The server is given two seconds to notice a process that was just killed.
    let opening = tokio::spawn(Store::open(db.options("node-a")));
    while !opening.is_finished() {
        db.clock.advance(std::time::Duration::from_millis(500));
        tokio::task::yield_now().await;
    }
    let Err(StoreError::Taken { holder }) = opening.await.expect("no panic") else { panic!("it must be refused") };
    assert!(holder.contains(&format!("process {} of `node-a`", std::process::id())), "{holder}");
}

async fn every_opening_is_a_new_epoch(db: Database) {
    let store = db.open().await;
    let first = store.node();
    assert_eq!(first.name, "node-a");
    let store = db.reopen(store).await;
    let second = store.node();
    store.close().await;
    let third = db.open().await.node();
    assert!(first.epoch < second.epoch && second.epoch < third.epoch);
}

async fn a_closed_store_makes_room_at_once(db: Database) {
    let store = db.open().await;
    let clone = store.clone();
    store.close().await;
    assert!(matches!(clone.ping().await, Err(StoreError::Unavailable { .. })));
    db.open().await.ping().await.expect("the next one works");
}

async fn a_ping_writes(db: Database) {
    let store = db.open().await;
    store.ping().await.expect("it can be written");
    let checked = db.column("SELECT name FROM remote_agent_nodes WHERE checked_at IS NOT NULL").await;
    assert_eq!(checked, ["node-a"]);
}

#[tokio::test]
async fn the_sqlite_file_and_its_folder_are_private() {
    Database::sqlite()
        .run(|db| async move {
            let store = db.open().await;
            accept(&store, "chat", "d-1", "Hello").await;
            let mode =
                |path: &std::path::Path| std::fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
            let path = db.path();
            assert_eq!(mode(path.parent().expect("a folder")), 0o700);
            for suffix in ["", "-wal", "-shm", ".lock"] {
                assert_eq!(mode(format!("{}{suffix}", path.display()).as_ref()), 0o600, "{suffix}");
            }
        })
        .await;
}

#[tokio::test]
async fn a_command_is_refused_while_a_gateway_holds_the_sqlite_file() {
    Database::sqlite()
        .run(|db| async move {
            let gateway = db.open().await;
            let refused = Store::open_for_command(db.options("node-a")).await;
            assert!(matches!(refused, Err(StoreError::Taken { .. })));
            gateway.close().await;
            Store::open_for_command(db.options("node-a")).await.expect("now it is free");
        })
        .await;
}

#[tokio::test]
async fn a_command_works_beside_the_gateways_on_postgresql() {
    Database::postgres()
        .await
        .run(|db| async move {
            let gateway = db.open().await;
            let (accepted, lane) = accept(&gateway, "chat", "d-1", "Hello").await;
            let command = Store::open_for_command(db.options("node-a")).await.expect("beside it");
            command.ping().await.expect("it can write");
            assert_eq!(command.claim(accepted.conversation).await, Ok(None));
            gateway.commit(Some(lane), vec![]).await.expect("the gateway is not disturbed");
            command.close().await;
        })
        .await;
}

/// Two gateways on one PostgreSQL database.
async fn two_nodes(db: &Database) -> (Store, Store) {
    (db.open_as("node-a").await, db.open_as("node-b").await)
}

/// As when its process hangs: nobody renews, and the lease is over.
async fn end_lease(db: &Database, node: &str) {
    db.execute(&format!("UPDATE remote_agent_nodes SET lease_until = now() - interval '1 s' WHERE name = '{node}'"))
        .await;
}

#[tokio::test]
async fn a_lane_of_a_live_node_is_left_alone_and_its_holder_woken() {
    Database::postgres()
        .await
        .run(|db| async move {
            let (a, b) = two_nodes(&db).await;
            let (accepted, lane) = accept(&a, "chat", "d-1", "Hello").await;
            assert_eq!(b.claim(accepted.conversation).await, Ok(None));
            assert_eq!(b.list_due(noon() + Duration::days(3650), 10).await, Ok(vec![]));

            let mut wakeups = a.wakeups();
            // Listening begins in the background, so the first messages may come before it.
            let mut n = 2;
            let woken: ConversationId = loop {
                let other =
                    b.accept(vec![message("chat", &format!("d-{n}"), "You")]).await.expect("accepted").remove(0);
                assert_eq!((other.conversation, other.lane), (accepted.conversation, None));
                n += 1;
                tokio::select! {
                    woken = wakeups.recv() => break woken.expect("a wake-up"),
                    () = adjutant_core::clock::Clock::System.sleep(std::time::Duration::from_millis(20)) => {}
                }
            };
            assert_eq!(woken, accepted.conversation);
            a.commit(Some(lane), vec![]).await.expect("still ours");
            assert!(a.snapshot(accepted.conversation).await.expect("a snapshot").inbound.len() > 1);
        })
        .await;
}

#[tokio::test]
async fn the_lanes_of_a_node_whose_lease_is_over_are_taken_and_its_late_writes_refused() {
    Database::postgres()
        .await
        .run(|db| async move {
            let (frozen, b) = two_nodes(&db).await;
            let running = Running::start(&frozen, "chat").await;
            let reply = running.reply(0, "half an answer", PartState::Pending);
            frozen.commit(Some(running.lane), vec![Change::PutPart(reply.clone())]).await.expect("put");
            let conversation = running.turn.conversation;
            assert_eq!(b.list_undelivered(0, 10).await.expect("a list"), [], "its holder delivers");

            end_lease(&db, "node-a").await;
            assert_eq!(b.list_due(noon() - Duration::days(3650), 10).await, Ok(vec![conversation]));
            assert_eq!(b.list_undelivered(0, 10).await.expect("a list").len(), 1);
            let taken = b.claim(conversation).await.expect("a claim").expect("free");

            let late = vec![running.end(), Change::Sending { id: reply.id }];
            assert_eq!(frozen.commit(Some(running.lane), late.clone()).await, Err(StoreError::Fenced { conversation }));
            b.commit(Some(taken), late).await.expect("the new holder goes on");
        })
        .await;
}

#[tokio::test]
async fn a_lapsed_lease_that_nobody_took_over_is_simply_renewed() {
    Database::postgres()
        .await
        .run(|db| async move {
            let (a, b) = two_nodes(&db).await;
            let (accepted, lane) = accept(&a, "chat", "d-1", "Hello").await;
            end_lease(&db, "node-a").await;
            a.commit(Some(lane), vec![]).await.expect("nobody else has it");
            // The renewal comes with the clock.
            while !db.column("SELECT name FROM remote_agent_live_nodes").await.contains(&"node-a".to_owned()) {
                db.clock.advance(std::time::Duration::from_secs(1));
            }
            assert_eq!(b.claim(accepted.conversation).await, Ok(None));
        })
        .await;
}

#[tokio::test]
async fn a_process_whose_name_was_taken_over_is_fenced() {
    Database::postgres()
        .await
        .run(|db| async move {
            let old = db.open().await;
            let (accepted, lane) = accept(&old, "chat", "d-1", "Hello").await;
            end_lease(&db, "node-a").await;
            let opening = tokio::spawn({
                let db = db.clone();
                async move { db.open().await }
            });
            while !opening.is_finished() {
                end_lease(&db, "node-a' AND epoch = '1").await;
                db.clock.advance(std::time::Duration::from_millis(500));
                tokio::task::yield_now().await;
            }
            let new = opening.await.expect("no panic");
            assert!(new.node().epoch > lane.epoch);
            let conversation = accepted.conversation;
            assert_eq!(old.commit(Some(lane), vec![]).await, Err(StoreError::Fenced { conversation }));
        })
        .await;
}
