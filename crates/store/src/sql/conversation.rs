//! Conversations.

use adjutant_core::conversation::{Conversation, ReplyMode};
use adjutant_core::id::{CodebaseId, ConversationId};
use adjutant_core::kind::{AssistantKind, PlatformKind};
use adjutant_core::message::ConversationKey;
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::codec::{Stored, restore, restore_optional};
use crate::conn::{Conn, change, execute, optional, require, rows, statements};
use crate::error::StoreError;

const TABLE: &str = "remote_agent_conversations";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, platform_type, platform_conversation_id, codebase_id, cwd, ai_assistant_type, mode,
             model, created_at, updated_at FROM remote_agent_conversations ",
            $rest
        )
    };
}

statements! { "remote_agent_conversations";
    INSERT:
        "INSERT INTO remote_agent_conversations (id, platform_type, platform_conversation_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $4) ON CONFLICT (platform_type, platform_conversation_id) DO NOTHING";
    GET: select!("WHERE id = $1");
    FIND: select!("WHERE platform_type = $1 AND platform_conversation_id = $2");
    /// Keys are UUIDs of version 7, so their order is the order of creation.
    LIST: select!("WHERE platform_type = $1 AND id > $2 ORDER BY id LIMIT $3");
    BIND: "UPDATE remote_agent_conversations SET codebase_id = $2, cwd = $3, updated_at = $4 WHERE id = $1";
    ASSISTANT: "UPDATE remote_agent_conversations SET ai_assistant_type = $2, updated_at = $3 WHERE id = $1";
    MODE: "UPDATE remote_agent_conversations SET mode = $2, updated_at = $3 WHERE id = $1";
    MODEL: "UPDATE remote_agent_conversations SET model = $2, updated_at = $3 WHERE id = $1";
    /// Another conversation of the same platform that has this key.
    NAMESAKE:
        "SELECT o.id FROM remote_agent_conversations c
         JOIN remote_agent_conversations o
           ON o.platform_type = c.platform_type AND o.platform_conversation_id = $2 AND o.id <> c.id
         WHERE c.id = $1";
    /// Keeps the row, which sessions and turns refer to, and frees its key.
    RETIRE:
        "UPDATE remote_agent_conversations
         SET platform_conversation_id = platform_conversation_id || $2, updated_at = $3 WHERE id = $1";
    REKEY: "UPDATE remote_agent_conversations SET platform_conversation_id = $2, updated_at = $3 WHERE id = $1";
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    platform_type: String,
    platform_conversation_id: String,
    codebase_id: Option<Uuid>,
    cwd: Option<String>,
    ai_assistant_type: Option<String>,
    mode: Option<String>,
    model: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Conversation {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ConversationId(row.id),
            platform: restore(TABLE, "platform_type", &row.platform_type)?,
            key: ConversationKey(row.platform_conversation_id),
            codebase: row.codebase_id.map(CodebaseId),
            cwd: row.cwd,
            assistant: restore_optional(TABLE, "ai_assistant_type", row.ai_assistant_type.as_deref())?,
            mode: restore_optional(TABLE, "mode", row.mode.as_deref())?,
            model: row.model,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Creates it unless its key exists; the caller reads back which it is.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    platform: PlatformKind,
    key: &ConversationKey,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    execute!(conn, INSERT, ConversationId::generate().0, platform.stored(), &key.0, now).map(drop)
}

pub(crate) async fn get(conn: &mut Conn<'_>, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
    optional!(conn, GET, Row, id.0)?.map(Conversation::try_from).transpose()
}

pub(crate) async fn find(
    conn: &mut Conn<'_>,
    platform: PlatformKind,
    key: &ConversationKey,
) -> Result<Option<Conversation>, StoreError> {
    optional!(conn, FIND, Row, platform.stored(), &key.0)?.map(Conversation::try_from).transpose()
}

pub(crate) async fn list(
    conn: &mut Conn<'_>,
    platform: PlatformKind,
    after: Option<ConversationId>,
    limit: u32,
) -> Result<Vec<Conversation>, StoreError> {
    let after = after.map_or(Uuid::nil(), |id| id.0);
    let found = rows!(conn, LIST, Row, platform.stored(), after, i64::from(limit))?;
    found.into_iter().map(Conversation::try_from).collect()
}

pub(crate) async fn bind(
    conn: &mut Conn<'_>,
    id: ConversationId,
    (codebase, cwd): (Option<CodebaseId>, Option<&str>),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    change!(conn, BIND, "conversation", id.0, codebase.map(|id| id.0), cwd, now)
}

pub(crate) async fn choose_assistant(
    conn: &mut Conn<'_>,
    id: ConversationId,
    assistant: Option<AssistantKind>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    change!(conn, ASSISTANT, "conversation", id.0, assistant.map(Stored::stored), now)
}

pub(crate) async fn choose_mode(
    conn: &mut Conn<'_>,
    id: ConversationId,
    mode: Option<ReplyMode>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    change!(conn, MODE, "conversation", id.0, mode.map(Stored::stored), now)
}

pub(crate) async fn choose_model(
    conn: &mut Conn<'_>,
    id: ConversationId,
    model: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    change!(conn, MODEL, "conversation", id.0, model, now)
}

/// Gives it another key. A conversation that began under that key meanwhile hands its unhandled messages over,
/// loses its lane, so that an actor of it is fenced, and keeps its row under a retired key.
pub(crate) async fn rekey(
    conn: &mut Conn<'_>,
    id: ConversationId,
    key: &ConversationKey,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if let Some((other,)) = optional!(conn, NAMESAKE, (Uuid,), id.0, &key.0)? {
        let other = ConversationId(other);
        super::inbound::hand_over(conn, other, id).await?;
        super::lane::strip(conn, other).await?;
        super::lane::wake(conn, id, now).await?;
        change!(conn, RETIRE, "conversation", other.0, format!("#retired:{}", other.0), now)?;
    }
    change!(conn, REKEY, "conversation", id.0, &key.0, now)?;
    super::outbox::readdress(conn, id, key).await
}
