//! The outbox: one row per platform message of ours.

use adjutant_core::id::{ConversationId, PartId, TurnId};
use adjutant_core::message::{ConversationKey, MessageRef};
use adjutant_core::platform::Part;
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::codec::{Stored, clean, from_json, restore, to_json, to_unsigned};
use crate::change::NewPart;
use crate::conn::{Conn, change, execute, optional, require, rows, statements};
use crate::error::StoreError;
use crate::record::{Node, OutboxRow, PartState};

const TABLE: &str = "remote_agent_outbox";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.seq, o.platform_type, o.platform_conversation_id, o.conversation_id, o.turn_id, o.ordinal,
                    o.kind, o.body, o.state, o.revision, o.sent_revision, o.message_ref, o.attempts, o.due_at
             FROM remote_agent_outbox o ",
            $rest
        )
    };
}

statements! { "remote_agent_outbox";
    /// A row that is dead stays dead and blank. A wait the platform asked for outlives the body it was asked for.
    PUT:
        "INSERT INTO remote_agent_outbox
           (id, platform_type, platform_conversation_id, conversation_id, turn_id, ordinal, kind, body, state,
            created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
         ON CONFLICT (id) DO UPDATE SET
           platform_conversation_id = excluded.platform_conversation_id,
           body = CASE WHEN remote_agent_outbox.state = 'dead' THEN '' ELSE excluded.body END,
           state = CASE WHEN remote_agent_outbox.state = 'dead' THEN 'dead' ELSE excluded.state END,
           revision = remote_agent_outbox.revision + 1,
           attempts = 0, error = NULL, updated_at = excluded.updated_at";
    /// Outside a conversation nothing but this state keeps two nodes from sending the same row.
    SENDING:
        "UPDATE remote_agent_outbox SET state = 'sending', updated_at = $2
         WHERE id = $1 AND (state = 'pending' OR (state = 'sending' AND conversation_id IS NOT NULL))";
    /// What no later revision can need any more is blanked at once: notices, pairing lines, settled questions, replies
    /// whose turn has ended.
    SENT:
        "UPDATE remote_agent_outbox SET
           state = CASE WHEN state = 'open' THEN 'open' WHEN revision = $2 THEN 'sent' ELSE 'pending' END,
           body = CASE WHEN revision = $2 AND state <> 'open' AND (kind IN ('notice', 'pairing')
               OR (kind = 'approval' AND NOT EXISTS (SELECT 1 FROM remote_agent_approvals a
                   WHERE a.conversation_id = remote_agent_outbox.conversation_id AND a.state = 'open'
                     AND a.part_id = remote_agent_outbox.id))
               OR (kind = 'reply' AND NOT EXISTS (SELECT 1 FROM remote_agent_turns t
                   WHERE t.id = remote_agent_outbox.turn_id AND t.state = 'running')))
             THEN '' ELSE body END,
           sent_revision = $2, message_ref = $3, attempts = 0, due_at = NULL, error = NULL, updated_at = $4
         WHERE id = $1 AND state <> 'dead' AND revision >= $2 AND sent_revision <= $2";
    SHOWN:
        "UPDATE remote_agent_outbox SET message_ref = $2, updated_at = $3 WHERE id = $1 AND state <> 'dead'";
    DEFER:
        "UPDATE remote_agent_outbox
         SET state = 'pending', attempts = attempts + 1, error = $2, due_at = $3, updated_at = $4
         WHERE id = $1 AND state IN ('pending', 'sending')";
    ABANDON:
        "UPDATE remote_agent_outbox SET state = 'dead', body = '', error = $2, due_at = NULL, updated_at = $3
         WHERE id = $1 AND state <> 'dead'";
    BLANK_REPLY:
        "UPDATE remote_agent_outbox SET body = '' WHERE turn_id = $1 AND state = 'sent' AND body <> ''";
    /// Under the new key the old messages have other numbers or none: what changes is said anew.
    READDRESS:
        "UPDATE remote_agent_outbox SET platform_conversation_id = $2, message_ref = NULL
         WHERE conversation_id = $1 AND state <> 'dead'";
    GET: select!("WHERE o.id = $1");
    LIST_OF_TURN: select!("WHERE o.turn_id = $1 ORDER BY o.ordinal, o.seq");
    LIST_OF: select!("WHERE o.conversation_id = $1 AND o.state IN ('pending', 'sending') ORDER BY o.seq");
    /// Of own and free lanes, and of no lane at all; what is kept for a return waits.
    LIST: select!(
        "LEFT JOIN remote_agent_lanes l ON l.conversation_id = o.conversation_id
         WHERE o.state IN ('pending', 'sending') AND o.seq > $4
           AND NOT EXISTS (SELECT 1 FROM remote_agent_away a WHERE a.conversation_id = o.conversation_id)
           AND (l.conversation_id IS NULL OR (l.node = $1 AND l.epoch = $2)
             OR NOT EXISTS (SELECT 1 FROM remote_agent_live_nodes n WHERE n.name = l.node AND n.epoch = l.epoch))
         ORDER BY o.seq LIMIT $3");
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    seq: i64,
    platform_type: String,
    platform_conversation_id: String,
    conversation_id: Option<Uuid>,
    turn_id: Option<Uuid>,
    ordinal: Option<i64>,
    kind: String,
    body: String,
    state: String,
    revision: i64,
    sent_revision: i64,
    message_ref: Option<String>,
    attempts: i64,
    due_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for OutboxRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let turn = match (row.turn_id, row.ordinal) {
            (Some(turn), Some(ordinal)) => Some((TurnId(turn), to_unsigned(TABLE, "ordinal", ordinal)?)),
            _ => None,
        };
        let part: Option<Part> = from_json(TABLE, "body", &row.body)?;
        Ok(Self {
            id: PartId(row.id),
            seq: row.seq,
            platform: restore(TABLE, "platform_type", &row.platform_type)?,
            to: ConversationKey(row.platform_conversation_id),
            conversation: row.conversation_id.map(ConversationId),
            turn,
            kind: restore(TABLE, "kind", &row.kind)?,
            part: part.unwrap_or_else(|| Part::text("")),
            state: restore(TABLE, "state", &row.state)?,
            revision: row.revision,
            sent_revision: row.sent_revision,
            message: row.message_ref.map(MessageRef),
            attempts: to_unsigned(TABLE, "attempts", row.attempts)?,
            due_at: row.due_at,
        })
    }
}

pub(crate) async fn put(conn: &mut Conn<'_>, part: &NewPart) -> Result<(), StoreError> {
    // What is still being written is never stored, whatever the caller passes.
    let body = match part.state {
        PartState::Open | PartState::Dead => String::new(),
        PartState::Pending | PartState::Sending | PartState::Sent => to_json(TABLE, "body", &part.part)?,
    };
    execute!(
        conn,
        PUT,
        part.id.0,
        part.platform.stored(),
        &part.to.0,
        part.conversation.map(|id| id.0),
        part.turn.map(|(turn, _)| turn.0),
        part.turn.map(|(_, ordinal)| i64::from(ordinal)),
        part.kind.stored(),
        body.as_str(),
        part.state.stored(),
        part.at,
    )
    .map(drop)
}

pub(crate) async fn sending(conn: &mut Conn<'_>, id: PartId, now: DateTime<Utc>) -> Result<(), StoreError> {
    change!(conn, SENDING, "part", id.0, now)
}

pub(crate) async fn sent(
    conn: &mut Conn<'_>,
    id: PartId,
    (revision, message): (i64, &MessageRef),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    change!(conn, SENT, "part", id.0, revision, &message.0, now)
}

pub(crate) async fn shown(
    conn: &mut Conn<'_>,
    id: PartId,
    message: &MessageRef,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    change!(conn, SHOWN, "part", id.0, &message.0, now)
}

pub(crate) async fn defer(
    conn: &mut Conn<'_>,
    id: PartId,
    (error, due_at): (&str, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    change!(conn, DEFER, "part", id.0, clean(error).as_ref(), due_at, now)
}

pub(crate) async fn abandon(
    conn: &mut Conn<'_>,
    id: PartId,
    error: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    change!(conn, ABANDON, "part", id.0, clean(error).as_ref(), now)
}

pub(crate) async fn blank_reply(conn: &mut Conn<'_>, turn: TurnId) -> Result<(), StoreError> {
    execute!(conn, BLANK_REPLY, turn.0).map(drop)
}

/// What is not delivered yet goes to the conversation's new key.
pub(crate) async fn readdress(
    conn: &mut Conn<'_>,
    conversation: ConversationId,
    to: &ConversationKey,
) -> Result<(), StoreError> {
    execute!(conn, READDRESS, conversation.0, &to.0).map(drop)
}

pub(crate) async fn get(conn: &mut Conn<'_>, id: PartId) -> Result<Option<OutboxRow>, StoreError> {
    optional!(conn, GET, Row, id.0)?.map(OutboxRow::try_from).transpose()
}

pub(crate) async fn list_of_turn(conn: &mut Conn<'_>, turn: TurnId) -> Result<Vec<OutboxRow>, StoreError> {
    rows!(conn, LIST_OF_TURN, Row, turn.0)?.into_iter().map(OutboxRow::try_from).collect()
}

pub(crate) async fn list_of(conn: &mut Conn<'_>, of: ConversationId) -> Result<Vec<OutboxRow>, StoreError> {
    rows!(conn, LIST_OF, Row, of.0)?.into_iter().map(OutboxRow::try_from).collect()
}

pub(crate) async fn list(
    conn: &mut Conn<'_>,
    node: &Node,
    (after, limit): (i64, u32),
) -> Result<Vec<OutboxRow>, StoreError> {
    let found = rows!(conn, LIST, Row, &node.name, node.epoch, i64::from(limit), after)?;
    found.into_iter().map(OutboxRow::try_from).collect()
}
