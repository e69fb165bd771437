//! What the gateway has and what it waits for.

use adjutant_core::approval::Approval;
use adjutant_core::codebase::Codebase;
use adjutant_core::message::ConversationKey;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Asked;
use crate::console::parse_id;
use crate::engine::Overview;
use crate::problem::Problem;
use crate::router::App;

#[derive(Debug, Deserialize)]
pub(crate) struct ApprovalsQuery {
    /// A conversation of the console.
    conversation: Option<String>,
}

/// `GET /api/v1/overview`
pub(crate) async fn overview(State(app): State<App>) -> Json<Overview> {
    Json(app.engine.overview())
}

/// `GET /api/v1/approvals`: those that wait for an answer.
pub(crate) async fn approvals(
    State(app): State<App>,
    Asked(query): Asked<ApprovalsQuery>,
) -> Result<Json<Value>, Problem> {
    let key = match query.conversation {
        Some(id) if parse_id(&id).is_none() => return Err(Problem::bad_request("`conversation` is no UUID.")),
        id => id.map(ConversationKey),
    };
    let open = app.engine.approvals(key.as_ref()).await?;
    Ok(Json(json!({ "items": open.iter().map(shown_approval).collect::<Vec<_>>(), "next": null })))
}

/// `GET /api/v1/codebases`
pub(crate) async fn codebases(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let known = app.engine.codebases().await?;
    Ok(Json(json!({ "items": known.iter().map(shown_codebase).collect::<Vec<_>>(), "next": null })))
}

/// Without the protocol's raw data, which is nobody's business.
fn shown_approval(approval: &Approval) -> Value {
    json!({
        "id": approval.id,
        "conversation": approval.conversation,
        "turn": approval.turn,
        "tool": approval.request.title.tool,
        "title": approval.request.title.detail,
        "detail": approval.request.detail,
        "state": approval.state,
        "created_at": approval.created_at,
        "expires_at": approval.expires_at,
    })
}

fn shown_codebase(codebase: &Codebase) -> Value {
    json!({
        "id": codebase.id,
        "name": codebase.name,
        "repository_url": codebase.repository_url,
        "path": codebase.default_cwd,
        "assistant": codebase.assistant,
        "commands": codebase.commands,
        "trusted": codebase.trusted,
        "updated_at": codebase.updated_at,
    })
}
