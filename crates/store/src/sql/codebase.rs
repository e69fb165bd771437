//! Codebases.

use adjutant_core::codebase::{Codebase, CommandRegistry};
use adjutant_core::id::CodebaseId;
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::codec::{Stored, restore_optional};
use crate::conn::{Conn, change, execute, optional, require, rows, statements};
use crate::error::StoreError;

const TABLE: &str = "remote_agent_codebases";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, repository_url, default_cwd, ai_assistant_type, commands, trusted, created_at, updated_at
             FROM remote_agent_codebases ",
            $rest
        )
    };
}

statements! { "remote_agent_codebases";
    PUT:
        "INSERT INTO remote_agent_codebases
           (id, name, repository_url, default_cwd, ai_assistant_type, commands, trusted, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (id) DO UPDATE SET
           name = excluded.name, repository_url = excluded.repository_url, default_cwd = excluded.default_cwd,
           ai_assistant_type = excluded.ai_assistant_type, commands = excluded.commands, trusted = excluded.trusted,
           created_at = excluded.created_at, updated_at = excluded.updated_at";
    GET: select!("WHERE id = $1");
    LIST: select!("ORDER BY id");
    UNBIND:
        "UPDATE remote_agent_conversations SET codebase_id = NULL, cwd = NULL, updated_at = $2 WHERE codebase_id = $1";
    LOSE: "UPDATE remote_agent_sessions SET codebase_id = NULL WHERE codebase_id = $1";
    DROP: "DELETE FROM remote_agent_codebases WHERE id = $1";
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    name: String,
    repository_url: Option<String>,
    default_cwd: String,
    ai_assistant_type: Option<String>,
    commands: Json<CommandRegistry>,
    trusted: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Codebase {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: CodebaseId(row.id),
            name: row.name,
            repository_url: row.repository_url,
            default_cwd: row.default_cwd,
            assistant: restore_optional(TABLE, "ai_assistant_type", row.ai_assistant_type.as_deref())?,
            commands: row.commands.0,
            trusted: row.trusted,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(crate) async fn put(conn: &mut Conn<'_>, codebase: &Codebase) -> Result<(), StoreError> {
    execute!(
        conn,
        PUT,
        codebase.id.0,
        &codebase.name,
        codebase.repository_url.as_deref(),
        &codebase.default_cwd,
        codebase.assistant.map(Stored::stored),
        Json(&codebase.commands),
        codebase.trusted,
        codebase.created_at,
        codebase.updated_at,
    )
    .map(drop)
}

/// Forgets it; conversations and sessions that name it go on without one.
pub(crate) async fn drop_row(conn: &mut Conn<'_>, id: CodebaseId, now: DateTime<Utc>) -> Result<(), StoreError> {
    execute!(conn, UNBIND, id.0, now)?;
    execute!(conn, LOSE, id.0)?;
    change!(conn, DROP, "codebase", id.0)
}

pub(crate) async fn get(conn: &mut Conn<'_>, id: CodebaseId) -> Result<Option<Codebase>, StoreError> {
    optional!(conn, GET, Row, id.0)?.map(Codebase::try_from).transpose()
}

/// All of them, oldest first: there are few, so other look-ups filter this list.
pub(crate) async fn list(conn: &mut Conn<'_>) -> Result<Vec<Codebase>, StoreError> {
    rows!(conn, LIST, Row)?.into_iter().map(Codebase::try_from).collect()
}
