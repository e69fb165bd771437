//! The contract of the store, on both databases. Every case of a contract module runs on a fresh SQLite file and
//! on a fresh PostgreSQL database; a PostgreSQL that cannot be reached is a failure, not a skip.

#![expect(clippy::expect_used, reason = "a test ends where something is not as it should be")]

/// Runs every named case on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::database::Database::sqlite().run(super::$name).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::database::Database::postgres().await.run(super::$name).await;
            })+
        }
    };
}

mod blanking;
mod changes;
mod database;
mod errors;
mod fixtures;
mod holds;
mod inbox;
mod lanes;
mod nodes;
mod outbox;
mod people;
mod property;
mod schema;
mod sessions;
mod sweep;
mod writer;
