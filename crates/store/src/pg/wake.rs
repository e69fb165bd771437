//! Wake-ups: a message for a conversation of ours came in through another node.
//!
//! They only save time. One that is lost (a broken connection) is made up for by the slow poll of what is due.

use std::time::Duration;

use adjutant_core::clock::Clock;
use adjutant_core::id::ConversationId;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::broadcast;

use crate::sql::lane::CHANNEL;

/// Between two attempts to listen.
const PAUSE: Duration = Duration::from_secs(1);

/// Passes on what is meant for this node, until it is aborted or the pool closes.
pub(super) async fn listen(pool: PgPool, node: String, clock: Clock, wakeups: broadcast::Sender<ConversationId>) {
    while !pool.is_closed() {
        if let Err(error) = pass_on(&pool, &node, &wakeups).await {
            tracing::debug!(%error, "not listening for wake-ups at the moment");
        }
        clock.sleep(PAUSE).await;
    }
}

async fn pass_on(pool: &PgPool, node: &str, wakeups: &broadcast::Sender<ConversationId>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        let notification = listener.recv().await?;
        if let Some(conversation) = meant_for(node, notification.payload()) {
            // Nobody listens yet: the poll will find it.
            let _ = wakeups.send(conversation);
        }
    }
}

fn meant_for(node: &str, payload: &str) -> Option<ConversationId> {
    let (conversation, holder) = payload.split_once(' ')?;
    if holder == node { conversation.parse().ok() } else { None }
}
