//! Sessions. A row never changes but for the assistant's id, its metadata and its end.

use adjutant_core::id::{CodebaseId, ConversationId, SessionId};
use adjutant_core::session::{EndReason, Session, SessionMetadata};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::codec::{Stored, clean, restore, restore_optional};
use crate::conn::{Conn, change, execute, optional, require, rows, statements};
use crate::error::StoreError;

const TABLE: &str = "remote_agent_sessions";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, conversation_id, codebase_id, ai_assistant_type, assistant_session_id, active, metadata,
                    predecessor_id, started_at, ended_at, end_reason
             FROM remote_agent_sessions ",
            $rest
        )
    };
}

statements! { "remote_agent_sessions";
    START:
        "INSERT INTO remote_agent_sessions
           (id, conversation_id, codebase_id, ai_assistant_type, assistant_session_id, active, metadata,
            predecessor_id, started_at, ended_at, end_reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// The phases are assistant's text: they go when the session is replaced.
    END:
        "UPDATE remote_agent_sessions
         SET active = FALSE, end_reason = $2, ended_at = $3, metadata = json_remove(metadata, '$.phases')
         WHERE id = $1 AND active",
        "UPDATE remote_agent_sessions
         SET active = FALSE, end_reason = $2, ended_at = $3, metadata = metadata - 'phases'
         WHERE id = $1 AND active";
    RESUME:
        "UPDATE remote_agent_sessions SET active = TRUE, ended_at = NULL, end_reason = NULL
         WHERE id = $1 AND NOT active";
    FORGET:
        "UPDATE remote_agent_sessions
         SET active = FALSE, end_reason = $2, ended_at = COALESCE(ended_at, $3), assistant_session_id = NULL,
             metadata = '{}'
         WHERE id = $1";
    ANNOUNCE: "UPDATE remote_agent_sessions SET assistant_session_id = $2 WHERE id = $1";
    /// Not on one that has ended: that would bring its phases back.
    METADATA: "UPDATE remote_agent_sessions SET metadata = $2 WHERE id = $1 AND active";
    GET: select!("WHERE id = $1");
    ACTIVE: select!("WHERE conversation_id = $1 AND active");
    LIST: select!("WHERE conversation_id = $1 ORDER BY id DESC LIMIT $2");
    /// Rows are never deleted, so the place in their order is a number that people can keep.
    COUNT: "SELECT COUNT(*) FROM remote_agent_sessions WHERE conversation_id = $1";
    NTH: select!("WHERE conversation_id = $1 ORDER BY id LIMIT 1 OFFSET $2");
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    conversation_id: Uuid,
    codebase_id: Option<Uuid>,
    ai_assistant_type: String,
    assistant_session_id: Option<String>,
    active: bool,
    metadata: Json<SessionMetadata>,
    predecessor_id: Option<Uuid>,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    end_reason: Option<String>,
}

impl TryFrom<Row> for Session {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: SessionId(row.id),
            conversation: ConversationId(row.conversation_id),
            codebase: row.codebase_id.map(CodebaseId),
            assistant: restore(TABLE, "ai_assistant_type", &row.ai_assistant_type)?,
            assistant_session_id: row.assistant_session_id,
            active: row.active,
            metadata: row.metadata.0,
            predecessor: row.predecessor_id.map(SessionId),
            started_at: row.started_at,
            ended_at: row.ended_at,
            end_reason: restore_optional(TABLE, "end_reason", row.end_reason.as_deref())?,
        })
    }
}

pub(crate) async fn start(conn: &mut Conn<'_>, session: &Session) -> Result<(), StoreError> {
    execute!(
        conn,
        START,
        session.id.0,
        session.conversation.0,
        session.codebase.map(|id| id.0),
        session.assistant.stored(),
        session.assistant_session_id.as_deref(),
        session.active,
        Json(storable(&session.metadata)),
        session.predecessor.map(|id| id.0),
        session.started_at,
        session.ended_at,
        session.end_reason.map(Stored::stored),
    )
    .map(drop)
}

pub(crate) async fn end(
    conn: &mut Conn<'_>,
    id: SessionId,
    reason: EndReason,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    change!(conn, END, "session", id.0, reason.stored(), at)
}

pub(crate) async fn forget(conn: &mut Conn<'_>, id: SessionId, at: DateTime<Utc>) -> Result<(), StoreError> {
    change!(conn, FORGET, "session", id.0, EndReason::Forgotten.stored(), at)?;
    super::turn::forget_commands(conn, id).await?;
    super::approval::forget_of_session(conn, id).await
}

pub(crate) async fn resume(conn: &mut Conn<'_>, id: SessionId) -> Result<(), StoreError> {
    change!(conn, RESUME, "session", id.0)
}

pub(crate) async fn announce(conn: &mut Conn<'_>, id: SessionId, assistants: &str) -> Result<(), StoreError> {
    change!(conn, ANNOUNCE, "session", id.0, assistants)
}

pub(crate) async fn set_metadata(
    conn: &mut Conn<'_>,
    id: SessionId,
    metadata: &SessionMetadata,
) -> Result<(), StoreError> {
    change!(conn, METADATA, "session", id.0, Json(storable(metadata)))
}

pub(crate) async fn get(conn: &mut Conn<'_>, id: SessionId) -> Result<Option<Session>, StoreError> {
    optional!(conn, GET, Row, id.0)?.map(Session::try_from).transpose()
}

pub(crate) async fn active(conn: &mut Conn<'_>, of: ConversationId) -> Result<Option<Session>, StoreError> {
    optional!(conn, ACTIVE, Row, of.0)?.map(Session::try_from).transpose()
}

pub(crate) async fn list(conn: &mut Conn<'_>, of: ConversationId, limit: u32) -> Result<Vec<Session>, StoreError> {
    rows!(conn, LIST, Row, of.0, i64::from(limit))?.into_iter().map(Session::try_from).collect()
}

pub(crate) async fn count(conn: &mut Conn<'_>, of: ConversationId) -> Result<i64, StoreError> {
    Ok(optional!(conn, COUNT, (i64,), of.0)?.map_or(0, |(count,)| count))
}

/// The session with this number, counted from 1.
pub(crate) async fn nth(conn: &mut Conn<'_>, of: ConversationId, number: u32) -> Result<Option<Session>, StoreError> {
    let Some(before) = number.checked_sub(1) else { return Ok(None) };
    optional!(conn, NTH, Row, of.0, i64::from(before))?.map(Session::try_from).transpose()
}

/// Without U+0000, which JSONB refuses.
fn storable(metadata: &SessionMetadata) -> SessionMetadata {
    let mut metadata = metadata.clone();
    for text in metadata.phases.values_mut().filter(|text| text.contains('\0')) {
        *text = clean(text).into_owned();
    }
    metadata
}
