//! Errors say what to do, and nothing secret.

use adjutant_core::clock::Clock;
use adjutant_store::error::StoreError;
use adjutant_store::store::{Store, StoreOptions};

use crate::database::Database;
use crate::fixtures::accept;

async fn open(url: &str) -> StoreError {
    let options = StoreOptions { url: url.to_owned(), node: "node".to_owned(), clock: Clock::System, readers: 1 };
    Store::open(options).await.expect_err("it cannot be opened")
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused() {
    for url in ["mysql://localhost/x", "adjutant.db", "", "sqlite::memory:", "sqlite://x.db?mode=memory", "sqlite://"] {
        let error = open(url).await;
        assert!(matches!(error, StoreError::Address { .. }), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn no_error_tells_the_password() {
    for url in [
        "postgres://user:hunter2@127.0.0.1:1/db",
        "postgres://user:hunter2@127.0.0.1:port/db",
        "postgres://user:hunter2@[::1/db",
        "postgresql://user:hunter2@127.0.0.1:1/db?sslmode=hunter2",
    ] {
        let error = open(url).await;
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        assert!(matches!(error, StoreError::Address { .. } | StoreError::Unavailable { .. }), "{error:?}");
    }
    let options = StoreOptions {
        url: "postgres://u:hunter2@h/d".to_owned(),
        node: "n".to_owned(),
        clock: Clock::System,
        readers: 1,
    };
    assert!(!format!("{options:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_called_damaged() {
    Database::sqlite()
        .run(|db| async move {
            std::fs::create_dir_all(db.path().parent().expect("a folder")).expect("a folder");
            std::fs::write(db.path(), "this is not a database, whatever its name says ".repeat(50)).expect("a file");
            let error = open(&db.url).await;
            assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        })
        .await;
}

on_both!(a_value_of_the_future_names_its_column, an_unmigrated_database_refuses_without_harm);

async fn a_value_of_the_future_names_its_column(db: Database) {
    let store = db.open().await;
    let (accepted, _) = accept(&store, "chat", "d-1", "Hello").await;
    db.execute("UPDATE remote_agent_conversations SET mode = 'telepathy'").await;
    let error = store.snapshot(accepted.conversation).await.expect_err("an unknown mode");
    assert_eq!(error, StoreError::Decode { table: "remote_agent_conversations", column: "mode".to_owned() });
    db.execute("UPDATE remote_agent_conversations SET mode = NULL").await;
    db.execute("UPDATE remote_agent_inbound SET content = '{\"type\":\"telepathy\"}'").await;
    let error = store.snapshot(accepted.conversation).await.expect_err("an unknown content");
    assert_eq!(error, StoreError::Decode { table: "remote_agent_inbound", column: "content".to_owned() });
}

async fn an_unmigrated_database_refuses_without_harm(db: Database) {
    let store = Store::open(db.options("node-a")).await.expect("opened");
    let error = store.list_codebases().await.expect_err("no tables");
    assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
    store.migrate().await.expect("migrated");
    assert!(store.list_codebases().await.expect("now there are").is_empty());
}
