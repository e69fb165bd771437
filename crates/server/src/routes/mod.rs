//! The handlers, by area, and how they read what they are given.

pub(crate) mod conversations;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod health;
pub(crate) mod overview;
pub(crate) mod page;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::console::parse_id;
use crate::problem::Problem;
use crate::router::App;

/// A body must be here by then, however slowly it trickles in.
const BODY_TIME: Duration = Duration::from_secs(30);

/// The most bytes of a JSON body: a text of 1 MB with room for its escapes.
const BODY_LIMIT: usize = 2 * 1024 * 1024;

/// A JSON body, read within a time and a size.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let json = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = json.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/json") {
            let detail = "The body must be JSON, with `Content-Type: application/json`.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let bytes = read(request, app).await?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Problem::bad_request(format!("The body is not what this path takes: {error}.")))
    }
}

/// The conversation of the path, in the one spelling of its id.
pub(crate) struct ConversationId(pub(crate) Uuid);

impl FromRequestParts<App> for ConversationId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, app).await.map_err(|_| Problem::not_found())?;
        parse_id(&text).map(Self).ok_or_else(|| {
            Problem::bad_request("A conversation is named by a UUID in lower case.")
                .hint("Any new random one begins a new conversation.")
        })
    }
}

/// The query, where a wrong value is said as a problem.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, app).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => Err(Problem::bad_request(format!("The query is not what this path takes: {error}."))),
        }
    }
}

async fn read(request: Request, app: &App) -> Result<Bytes, Problem> {
    let body = Limited::new(request.into_body(), BODY_LIMIT);
    let read = tokio::select! {
        read = body.collect() => read,
        () = app.clock.sleep(BODY_TIME) => {
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive within 30 s."));
        }
    };
    match read {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 2 MiB."))
        }
        Err(_) => Err(Problem::bad_request("The body broke off.")),
    }
}
