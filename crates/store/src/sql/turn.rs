//! Turns.

use adjutant_core::assistant::SpoolOffset;
use adjutant_core::id::{ConversationId, InboundSeq, RunId, SessionId, TurnId};
use adjutant_core::turn::{Turn, TurnState};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::codec::{Stored, clean, restore, to_signed, to_unsigned};
use crate::conn::{Conn, change, execute, optional, require, statements};
use crate::error::StoreError;

const TABLE: &str = "remote_agent_turns";

statements! { "remote_agent_turns";
    START:
        "INSERT INTO remote_agent_turns
           (id, conversation_id, session_id, run_id, inbound_seq, command, state, spool_start, started_at, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    MOVE:
        "UPDATE remote_agent_turns SET run_id = $2, spool_start = $3 WHERE id = $1 AND state = 'running'";
    END:
        "UPDATE remote_agent_turns SET state = $2, failure = $3, ended_at = $4 WHERE id = $1 AND state = 'running'";
    FORGET_COMMANDS: "UPDATE remote_agent_turns SET command = NULL WHERE session_id = $1 AND command IS NOT NULL";
    RUNNING:
        "SELECT id, conversation_id, session_id, run_id, inbound_seq, command, state, spool_start, started_at, ended_at
         FROM remote_agent_turns WHERE conversation_id = $1 AND state = 'running'";
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    conversation_id: Uuid,
    session_id: Uuid,
    run_id: Uuid,
    inbound_seq: i64,
    command: Option<String>,
    state: String,
    spool_start: i64,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Turn {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: TurnId(row.id),
            conversation: ConversationId(row.conversation_id),
            session: SessionId(row.session_id),
            run: RunId(row.run_id),
            inbound: InboundSeq(row.inbound_seq),
            command: row.command,
            state: restore(TABLE, "state", &row.state)?,
            spool_start: SpoolOffset(to_unsigned(TABLE, "spool_start", row.spool_start)?),
            started_at: row.started_at,
            ended_at: row.ended_at,
        })
    }
}

pub(crate) async fn start(conn: &mut Conn<'_>, turn: &Turn) -> Result<(), StoreError> {
    execute!(
        conn,
        START,
        turn.id.0,
        turn.conversation.0,
        turn.session.0,
        turn.run.0,
        turn.inbound.0,
        turn.command.as_deref(),
        turn.state.stored(),
        to_signed(turn.spool_start.0),
        turn.started_at,
        turn.ended_at,
    )
    .map(drop)
}

pub(crate) async fn move_to(
    conn: &mut Conn<'_>,
    id: TurnId,
    run: RunId,
    spool_start: SpoolOffset,
) -> Result<(), StoreError> {
    change!(conn, MOVE, "turn", id.0, run.0, to_signed(spool_start.0))
}

/// Ends it. The reasons people gave for a denial have reached the assistant by then: they go.
pub(crate) async fn end(
    conn: &mut Conn<'_>,
    id: TurnId,
    (state, failure): (TurnState, Option<&str>),
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let failure = failure.map(clean);
    change!(conn, END, "turn", id.0, state.stored(), failure.as_deref(), at)?;
    super::approval::forget_reasons(conn, id).await
}

pub(crate) async fn running(conn: &mut Conn<'_>, of: ConversationId) -> Result<Option<Turn>, StoreError> {
    optional!(conn, RUNNING, Row, of.0)?.map(Turn::try_from).transpose()
}

/// The names of the commands that a session's turns carried out.
pub(crate) async fn forget_commands(conn: &mut Conn<'_>, session: SessionId) -> Result<(), StoreError> {
    execute!(conn, FORGET_COMMANDS, session.0).map(drop)
}
