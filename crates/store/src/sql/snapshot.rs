//! Everything an actor starts from, read inside one transaction.

use adjutant_core::id::ConversationId;

use super::{approval, away, codebase, conversation, inbound, outbox, run, session, turn};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::record::Snapshot;

pub(crate) async fn read(conn: &mut Conn<'_>, id: ConversationId) -> Result<Snapshot, StoreError> {
    let conversation = conversation::get(conn, id).await?.ok_or(StoreError::Stale { what: "conversation" })?;
    let away_since = away::since(conn, id).await?;
    let codebase = match conversation.codebase {
        Some(id) => codebase::get(conn, id).await?,
        None => None,
    };
    let session = session::active(conn, id).await?;
    let run = match &session {
        Some(session) => run::live_of(conn, session.id).await?,
        None => None,
    };
    let turn = turn::running(conn, id).await?;
    let inbound = inbound::list_open(conn, &conversation).await?;
    // Questions belong to a running turn; its end withdraws them.
    let approvals = match &turn {
        Some(turn) => approval::list_of(conn, id, Some(turn.id)).await?,
        None => Vec::new(),
    };
    let reply = match &turn {
        Some(turn) => outbox::list_of_turn(conn, turn.id).await?,
        None => Vec::new(),
    };
    Ok(Snapshot { conversation, away_since, codebase, session, run, turn, inbound, approvals, reply })
}
