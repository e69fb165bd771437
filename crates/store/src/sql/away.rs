//! Conversations that are set aside, because nothing can be said in them.

use adjutant_core::id::ConversationId;
use chrono::{DateTime, Utc};

use crate::conn::{Conn, execute, optional, statements};
use crate::error::StoreError;

statements! { "remote_agent_away";
    LEAVE:
        "INSERT INTO remote_agent_away (conversation_id, since) VALUES ($1, $2) ON CONFLICT (conversation_id) DO NOTHING";
    RETURN: "DELETE FROM remote_agent_away WHERE conversation_id = $1";
    SINCE: "SELECT since FROM remote_agent_away WHERE conversation_id = $1";
    /// Who has not come back for so long is not waited for any longer: what was kept is blanked.
    GIVE_UP_PARTS:
        "UPDATE remote_agent_outbox SET state = 'dead', body = '', error = 'nobody came back', due_at = NULL,
           updated_at = $3
         WHERE seq IN (
           SELECT o.seq FROM remote_agent_outbox o JOIN remote_agent_away a ON a.conversation_id = o.conversation_id
           WHERE o.state IN ('pending', 'sending') AND a.since < $1 LIMIT $2)";
    GIVE_UP_MESSAGES:
        "UPDATE remote_agent_inbound SET state = 'dead', content = '', ended_at = $3
         WHERE seq IN (
           SELECT i.seq FROM remote_agent_inbound i JOIN remote_agent_away a ON a.conversation_id = i.conversation_id
           WHERE i.state IN ('received', 'queued') AND a.since < $1 LIMIT $2)";
}

pub(crate) async fn leave(conn: &mut Conn<'_>, id: ConversationId, since: DateTime<Utc>) -> Result<(), StoreError> {
    execute!(conn, LEAVE, id.0, since).map(drop)
}

pub(crate) async fn come_back(conn: &mut Conn<'_>, id: ConversationId) -> Result<(), StoreError> {
    execute!(conn, RETURN, id.0).map(drop)
}

pub(crate) async fn since(conn: &mut Conn<'_>, id: ConversationId) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(optional!(conn, SINCE, (DateTime<Utc>,), id.0)?.map(|(since,)| since))
}

/// One slice of what was kept for those who left before `old`; the rows it hit.
pub(crate) async fn give_up(
    conn: &mut Conn<'_>,
    old: DateTime<Utc>,
    slice: i64,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let parts = execute!(conn, GIVE_UP_PARTS, old, slice, now)?;
    Ok(parts.max(execute!(conn, GIVE_UP_MESSAGES, old, slice, now)?))
}
