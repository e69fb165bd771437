//! A large database: many conversations, some of which have a turn that never ended.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor};

/// Adds idle conversations, and conversations with an unfinished turn whose run is gone.
pub async fn fill(database: &Path, idle: u32, unfinished: u32) {
    let mut connection = open(database).await;
    let mut all = connection.begin().await.unwrap();
    let texts = [
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})
             INSERT INTO remote_agent_conversations
             (id, platform_type, platform_conversation_id, codebase_id, created_at, updated_at)
             SELECT randomblob(16), 'telegram', 'crowd-' || i, (SELECT id FROM remote_agent_codebases LIMIT 1),
                    '2026-01-01T00:00:00.000000+00:00', '2026-01-01T00:00:00.000000+00:00' FROM n",
            idle + unfinished
        ),
        "INSERT INTO remote_agent_lanes (conversation_id) SELECT id FROM remote_agent_conversations
         WHERE platform_conversation_id LIKE 'crowd-%'"
            .to_owned(),
        format!(
            "CREATE TEMP TABLE some AS SELECT id AS c, randomblob(16) AS s, randomblob(16) AS r, randomblob(16) AS t,
             platform_conversation_id AS k FROM remote_agent_conversations
             WHERE platform_conversation_id LIKE 'crowd-%' LIMIT {unfinished}"
        ),
        "INSERT INTO remote_agent_sessions (id, conversation_id, ai_assistant_type, started_at)
         SELECT s, c, 'claude', '2026-01-01T00:00:00.000000+00:00' FROM some"
            .to_owned(),
        "INSERT INTO remote_agent_runs (id, conversation_id, session_id, ai_assistant_type, started_at)
         SELECT r, c, s, 'claude', '2026-01-01T00:00:00.000000+00:00' FROM some".to_owned(),
        "INSERT INTO remote_agent_inbound (conversation_id, platform_type, delivery_id, sender_id, sender_name, sent_at,
         content, state, received_at) SELECT c, 'telegram', 'crowd:' || k, '1', 'Ana', '2026-01-01T00:00:00.000000+00:00',
         '{\"type\":\"text\",\"text\":\"[[text:hello]]\",\"quote\":null}', 'running', '2026-01-01T00:00:00.000000+00:00' FROM some"
            .to_owned(),
        "INSERT INTO remote_agent_turns (id, conversation_id, session_id, run_id, inbound_seq, state, started_at)
         SELECT t, c, s, r, (SELECT seq FROM remote_agent_inbound WHERE delivery_id = 'crowd:' || k), 'running',
         '2026-01-01T00:00:00.000000+00:00' FROM some"
            .to_owned(),
        "UPDATE remote_agent_lanes SET due_at = '2026-01-01T00:00:00.000000+00:00'
         WHERE conversation_id IN (SELECT c FROM some)"
            .to_owned(),
    ];
    for text in texts {
        all.execute(sqlx::AssertSqlSafe(text)).await.unwrap();
    }
    all.commit().await.unwrap();
}

/// Makes the turns of the crowd unfinished again.
pub async fn unfinish(database: &Path) {
    let mut connection = open(database).await;
    for text in [
        "UPDATE remote_agent_turns SET state = 'running', ended_at = NULL WHERE inbound_seq IN
         (SELECT seq FROM remote_agent_inbound WHERE delivery_id LIKE 'crowd:%')",
        "UPDATE remote_agent_inbound SET state = 'running' WHERE delivery_id LIKE 'crowd:%'",
        "UPDATE remote_agent_lanes SET due_at = '2026-01-01T00:00:00.000000+00:00' WHERE conversation_id IN
         (SELECT conversation_id FROM remote_agent_inbound WHERE delivery_id LIKE 'crowd:%')",
        "DELETE FROM remote_agent_outbox",
    ] {
        connection.execute(text).await.unwrap();
    }
}

async fn open(database: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(database)).await.unwrap()
}
