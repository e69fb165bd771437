//! Lanes: which node holds a conversation, and when somebody has to look at it.
//!
//! A lane is free when its holder's epoch does not live any more. `due_at` is timer and wake-up at once.

use adjutant_core::id::ConversationId;
use adjutant_core::kind::PlatformKind;
use adjutant_core::message::{ConversationKey, DeliveryId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::codec::Stored;
use crate::conn::{Conn, change, execute, optional, require, rows, statements};
use crate::error::StoreError;
use crate::record::{Due, Lane, Node};
use crate::script::{Expected, Script};

/// The channel on which PostgreSQL carries wake-ups; the payload is `<conversation> <node>`.
pub(crate) const CHANNEL: &str = "remote_agent_wake";

macro_rules! free {
    ($lane:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM remote_agent_live_nodes n WHERE n.name = ",
            $lane,
            ".node AND n.epoch = ",
            $lane,
            ".epoch)"
        )
    };
}

/// The lane must still be ours, and we must still be the newest epoch of our name.
macro_rules! fence {
    () => {
        "SELECT l.epoch FROM remote_agent_lanes l JOIN remote_agent_nodes n ON n.name = l.node AND n.epoch = l.epoch
         WHERE l.conversation_id = $1 AND l.node = $2 AND l.epoch = $3"
    };
}

macro_rules! due {
    ($rest:literal) => {
        concat!(
            "UPDATE remote_agent_lanes SET due_at = CASE
               WHEN $2 IS NULL AND EXISTS (
                 SELECT 1 FROM remote_agent_inbound i
                 WHERE i.conversation_id = remote_agent_lanes.conversation_id AND i.state = 'received') THEN $3
               ELSE $2 END
             WHERE conversation_id = $1",
            $rest
        )
    };
}

/// As `due!`; PostgreSQL cannot tell the type of a parameter that is only compared with NULL.
macro_rules! due_pg {
    ($rest:literal) => {
        concat!(
            "UPDATE remote_agent_lanes SET due_at = CASE
               WHEN $2::timestamptz IS NULL AND EXISTS (
                 SELECT 1 FROM remote_agent_inbound i
                 WHERE i.conversation_id = remote_agent_lanes.conversation_id AND i.state = 'received') THEN $3
               ELSE $2 END
             WHERE conversation_id = $1",
            $rest
        )
    };
}

