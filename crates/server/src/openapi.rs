//! The description of the API at `/api/openapi.json`.

use axum::http::header;
use axum::response::IntoResponse;

/// Kept by hand; a test compares its paths with the router's.
pub(crate) const DOCUMENT: &str = include_str!("../assets/openapi.json");

/// `GET /api/openapi.json`
pub(crate) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
