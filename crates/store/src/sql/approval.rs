//! Approvals: what an assistant asks for, and what people answer.

use adjutant_core::approval::{Approval, ApprovalState, Awaits};
use adjutant_core::assistant::{Answer, PermissionDetail, PermissionRequest, ToolTitle};
use adjutant_core::id::{ApprovalId, ConversationId, PartId, RunId, SessionId, TurnId};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::codec::{clean, from_json, to_json, unreadable};
use crate::conn::{Conn, change, execute, optional, require, rows, statements};
use crate::error::StoreError;

const TABLE: &str = "remote_agent_approvals";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, conversation_id, turn_id, run_id, part_id, request, tool, tool_detail, detail, raw, state,
                    answer, reason, answered_by, answered_at, created_at, expires_at, awaits
             FROM remote_agent_approvals ",
            $rest
        )
    };
}

statements! { "remote_agent_approvals";
    ASK:
        "INSERT INTO remote_agent_approvals
           (id, conversation_id, turn_id, run_id, part_id, request, tool, tool_detail, detail, raw, state,
            created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, $12)";
    /// The first answer wins, and the diff has no further use.
    SETTLE:
        "UPDATE remote_agent_approvals
         SET state = $2, answer = $3, reason = $4, answered_by = $5, answered_at = $6, detail = '', raw = '',
             awaits = NULL
         WHERE id = $1 AND state = 'open'";
    /// What was picked so far, while the question is open.
    PICK: "UPDATE remote_agent_approvals SET detail = $2 WHERE id = $1 AND state = 'open'";
    AWAIT: "UPDATE remote_agent_approvals SET awaits = $2 WHERE id = $1";
    FORGET_REASONS: "UPDATE remote_agent_approvals SET reason = NULL WHERE turn_id = $1 AND reason IS NOT NULL";
    FORGET_OF_SESSION:
        "DELETE FROM remote_agent_approvals
         WHERE turn_id IN (SELECT id FROM remote_agent_turns WHERE session_id = $1)";
    GET: select!("WHERE id = $1");
    LIST_OPEN: select!("WHERE state = 'open' ORDER BY id");
    LIST_OF: select!("WHERE conversation_id = $1 AND state = 'open' ORDER BY id");
    LIST_OF_TURN: select!(
        "WHERE turn_id = $2 OR (conversation_id = $1 AND state = 'open') ORDER BY id");
    /// The highest number ever given; nothing is written until the question is asked.
    LAST: "SELECT seq FROM sqlite_sequence WHERE name = 'remote_agent_approvals'", "";
    RESERVE: "", "SELECT nextval('remote_agent_approval_numbers')";
}

#[derive(FromRow)]
struct Row {
    id: i64,
    conversation_id: Uuid,
    turn_id: Uuid,
    run_id: Uuid,
    part_id: Uuid,
    request: String,
    tool: String,
    tool_detail: String,
    detail: String,
    raw: String,
    state: String,
    answer: Option<String>,
    reason: Option<String>,
    answered_by: Option<String>,
    answered_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    awaits: Option<String>,
}

impl TryFrom<Row> for Approval {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let state = row.state()?;
        let detail = from_json(TABLE, "detail", &row.detail)?;
        Ok(Self {
            id: ApprovalId(row.id),
            conversation: ConversationId(row.conversation_id),
            turn: TurnId(row.turn_id),
            run: RunId(row.run_id),
            request: PermissionRequest {
                request: row.request,
                title: ToolTitle { tool: row.tool, detail: row.tool_detail },
                detail: detail.unwrap_or(PermissionDetail::Other { text: String::new() }),
                raw: row.raw,
            },
            state,
            part: PartId(row.part_id),
            created_at: row.created_at,
            expires_at: row.expires_at,
            awaits: from_json(TABLE, "awaits", row.awaits.as_deref().unwrap_or_default())?,
        })
    }
}

impl Row {
    fn state(&self) -> Result<ApprovalState, StoreError> {
        match self.state.as_str() {
            "open" => Ok(ApprovalState::Open),
            "withdrawn" => Ok(ApprovalState::Withdrawn),
            "expired" => Ok(ApprovalState::Expired),
            "answered" => Ok(ApprovalState::Answered {
                answer: self.answer()?,
                by: self.answered_by.clone().ok_or_else(|| unreadable(TABLE, "answered_by"))?,
                at: self.answered_at.ok_or_else(|| unreadable(TABLE, "answered_at"))?,
            }),
            _ => Err(unreadable(TABLE, "state")),
        }
    }

