//! The gateway's end.

use std::sync::Arc;

use adjutant_core::kind::PlatformKind;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::engine::{Engine, EngineError, Overview};
use crate::problem::Problem;

#[derive(Clone)]
struct Control {
    engine: Arc<dyn Engine>,
    link: Arc<dyn Fn() -> String + Send + Sync>,
}

/// What the command line prints.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) text: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Allow {
    pub(super) code: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pair {
    pub(super) platform: PlatformKind,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Trust {
    pub(super) codebase: String,
}

/// What answers on the control socket.
pub(crate) fn router(
    engine: Arc<dyn Engine>,
    link: Arc<dyn Fn() -> String + Send + Sync>,
    conversations: Router,
) -> Router {
    Router::new()
        .route("/allow", post(allow))
        .route("/pair", post(pair))
        .route("/trust", post(trust))
        .route("/login-link", post(login_link))
        .route("/overview", get(overview))
        .fallback(async || Problem::not_found())
        .with_state(Control { engine, link })
        .merge(conversations)
}

async fn allow(State(control): State<Control>, Json(asked): Json<Allow>) -> Result<Json<Said>, Problem> {
    said(control.engine.allow(&asked.code).await)
}

async fn pair(State(control): State<Control>, Json(asked): Json<Pair>) -> Result<Json<Said>, Problem> {
    said(control.engine.pair(asked.platform).await)
}

async fn trust(State(control): State<Control>, Json(asked): Json<Trust>) -> Result<Json<Said>, Problem> {
    said(control.engine.trust(&asked.codebase).await)
}

async fn login_link(State(control): State<Control>) -> Json<Said> {
    Json(Said { text: (control.link)() })
}

async fn overview(State(control): State<Control>) -> Json<Overview> {
    Json(control.engine.overview())
}

fn said(result: Result<String, EngineError>) -> Result<Json<Said>, Problem> {
    Ok(Json(Said { text: result? }))
}
