//! The inbox of the platforms: what people sent, until it is handled.

use adjutant_core::conversation::Conversation;
use adjutant_core::id::{ConversationId, InboundSeq, PartId};
use adjutant_core::message::{DeliveryId, InboundContent, InboundMessage, MessageRef, Sender};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, SqliteConnection};
use uuid::Uuid;

use super::codec::{Stored, clean, from_json, restore, to_json, to_unsigned};
use super::lane;
use crate::conn::{Conn, change, execute, optional, require, rows, statements};
use crate::error::StoreError;
use crate::record::{Accepted, Hold, Inbound, InboundState, Lane, Node};
use crate::script::{Done, Expected, Script};

const TABLE: &str = "remote_agent_inbound";

statements! { "remote_agent_inbound";
    INSERT:
        "INSERT INTO remote_agent_inbound
           (conversation_id, platform_type, delivery_id, sender_id, sender_name, message_ref, sent_at, content,
            received_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (platform_type, delivery_id) DO NOTHING RETURNING seq";
    /// For the conversation of a key, which SQLite makes in the same call.
    INSERT_BY_KEY:
        "INSERT INTO remote_agent_inbound
           (conversation_id, platform_type, delivery_id, sender_id, sender_name, message_ref, sent_at, content,
            received_at)
         SELECT id, $1, $3, $4, $5, $6, $7, $8, $9 FROM remote_agent_conversations
         WHERE platform_type = $1 AND platform_conversation_id = $2
         ON CONFLICT (platform_type, delivery_id) DO NOTHING RETURNING seq", "";
    LIST:
        "SELECT seq, conversation_id, delivery_id, sender_id, sender_name, message_ref, sent_at, content, state,
                attempts, received_at, hold, told
         FROM remote_agent_inbound
         WHERE conversation_id = $1 AND state IN ('received', 'queued', 'running') ORDER BY seq";
    SET:
        "UPDATE remote_agent_inbound SET state = $2, hold = NULL
         WHERE seq = $1 AND state IN ('received', 'queued', 'running')";
    HOLD:
        "UPDATE remote_agent_inbound SET state = 'queued', hold = $2
         WHERE seq = $1 AND state IN ('received', 'queued', 'running')";
    OFFER:
        "UPDATE remote_agent_inbound SET state = $2, hold = $3, told = $4, ended_at = $5
         WHERE seq = $1 AND state IN ('received', 'queued', 'running')";
    TAKE_UP:
        "UPDATE remote_agent_inbound SET state = 'queued', told = NULL, ended_at = NULL
         WHERE seq = $1 AND state IN ('done', 'dead') AND content <> ''";
    OFFERED:
        "SELECT seq, conversation_id, delivery_id, sender_id, sender_name, message_ref, sent_at, content, state,
                attempts, received_at, hold, told
         FROM remote_agent_inbound
         WHERE conversation_id = $1 AND state IN ('done', 'dead') AND content <> '' ORDER BY seq";
    FORGET:
        "UPDATE remote_agent_inbound SET content = '', hold = NULL
         WHERE conversation_id = $1 AND state IN ('done', 'dead') AND content <> ''";
    REWRITE: "UPDATE remote_agent_inbound SET content = $2 WHERE seq = $1 AND state IN ('received', 'queued')";
    TELL: "UPDATE remote_agent_inbound SET told = $2 WHERE seq = $1";
    /// Handled: its text has no further use, its delivery id has.
    FINISH:
        "UPDATE remote_agent_inbound SET state = $2, ended_at = $3, content = '', hold = NULL
         WHERE seq = $1 AND state IN ('received', 'queued', 'running')";
    COUNT: "UPDATE remote_agent_inbound SET attempts = attempts + 1 WHERE seq = $1";
    HAND_OVER:
        "UPDATE remote_agent_inbound SET conversation_id = $2, state = 'received', hold = NULL
         WHERE conversation_id = $1 AND state IN ('received', 'queued')";
}

#[derive(FromRow)]
struct Row {
    seq: i64,
    conversation_id: Uuid,
    delivery_id: String,
    sender_id: String,
    sender_name: String,
    message_ref: Option<String>,
    sent_at: DateTime<Utc>,
    content: String,
    state: String,
    attempts: i64,
    received_at: DateTime<Utc>,
    hold: Option<String>,
    told: Option<Uuid>,
}

impl Row {
    /// The platform and key are the conversation's, which may have got another key since.
    fn read(self, conversation: &Conversation) -> Result<Inbound, StoreError> {
        let content = from_json(TABLE, "content", &self.content)?;
        Ok(Inbound {
            seq: InboundSeq(self.seq),
            conversation: ConversationId(self.conversation_id),
            state: restore(TABLE, "state", &self.state)?,
            message: InboundMessage {
                platform: conversation.platform,
                delivery: DeliveryId(self.delivery_id),
                conversation: conversation.key.clone(),
                sender: Sender { id: self.sender_id, name: self.sender_name },
                message: self.message_ref.map(MessageRef),
                sent_at: self.sent_at,
                content: content.unwrap_or(InboundContent::words("")),
            },
            attempts: to_unsigned(TABLE, "attempts", self.attempts)?,
            received_at: self.received_at,
            hold: from_json(TABLE, "hold", self.hold.as_deref().unwrap_or_default())?,
            told: self.told.map(PartId),
        })
    }
}

/// Commits one message: its conversation if it is new, the lane due and taken if it is free, the message unless
/// its delivery was seen.
pub(crate) async fn accept(
    conn: &mut Conn<'_>,
    message: &InboundMessage,
    node: &Node,
    now: DateTime<Utc>,
) -> Result<Accepted, StoreError> {
    if let Conn::Lite(lite) = conn {
        let mut script = Script::default();
        arrive(&mut script, message, node, now).await?;
        let done = script.send(lite).await?;
        return arrived(lite, &done, message, node).await;
    }
    let key = (message.platform, &message.conversation);
    let mut created = false;
    let mut holder = lane::knock(conn, key, &message.delivery, node, now).await?;
    if holder.is_none() {
        if let Some(known) = lane::find(conn, key.0, key.1).await? {
            return Ok(accepted(&known, None, node));
        }
        super::conversation::insert(conn, key.0, key.1, now).await?;
        lane::create(conn, key.0, key.1).await?;
        holder = lane::knock(conn, key, &message.delivery, node, now).await?;
        created = holder.is_some();
    }
    let Some(holder) = holder else {
        // The delivery was seen in another conversation: it is a new one without this message.
        let known = lane::find(conn, key.0, key.1).await?.ok_or(StoreError::Stale { what: "conversation" })?;
        return Ok(accepted(&known, None, node));
    };
    let seq = insert(conn, holder.0, message, now).await?;
    let accepted = Accepted { created, ..accepted(&holder, seq, node) };
    if let (Some(_), None, Some(other)) = (accepted.seq, accepted.lane, &holder.1) {
        lane::notify(conn, holder.0, other).await?;
    }
    Ok(accepted)
}

/// The statements with which a message arrives on SQLite, in one call: what is there already stays as it is.
pub(crate) async fn arrive(
    script: &mut Script,
    message: &InboundMessage,
    node: &Node,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (platform, key) = (message.platform, &message.conversation);
    super::conversation::insert(&mut Conn::Script(script), platform, key, now).await?;
    lane::create(&mut Conn::Script(script), platform, key).await?;
    lane::knock_by_script(script, (platform, key), &message.delivery, node, now);
    script.add(&INSERT_BY_KEY, Expected::Anything);
    script.bind(platform.stored());
    script.bind(key.0.clone());
    script.bind(message.delivery.0.clone());
    script.bind(clean(&message.sender.id).into_owned());
    script.bind(clean(&message.sender.name).into_owned());
    script.bind(message.message.as_ref().map(|at| at.0.clone()));
    script.bind(message.sent_at);
    script.bind(to_json(TABLE, "content", &message.content)?);
    script.bind(now);
    Ok(())
}

/// What became of the message, by what the statements of [`arrive`] did.
pub(crate) async fn arrived(
    conn: &mut SqliteConnection,
    done: &[Done],
    message: &InboundMessage,
    node: &Node,
) -> Result<Accepted, StoreError> {
    let [made, _, knocked, inserted] = done else { return Err(StoreError::Stale { what: "conversation" }) };
    let (Some(lane), Some(seq)) = (knocked.rows.first(), inserted.rows.first()) else {
        // The delivery was seen before, here or in another conversation.
        let known = lane::find(&mut Conn::Lite(conn), message.platform, &message.conversation).await?;
        return known.map(|known| accepted(&known, None, node)).ok_or(StoreError::Stale { what: "conversation" });
    };
    let holder = lane::Holder::from_row(lane).map_err(|error| StoreError::from_sqlx(TABLE, error))?;
    let (seq,) = FromRow::from_row(seq).map_err(|error| StoreError::from_sqlx(TABLE, error))?;
    Ok(Accepted { created: made.changed > 0, ..accepted(&holder, Some(InboundSeq(seq)), node) })
}

fn accepted(holder: &lane::Holder, seq: Option<InboundSeq>, node: &Node) -> Accepted {
    let conversation = ConversationId(holder.0);
    let ours = holder.1.as_ref() == Some(&node.name) && holder.2 == node.epoch;
    Accepted { conversation, seq, lane: ours.then_some(Lane { conversation, epoch: holder.2 }), created: false }
}

async fn insert(
    conn: &mut Conn<'_>,
    conversation: Uuid,
    message: &InboundMessage,
    now: DateTime<Utc>,
) -> Result<Option<InboundSeq>, StoreError> {
    let content = to_json(TABLE, "content", &message.content)?;
    let row = optional!(
        conn,
        INSERT,
        (i64,),
        conversation,
        message.platform.stored(),
        &message.delivery.0,
        clean(&message.sender.id).as_ref(),
        clean(&message.sender.name).as_ref(),
        message.message.as_ref().map(|at| at.0.as_str()),
        message.sent_at,
        content.as_str(),
        now,
    )?;
    Ok(row.map(|(seq,)| InboundSeq(seq)))
}

/// What is not handled yet, in order.
pub(crate) async fn list_open(conn: &mut Conn<'_>, conversation: &Conversation) -> Result<Vec<Inbound>, StoreError> {
    rows!(conn, LIST, Row, conversation.id.0)?.into_iter().map(|row| row.read(conversation)).collect()
}

pub(crate) async fn set(
    conn: &mut Conn<'_>,
    seq: InboundSeq,
    state: InboundState,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    match state {
        InboundState::Done | InboundState::Dead => change!(conn, FINISH, "inbound", seq.0, state.stored(), at),
        InboundState::Received | InboundState::Queued | InboundState::Running => {
            change!(conn, SET, "inbound", seq.0, state.stored())
        }
    }
}

pub(crate) async fn count_attempt(conn: &mut Conn<'_>, seq: InboundSeq) -> Result<(), StoreError> {
    change!(conn, COUNT, "inbound", seq.0)
}

pub(crate) async fn hold(conn: &mut Conn<'_>, seq: InboundSeq, hold: &Hold) -> Result<(), StoreError> {
    change!(conn, HOLD, "inbound", seq.0, to_json(TABLE, "hold", hold)?)
}

pub(crate) async fn offer(
    conn: &mut Conn<'_>,
    seq: InboundSeq,
    (state, hold, part): (InboundState, Option<&Hold>, PartId),
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let hold = hold.map(|hold| to_json(TABLE, "hold", hold)).transpose()?;
    change!(conn, OFFER, "inbound", seq.0, state.stored(), hold.clone(), part.0, at)
}

pub(crate) async fn rewrite(conn: &mut Conn<'_>, seq: InboundSeq, content: &InboundContent) -> Result<(), StoreError> {
    change!(conn, REWRITE, "inbound", seq.0, to_json(TABLE, "content", content)?)
}

pub(crate) async fn take_up(conn: &mut Conn<'_>, seq: InboundSeq) -> Result<(), StoreError> {
    change!(conn, TAKE_UP, "inbound", seq.0)
}

pub(crate) async fn forget_offers(conn: &mut Conn<'_>, conversation: ConversationId) -> Result<(), StoreError> {
    execute!(conn, FORGET, conversation.0).map(drop)
}

/// What may be tried again, in order.
pub(crate) async fn list_offered(conn: &mut Conn<'_>, conversation: &Conversation) -> Result<Vec<Inbound>, StoreError> {
    rows!(conn, OFFERED, Row, conversation.id.0)?.into_iter().map(|row| row.read(conversation)).collect()
}

pub(crate) async fn tell(conn: &mut Conn<'_>, seq: InboundSeq, part: PartId) -> Result<(), StoreError> {
    change!(conn, TELL, "inbound", seq.0, part.0)
}

/// Moves what nobody began to another conversation, where it is new.
pub(crate) async fn hand_over(conn: &mut Conn<'_>, from: ConversationId, to: ConversationId) -> Result<(), StoreError> {
    execute!(conn, HAND_OVER, from.0, to.0).map(drop)
}