    fn answer(&self) -> Result<Answer, StoreError> {
        match self.answer.as_deref() {
            Some("allow_once") => Ok(Answer::AllowOnce),
            Some("allow_session") => Ok(Answer::AllowSession),
            Some("deny") => Ok(Answer::Deny { reason: self.reason.clone() }),
            // The answers go with the end of the turn, like reasons.
            Some("chosen") => {
                let answers = from_json(TABLE, "reason", self.reason.as_deref().unwrap_or_default())?;
                Ok(Answer::Chosen { answers: answers.unwrap_or_default() })
            }
            _ => Err(unreadable(TABLE, "answer")),
        }
    }
}

pub(crate) async fn ask(conn: &mut Conn<'_>, approval: &Approval) -> Result<(), StoreError> {
    let request = &approval.request;
    let detail = to_json(TABLE, "detail", &request.detail)?;
    execute!(
        conn,
        ASK,
        approval.id.0,
        approval.conversation.0,
        approval.turn.0,
        approval.run.0,
        approval.part.0,
        clean(&request.request).as_ref(),
        clean(&request.title.tool).as_ref(),
        clean(&request.title.detail).as_ref(),
        detail.as_str(),
        clean(&request.raw).as_ref(),
        approval.created_at,
        approval.expires_at,
    )
    .map(drop)
}

pub(crate) async fn settle(conn: &mut Conn<'_>, id: ApprovalId, state: &ApprovalState) -> Result<(), StoreError> {
    let name = match state {
        ApprovalState::Open => return Err(StoreError::Stale { what: "approval" }),
        ApprovalState::Answered { .. } => "answered",
        ApprovalState::Withdrawn => "withdrawn",
        ApprovalState::Expired => "expired",
    };
    let (answer, reason, by, at) = match state {
        ApprovalState::Answered { answer, by, at } => {
            let (answer, reason) = match answer {
                Answer::AllowOnce => ("allow_once", None),
                Answer::AllowSession => ("allow_session", None),
                Answer::Deny { reason } => ("deny", reason.as_deref().map(clean)),
                Answer::Chosen { answers } => ("chosen", Some(to_json(TABLE, "reason", answers)?.into())),
            };
            (Some(answer), reason, Some(clean(by)), Some(*at))
        }
        ApprovalState::Open | ApprovalState::Withdrawn | ApprovalState::Expired => (None, None, None, None),
    };
    change!(conn, SETTLE, "approval", id.0, name, answer, reason.as_deref(), by.as_deref(), at)
}

pub(crate) async fn pick(conn: &mut Conn<'_>, id: ApprovalId, detail: &PermissionDetail) -> Result<(), StoreError> {
    let detail = to_json(TABLE, "detail", detail)?;
    change!(conn, PICK, "approval", id.0, detail.as_str())
}

pub(crate) async fn await_words(
    conn: &mut Conn<'_>,
    id: ApprovalId,
    awaits: Option<&Awaits>,
) -> Result<(), StoreError> {
    let awaits = awaits.map(|awaits| to_json(TABLE, "awaits", awaits)).transpose()?;
    change!(conn, AWAIT, "approval", id.0, awaits.clone())
}

pub(crate) async fn forget_reasons(conn: &mut Conn<'_>, turn: TurnId) -> Result<(), StoreError> {
    execute!(conn, FORGET_REASONS, turn.0).map(drop)
}

pub(crate) async fn forget_of_session(conn: &mut Conn<'_>, session: SessionId) -> Result<(), StoreError> {
    execute!(conn, FORGET_OF_SESSION, session.0).map(drop)
}

pub(crate) async fn get(conn: &mut Conn<'_>, id: ApprovalId) -> Result<Option<Approval>, StoreError> {
    optional!(conn, GET, Row, id.0)?.map(Approval::try_from).transpose()
}

pub(crate) async fn list_open(conn: &mut Conn<'_>) -> Result<Vec<Approval>, StoreError> {
    rows!(conn, LIST_OPEN, Row)?.into_iter().map(Approval::try_from).collect()
}

/// The open ones of a conversation and all of its running turn.
pub(crate) async fn list_of(
    conn: &mut Conn<'_>,
    conversation: ConversationId,
    turn: Option<TurnId>,
) -> Result<Vec<Approval>, StoreError> {
    let found = match turn {
        Some(turn) => rows!(conn, LIST_OF_TURN, Row, conversation.0, turn.0)?,
        None => rows!(conn, LIST_OF, Row, conversation.0)?,
    };
    found.into_iter().map(Approval::try_from).collect()
}

/// The highest number ever given on SQLite.
pub(crate) async fn last(conn: &mut Conn<'_>) -> Result<ApprovalId, StoreError> {
    Ok(ApprovalId(optional!(conn, LAST, (i64,))?.map_or(0, |(last,)| last)))
}

/// A new number on PostgreSQL.
pub(crate) async fn reserve(conn: &mut Conn<'_>) -> Result<ApprovalId, StoreError> {
    let row = optional!(conn, RESERVE, (i64,))?;
    row.map(|(id,)| ApprovalId(id)).ok_or(StoreError::Stale { what: "approval" })
}
