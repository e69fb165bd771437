//! How the gateway is.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::engine::Concurrency;
use crate::problem::Problem;
use crate::router::App;

/// `GET /health`: that the process and its database answer; open to all, so it says nothing else. 503 while the
/// database is away.
pub(crate) async fn health(State(app): State<App>) -> (StatusCode, Json<Value>) {
    match app.engine.health_db().await {
        Ok(()) => (StatusCode::OK, Json(json!({ "status": "ok", "database": "ok" }))),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "degraded", "database": "away" }))),
    }
}

/// `GET /health/db`: 503 while the database is away.
pub(crate) async fn database(State(app): State<App>) -> Result<Json<Value>, Problem> {
    app.engine.health_db().await?;
    Ok(Json(json!({ "status": "ok" })))
}

/// `GET /health/concurrency`
pub(crate) async fn concurrency(State(app): State<App>) -> Json<Concurrency> {
    Json(app.engine.concurrency())
}

/// `GET /metrics`, in the text format of Prometheus.
pub(crate) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.engine.metrics_text())
}
