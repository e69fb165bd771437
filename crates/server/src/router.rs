//! Every path and what answers there. `openapi.rs` describes them; a test compares the two.

use std::any::Any;
use std::sync::Arc;

use adjutant_core::clock::Clock;
use adjutant_core::intake::Intake;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use url::Url;

use crate::config::ServerConfig;
use crate::console::ConsolePlatform;
use crate::cookie::SessionCookie;
use crate::engine::Engine;
use crate::guard;
use crate::login::LoginCodes;
use crate::openapi;
use crate::problem::Problem;
use crate::routes::{conversations, events, files, health, overview, page};
use crate::token::ApiToken;

/// What the handlers work with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) console: ConsolePlatform,
    pub(crate) token: ApiToken,
    pub(crate) cookie: SessionCookie,
    pub(crate) codes: Arc<LoginCodes>,
    pub(crate) public_url: Option<Url>,
    pub(crate) clock: Clock,
    pub(crate) shutdown: CancellationToken,
}

/// The gateway's side of an [`App`].
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) console: ConsolePlatform,
}

impl App {
    pub(crate) fn new(
        config: &ServerConfig,
        port: u16,
        parts: Parts,
        codes: Arc<LoginCodes>,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            engine: parts.engine,
            intake: parts.intake,
            console: parts.console,
            token: config.token.clone(),
            cookie: SessionCookie::new(port, config.token.clone()),
            codes,
            public_url: config.public_url.clone(),
            clock: config.clock.clone(),
            shutdown,
        }
    }
}

/// The conversations for whoever may open the control socket: the same handlers without token or cookie.
pub(crate) fn local(app: App) -> Router {
    Router::new()
        .route("/api/v1/conversations", get(conversations::list))
        .route("/api/v1/conversations/{id}/standing", get(conversations::standing))
        .route("/api/v1/conversations/{id}/messages", post(conversations::message))
        .route("/api/v1/conversations/{id}/buttons", post(conversations::button))
        .route("/api/v1/conversations/{id}/transcript", get(conversations::transcript))
        .route("/api/v1/conversations/{id}/events", get(events::follow))
        .with_state(app)
}

/// The whole HTTP surface.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/login", get(page::login))
        .route("/assets/{name}", get(page::asset))
        .route("/health", get(health::health))
        .route("/health/db", get(health::database))
        .route("/health/concurrency", get(health::concurrency))
        .route("/metrics", get(health::metrics))
        .route("/api/openapi.json", get(openapi::document))
        .route("/api/v1/overview", get(overview::overview))
        .route("/api/v1/approvals", get(overview::approvals))
        .route("/api/v1/codebases", get(overview::codebases))
        .route("/api/v1/conversations", get(conversations::list))
        .route("/api/v1/conversations/{id}", patch(conversations::rename))
        .route("/api/v1/conversations/{id}/standing", get(conversations::standing))
        .route("/api/v1/conversations/{id}/messages", post(conversations::message))
        .route("/api/v1/conversations/{id}/files", post(files::add))
        .route("/api/v1/conversations/{id}/buttons", post(conversations::button))
        .route("/api/v1/conversations/{id}/transcript", get(conversations::transcript))
        .route("/api/v1/conversations/{id}/events", get(events::follow))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn_with_state(app.clone(), guard::access))
        .layer(from_fn_with_state(app.clone(), guard::host))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(guard::headers))
        .with_state(app)
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str).or(cause.downcast_ref::<&str>().copied());
    Problem::internal(&text.unwrap_or("panic")).into_response()
}
