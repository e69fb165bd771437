//! SQLite's writer: group commit, and what a failure does to the others.

use std::time::Duration;

use adjutant_core::id::PartId;
use adjutant_store::change::Change;
use adjutant_store::error::StoreError;
use sqlx::Connection;

use crate::database::Database;
use crate::fixtures::{accept, message, noon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_gathers_is_committed_together() {
    Database::sqlite()
        .run(|db| async move {
            let store = db.open().await;
            // While another program holds the file, everything has to wait, and so it gathers.
            let mut other = db.lite().await;
            sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.expect("the file is held");
            let tasks: Vec<_> = (0..100)
                .map(|n| {
                    let store = store.clone();
                    tokio::spawn(async move {
                        store.accept(vec![message(&format!("chat-{n}"), &format!("d-{n}"), "x")]).await
                    })
                })
                .collect();
            while store.waiting() < 99 {
                tokio::task::yield_now().await;
            }
            sqlx::query("COMMIT").execute(&mut other).await.expect("the file is free");
            for task in tasks {
                task.await.expect("no panic").expect("accepted");
            }
            let figures = store.figures();
            assert_eq!(figures.jobs, 100);
            assert!(figures.commits <= 3, "{} commits", figures.commits);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_fails_does_not_hurt_those_gathered_with_it() {
    Database::sqlite()
        .run(|db| async move {
            let store = db.open().await;
            let (_, lane) = accept(&store, "chat", "d-0", "x").await;
            let mut other = db.lite().await;
            sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.expect("the file is held");
            let good: Vec<_> = (1..20)
                .map(|n| {
                    let store = store.clone();
                    tokio::spawn(async move { store.accept(vec![message("chat", &format!("d-{n}"), "x")]).await })
                })
                .collect();
            let bad = tokio::spawn({
                let store = store.clone();
                async move { store.commit(Some(lane), vec![Change::Sending { id: PartId::generate() }]).await }
            });
            while store.waiting() < 19 {
                tokio::task::yield_now().await;
            }
            sqlx::query("COMMIT").execute(&mut other).await.expect("the file is free");
            assert_eq!(bad.await.expect("no panic"), Err(StoreError::Stale { what: "part" }));
            for task in good {
                assert!(task.await.expect("no panic").expect("accepted")[0].seq.is_some());
            }
            assert_eq!(store.snapshot(lane.conversation).await.expect("a snapshot").inbound.len(), 20);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ping_fails_while_another_program_holds_the_file_and_all_is_well_after() {
    Database::sqlite()
        .run(|db| async move {
            let store = db.open().await;
            let mut other = db.lite().await;
            sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.expect("the file is held");
            let ping = tokio::spawn({
                let store = store.clone();
                async move { store.ping().await }
            });
            while !ping.is_finished() {
                db.clock.advance(Duration::from_millis(500));
                tokio::task::yield_now().await;
            }
            assert!(matches!(ping.await.expect("no panic"), Err(StoreError::Unavailable { .. })));
            assert!(store.list_codebases().await.expect("reading goes on").is_empty());
            sqlx::query("COMMIT").execute(&mut other).await.expect("the file is free");
            store.ping().await.expect("well again");
            accept(&store, "chat", "d-1", "Hello").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_recovers() {
    Database::sqlite()
        .run(|db| async move {
            let store = db.open().await;
            accept(&store, "chat", "d-1", "Hello").await;
            // A trigger stands in for the disk: it fails in the middle of a transaction.
            db.execute(
                "CREATE TRIGGER full BEFORE INSERT ON remote_agent_inbound BEGIN SELECT RAISE(ROLLBACK, 'full'); END",
            )
            .await;
            let error = store.accept(vec![message("chat", "d-2", "You")]).await.expect_err("refused");
            assert!(!error.to_string().contains("You"), "{error}");
            db.execute("DROP TRIGGER full").await;
            accept(&store, "chat", "d-2", "You").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_moved_into_the_file_when_it_gets_quiet() {
    Database::sqlite()
        .run(|db| async move {
            let store = db.open().await;
            accept(&store, "chat", "d-1", "Hello").await;
            let log = format!("{}-wal", db.path().display());
            let size = || std::fs::metadata(&log).map(|file| file.len()).unwrap_or_default();
            assert!(size() > 0);
            while size() > 0 {
                db.clock.advance(Duration::from_secs(1));
                tokio::task::yield_now().await;
            }
            assert_eq!(db.lite().await.ping().await.ok(), Some(()));
            assert!(!store.list_due(noon() + chrono::Duration::days(3650), 1).await.expect("a list").is_empty());
        })
        .await;
}