statements! { "remote_agent_lanes";
    /// Makes the lane of a known conversation due and takes it if it is free, unless the delivery was seen. Comes
    /// before the message is written, so that on PostgreSQL the order of a lane's messages is the order of locks.
    KNOCK: concat!(
        "UPDATE remote_agent_lanes SET
           due_at = CASE WHEN due_at < $5 THEN due_at ELSE $5 END,
           node = CASE WHEN ", free!("remote_agent_lanes"), " THEN $3 ELSE node END,
           epoch = CASE WHEN ", free!("remote_agent_lanes"), " THEN $4 ELSE epoch END
         WHERE conversation_id = (SELECT id FROM remote_agent_conversations
                                  WHERE platform_type = $1 AND platform_conversation_id = $2)
           AND NOT EXISTS (SELECT 1 FROM remote_agent_inbound WHERE platform_type = $1 AND delivery_id = $6)
         RETURNING conversation_id, node, epoch");
    CREATE:
        "INSERT INTO remote_agent_lanes (conversation_id)
         SELECT id FROM remote_agent_conversations WHERE platform_type = $1 AND platform_conversation_id = $2
         ON CONFLICT (conversation_id) DO NOTHING";
    FIND:
        "SELECT l.conversation_id, l.node, l.epoch FROM remote_agent_lanes l
         JOIN remote_agent_conversations c ON c.id = l.conversation_id
         WHERE c.platform_type = $1 AND c.platform_conversation_id = $2";
    CLAIM: concat!(
        "UPDATE remote_agent_lanes SET node = $2, epoch = $3
         WHERE conversation_id = $1 AND ((node = $2 AND epoch = $3) OR ", free!("remote_agent_lanes"), ")
         RETURNING epoch");
    /// Locks the row on PostgreSQL: what follows in the transaction sees every message accepted before.
    FENCE: fence!(), concat!(fence!(), " FOR UPDATE OF l");
    /// A lane with an unread message stays due whatever its actor thought: the message may have come through
    /// another node after the actor looked.
    DUE: due!(""), due_pg!("");
    DUE_FENCED: due!(" AND node = $4 AND epoch = $5"), due_pg!(" AND node = $4 AND epoch = $5");
    WAKE: "UPDATE remote_agent_lanes SET due_at = $2 WHERE conversation_id = $1";
    RELEASE: "UPDATE remote_agent_lanes SET node = NULL, epoch = 0 WHERE conversation_id = $1";
    STRIP: "UPDATE remote_agent_lanes SET node = NULL, epoch = 0, due_at = NULL WHERE conversation_id = $1";
    /// Besides what is due by its time: turns that were left running, and parts that were left undelivered, by an epoch
    /// that is gone. A conversation that is set aside is due only when something came since. By pages: what is due stays
    /// so until its actor says otherwise.
    LIST_DUE: concat!(
        "SELECT MIN(w.since), w.conversation_id FROM (
           SELECT l.conversation_id, l.due_at AS since FROM remote_agent_lanes l
           WHERE l.due_at <= $1 AND ((l.node = $2 AND l.epoch = $3) OR ", free!("l"), ")
             AND NOT EXISTS (SELECT 1 FROM remote_agent_away a
               WHERE a.conversation_id = l.conversation_id AND NOT EXISTS (
                 SELECT 1 FROM remote_agent_inbound i WHERE i.conversation_id = a.conversation_id
                   AND i.state = 'received' AND i.received_at >= a.since))
           UNION ALL
           SELECT t.conversation_id, t.started_at AS since FROM remote_agent_turns t
           JOIN remote_agent_lanes l ON l.conversation_id = t.conversation_id
           WHERE t.state = 'running' AND ", free!("l"), "
           UNION ALL
           SELECT o.conversation_id, o.created_at AS since FROM remote_agent_outbox o
           JOIN remote_agent_lanes l ON l.conversation_id = o.conversation_id
           WHERE o.state IN ('pending', 'sending') AND ", free!("l"), "
             AND NOT EXISTS (SELECT 1 FROM remote_agent_away a WHERE a.conversation_id = o.conversation_id)
         ) w GROUP BY w.conversation_id
         HAVING MIN(w.since) > $4 OR (MIN(w.since) = $4 AND w.conversation_id > $5)
         ORDER BY MIN(w.since), w.conversation_id LIMIT $6");
    NOTIFY: "", "SELECT pg_notify($1, $2)";
}

/// Who holds a lane.
pub(crate) type Holder = (Uuid, Option<String>, i64);

/// A message comes for the conversation of this key. `None`: there is no such conversation, or the delivery was
/// seen before.
pub(crate) async fn knock(
    conn: &mut Conn<'_>,
    (platform, key): (PlatformKind, &ConversationKey),
    delivery: &DeliveryId,
    node: &Node,
    now: DateTime<Utc>,
) -> Result<Option<Holder>, StoreError> {
    optional!(conn, KNOCK, Holder, platform.stored(), &key.0, &node.name, node.epoch, now, &delivery.0)
}

/// As [`knock`], in a script; its row is a [`Holder`].
pub(crate) fn knock_by_script(
    script: &mut Script,
    (platform, key): (PlatformKind, &ConversationKey),
    delivery: &DeliveryId,
    node: &Node,
    now: DateTime<Utc>,
) {
    script.add(&KNOCK, Expected::Anything);
    script.bind(platform.stored());
    script.bind(key.0.clone());
    script.bind(node.name.clone());
    script.bind(node.epoch);
    script.bind(now);
    script.bind(delivery.0.clone());
}

pub(crate) async fn find(
    conn: &mut Conn<'_>,
    platform: PlatformKind,
    key: &ConversationKey,
) -> Result<Option<Holder>, StoreError> {
    optional!(conn, FIND, Holder, platform.stored(), &key.0)
}

pub(crate) async fn create(
    conn: &mut Conn<'_>,
    platform: PlatformKind,
    key: &ConversationKey,
) -> Result<(), StoreError> {
    execute!(conn, CREATE, platform.stored(), &key.0).map(drop)
}

pub(crate) async fn claim(
    conn: &mut Conn<'_>,
    conversation: ConversationId,
    node: &Node,
) -> Result<Option<Lane>, StoreError> {
    let row = optional!(conn, CLAIM, (i64,), conversation.0, &node.name, node.epoch)?;
    Ok(row.map(|(epoch,)| Lane { conversation, epoch }))
}

/// Fails unless the lane is still held by this node.
pub(crate) async fn fence(conn: &mut Conn<'_>, lane: Lane, node: &Node) -> Result<(), StoreError> {
    let fenced = StoreError::Fenced { conversation: lane.conversation };
    if let Conn::Script(script) = conn {
        script.add(&FENCE, Expected::Row(fenced));
        script.bind(lane.conversation.0);
        script.bind(&node.name);
        script.bind(lane.epoch);
        return Ok(());
    }
    match optional!(conn, FENCE, (i64,), lane.conversation.0, &node.name, lane.epoch)? {
        Some(_) => Ok(()),
        None => Err(fenced),
    }
}

/// Sets when it is due; with a lane this is a fence as well.
pub(crate) async fn due(
    conn: &mut Conn<'_>,
    conversation: ConversationId,
    at: Option<DateTime<Utc>>,
    (now, held): (DateTime<Utc>, Option<(Lane, &Node)>),
) -> Result<(), StoreError> {
    if let Some((lane, node)) = held.filter(|(lane, _)| lane.conversation == conversation) {
        let fenced = StoreError::Fenced { conversation };
        return require!(conn, DUE_FENCED, fenced, conversation.0, at, now, &node.name, lane.epoch);
    }
    change!(conn, DUE, "lane", conversation.0, at, now)
}

pub(crate) async fn wake(
    conn: &mut Conn<'_>,
    conversation: ConversationId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    execute!(conn, WAKE, conversation.0, now).map(drop)
}

pub(crate) async fn release(conn: &mut Conn<'_>, conversation: ConversationId) -> Result<(), StoreError> {
    change!(conn, RELEASE, "lane", conversation.0)
}

/// Takes it from whoever holds it, with nothing left to do.
pub(crate) async fn strip(conn: &mut Conn<'_>, conversation: ConversationId) -> Result<(), StoreError> {
    execute!(conn, STRIP, conversation.0).map(drop)
}

pub(crate) async fn list_due(
    conn: &mut Conn<'_>,
    node: &Node,
    now: DateTime<Utc>,
    (after, limit): (Option<Due>, u32),
) -> Result<Vec<Due>, StoreError> {
    let (since, id) = after.map_or((DateTime::UNIX_EPOCH, Uuid::nil()), |due| (due.since, due.conversation.0));
    let found = rows!(conn, LIST_DUE, (DateTime<Utc>, Uuid), now, &node.name, node.epoch, since, id, i64::from(limit))?;
    Ok(found.into_iter().map(|(since, id)| Due { conversation: ConversationId(id), since }).collect())
}

/// Tells the node that holds the lane, once this transaction is committed. SQLite has no other node.
pub(crate) async fn notify(conn: &mut Conn<'_>, conversation: Uuid, holder: &str) -> Result<(), StoreError> {
    let Conn::Pg(_) = conn else { return Ok(()) };
    execute!(conn, NOTIFY, CHANNEL, format!("{conversation} {holder}")).map(drop)
}
