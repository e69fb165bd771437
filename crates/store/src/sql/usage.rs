//! What turns consumed.

use adjutant_core::id::{CodebaseId, ConversationId};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::codec::{Stored, clean, to_signed};
use crate::conn::{Conn, execute, optional, statements};
use crate::error::StoreError;
use crate::record::{UsageRow, UsageSum};

/// PostgreSQL sums BIGINT to NUMERIC, so the sum is cast back. A cost nobody knows is counted, not summed.
macro_rules! sum {
    ($rest:literal) => {
        concat!(
            "SELECT COUNT(*) AS turns,
                    CAST(COALESCE(SUM(input_tokens), 0) AS BIGINT) AS input_tokens,
                    CAST(COALESCE(SUM(output_tokens), 0) AS BIGINT) AS output_tokens,
                    CAST(COALESCE(SUM(cost_usd), 0) AS DOUBLE PRECISION) AS cost_usd,
                    COUNT(*) - COUNT(cost_usd) AS unknown_cost,
                    COUNT(*) - COUNT(COALESCE(input_tokens, output_tokens)) AS unknown_tokens
             FROM remote_agent_usage WHERE used_at >= $1",
            $rest
        )
    };
}

statements! { "remote_agent_usage";
    /// One row per turn: a turn that is replayed says the same again.
    ADD:
        "INSERT INTO remote_agent_usage
           (turn_id, session_id, conversation_id, codebase_id, ai_assistant_type, model, input_tokens, output_tokens,
            cost_usd, duration_ms, used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (turn_id) DO UPDATE SET
           model = excluded.model, input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
           cost_usd = excluded.cost_usd, duration_ms = excluded.duration_ms, used_at = excluded.used_at";
    SUM: sum!("");
    SUM_OF: sum!(" AND conversation_id = $2");
    SUM_OF_CODEBASE: sum!(" AND codebase_id = $2");
}

#[derive(FromRow)]
struct Row {
    turns: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost_usd: f64,
    unknown_cost: i64,
    unknown_tokens: i64,
}

pub(crate) async fn add(conn: &mut Conn<'_>, row: &UsageRow) -> Result<(), StoreError> {
    let model = row.model.as_deref().map(clean);
    execute!(
        conn,
        ADD,
        row.turn.0,
        row.session.0,
        row.conversation.0,
        row.codebase.map(|id| id.0),
        row.assistant.stored(),
        model.as_deref(),
        row.usage.input_tokens.map(to_signed),
        row.usage.output_tokens.map(to_signed),
        row.usage.cost_usd,
        row.duration_ms,
        row.at,
    )
    .map(drop)
}

pub(crate) async fn sum_since(
    conn: &mut Conn<'_>,
    conversation: Option<ConversationId>,
    since: DateTime<Utc>,
) -> Result<UsageSum, StoreError> {
    let row = match conversation {
        Some(id) => optional!(conn, SUM_OF, Row, since, id.0)?,
        None => optional!(conn, SUM, Row, since)?,
    };
    Ok(row.map_or_else(UsageSum::default, UsageSum::from))
}

pub(crate) async fn sum_of_codebase(
    conn: &mut Conn<'_>,
    codebase: CodebaseId,
    since: DateTime<Utc>,
) -> Result<UsageSum, StoreError> {
    let row = optional!(conn, SUM_OF_CODEBASE, Row, since, codebase.0)?;
    Ok(row.map_or_else(UsageSum::default, UsageSum::from))
}

impl From<Row> for UsageSum {
    fn from(row: Row) -> Self {
        Self {
            turns: row.turns,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cost_usd: row.cost_usd,
            unknown_cost: row.unknown_cost,
            unknown_tokens: row.unknown_tokens,
        }
    }
}
