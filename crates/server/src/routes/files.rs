//! Files on their way into a conversation of the console.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use http_body_util::BodyExt;
use serde_json::json;

use super::ConversationId;
use crate::console::LIMIT;
use crate::problem::Problem;
use crate::router::App;

/// A file may take long on a slow line, but not stand still.
const STANDS_STILL: Duration = Duration::from_secs(30);

/// `POST /api/v1/conversations/{id}/files`: the body is the file, as it is. A message names it by the id that this
/// gives; a file that no message names is deleted after a day.
pub(crate) async fn add(
    State(app): State<App>,
    ConversationId(id): ConversationId,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let mut file = app.console.arriving(id).await.map_err(|error| Problem::internal(&error))?;
    let mut body = request.into_body();
    while let Some(bytes) = next(&app, &mut body).await? {
        if file.size() + bytes.len() as u64 > LIMIT {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The file is larger than 20 MB.")
                .hint("Put it into the codebase another way."));
        }
        file = file.write(bytes).await.map_err(|error| Problem::internal(&error))?;
    }
    if file.size() == 0 {
        return Err(Problem::bad_request("The file is empty."));
    }
    let size = file.size();
    let id = file.keep().await.map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id, "size": size }))))
}

async fn next(app: &App, body: &mut Body) -> Result<Option<Bytes>, Problem> {
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = app.clock.sleep(STANDS_STILL) => {
                return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "Nothing of the file arrived for 30 s."));
            }
        };
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(Problem::bad_request("The body broke off.")),
            // What is no data is a trailer, which says nothing here.
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}
