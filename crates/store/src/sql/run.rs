//! Runs: processes held by runners.

use adjutant_core::assistant::SpoolOffset;
use adjutant_core::id::{ConversationId, RunId, SessionId};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::codec::{Stored, restore, to_signed, to_unsigned};
use crate::conn::{Conn, change, execute, optional, require, rows, statements};
use crate::error::StoreError;
use crate::record::Run;

const TABLE: &str = "remote_agent_runs";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, conversation_id, session_id, ai_assistant_type, spool_offset, started_at, ended_at
             FROM remote_agent_runs ",
            $rest
        )
    };
}

statements! { "remote_agent_runs";
    START:
        "INSERT INTO remote_agent_runs
           (id, conversation_id, session_id, ai_assistant_type, spool_offset, started_at, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// A replay commits earlier offsets again: what is taken never goes back.
    ADVANCE:
        "UPDATE remote_agent_runs SET spool_offset = CASE WHEN spool_offset < $2 THEN $2 ELSE spool_offset END
         WHERE id = $1";
    END: "UPDATE remote_agent_runs SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    LIVE_OF: select!("WHERE session_id = $1 AND ended_at IS NULL ORDER BY id DESC LIMIT 1");
    LIST_OF: select!("WHERE session_id = $1 ORDER BY id");
    LIST_LIVE: select!("WHERE ended_at IS NULL ORDER BY id");
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    conversation_id: Uuid,
    session_id: Uuid,
    ai_assistant_type: String,
    spool_offset: i64,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Run {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: RunId(row.id),
            conversation: ConversationId(row.conversation_id),
            session: SessionId(row.session_id),
            assistant: restore(TABLE, "ai_assistant_type", &row.ai_assistant_type)?,
            offset: SpoolOffset(to_unsigned(TABLE, "spool_offset", row.spool_offset)?),
            started_at: row.started_at,
            ended_at: row.ended_at,
        })
    }
}

pub(crate) async fn start(conn: &mut Conn<'_>, run: &Run) -> Result<(), StoreError> {
    execute!(
        conn,
        START,
        run.id.0,
        run.conversation.0,
        run.session.0,
        run.assistant.stored(),
        to_signed(run.offset.0),
        run.started_at,
        run.ended_at,
    )
    .map(drop)
}

pub(crate) async fn advance(conn: &mut Conn<'_>, id: RunId, offset: SpoolOffset) -> Result<(), StoreError> {
    change!(conn, ADVANCE, "run", id.0, to_signed(offset.0))
}

pub(crate) async fn end(conn: &mut Conn<'_>, id: RunId, at: DateTime<Utc>) -> Result<(), StoreError> {
    change!(conn, END, "run", id.0, at)
}

pub(crate) async fn live_of(conn: &mut Conn<'_>, session: SessionId) -> Result<Option<Run>, StoreError> {
    optional!(conn, LIVE_OF, Row, session.0)?.map(Run::try_from).transpose()
}

pub(crate) async fn list_live(conn: &mut Conn<'_>) -> Result<Vec<Run>, StoreError> {
    rows!(conn, LIST_LIVE, Row)?.into_iter().map(Run::try_from).collect()
}

pub(crate) async fn list_of(conn: &mut Conn<'_>, session: SessionId) -> Result<Vec<Run>, StoreError> {
    rows!(conn, LIST_OF, Row, session.0)?.into_iter().map(Run::try_from).collect()
}
