//! Lets a script run before anybody looks at what it did.
//!
//! The driver gives back what each statement did, one by one, from a thread of its own. Whoever waits for them is woken
//! for every single one, which costs more than the statements. So nobody waits until the commit is being made durable.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};
use sqlx::sqlite::SqliteConnection;
use tokio::sync::Notify;

/// A script that fails never gets as far as its commit: after so long somebody looks all the same.
const NET: Duration = Duration::from_millis(20);

/// Rings when the connection it was hung up at begins to make a transaction durable. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bell(Arc<Notify>);

impl Bell {
    /// Hangs it up at a connection.
    pub(crate) async fn hang(&self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let rung = Arc::clone(&self.0);
        conn.lock_handle().await?.set_commit_hook(move || {
            rung.notify_one();
            true
        });
        Ok(())
    }

    /// Starts what the results come from, and returns when it is worth looking at them; their first, if it is there.
    pub(crate) async fn wait<T>(&self, results: &mut BoxStream<'_, T>) -> Option<T> {
        // Nobody heard an earlier one.
        let _ = self.0.notified().now_or_never();
        let first = results.next().now_or_never();
        if first.is_none() {
            // Rung or not, the results say what happened.
            let _ = tokio::time::timeout(NET, self.0.notified()).await;
        }
        first.flatten()
    }
}
