//! The two schemas say the same, and every statement fits both.

use adjutant_store::sql;
use sqlx::{Executor, SqlStr};

use crate::database::Database;

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let (sqlite, postgres) = (Database::sqlite(), Database::postgres().await);
    let lite = sqlite.clone();
    postgres
        .run(|postgres| async move {
            let _stores = (lite.open().await, postgres.open().await);
            let columns = lite.columns().await;
            assert!(columns.contains(&"remote_agent_sessions.assistant_session_id".to_owned()), "{columns:?}");
            assert!(columns.contains(&"remote_agent_nodes.epoch".to_owned()), "{columns:?}");
            assert_eq!(columns, postgres.columns().await);
        })
        .await;
}

#[tokio::test]
async fn the_tables_of_the_specification_have_its_columns() {
    Database::sqlite()
        .run(|db| async move {
            let _store = db.open().await;
            let columns = db.columns().await;
            let conversations = "id platform_type platform_conversation_id codebase_id cwd ai_assistant_type created_at updated_at";
            let codebases = "id name repository_url default_cwd ai_assistant_type commands created_at updated_at";
            let sessions = "id conversation_id codebase_id ai_assistant_type assistant_session_id active metadata started_at ended_at";
            for (table, names) in [("conversations", conversations), ("codebases", codebases), ("sessions", sessions)] {
                for name in names.split(' ') {
                    assert!(columns.contains(&format!("remote_agent_{table}.{name}")), "{table}.{name}");
                }
            }
        })
        .await;
}

#[tokio::test]
async fn every_statement_can_be_prepared_on_sqlite() {
    Database::sqlite()
        .run(|db| async move {
            let _store = db.open().await;
            let mut conn = db.lite().await;
            let mut prepared = 0;
            for statement in sql::all().iter().filter(|statement| !statement.lite.is_empty()) {
                let outcome = conn.prepare(SqlStr::from_static(statement.lite)).await;
                outcome.unwrap_or_else(|error| panic!("{error}: {}", statement.lite));
                prepared += 1;
            }
            assert!(prepared > 60, "only {prepared} statements are listed");
        })
        .await;
}

#[tokio::test]
async fn every_statement_can_be_prepared_on_postgresql() {
    Database::postgres()
        .await
        .run(|db| async move {
            let _store = db.open().await;
            let mut conn = db.pg().await;
            let mut prepared = 0;
            for statement in sql::all().iter().filter(|statement| !statement.pg.is_empty()) {
                let outcome = conn.prepare(SqlStr::from_static(statement.pg)).await;
                outcome.unwrap_or_else(|error| panic!("{error}: {}", statement.pg));
                prepared += 1;
            }
            assert!(prepared > 60, "only {prepared} statements are listed");
        })
        .await;
}

on_both!(migrating_twice_changes_nothing, a_schema_from_the_future_is_refused);

async fn migrating_twice_changes_nothing(db: Database) {
    let store = db.open().await;
    let again = store.migrate().await.expect("nothing to do");
    assert_eq!(again.applied, 0);
    assert!(again.version >= 1);
}

async fn a_schema_from_the_future_is_refused(db: Database) {
    let store = db.open().await;
    db.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'future', true, 'abc', 0)",
    )
    .await;
    let error = store.migrate().await.expect_err("refused");
    assert!(error.to_string().contains("9999"), "{error}");
}
