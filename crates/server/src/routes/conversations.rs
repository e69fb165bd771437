//! Conversations of the console: the list, what is said in one, and what was.

use adjutant_core::message::{ConversationKey, IncomingFile};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Asked, Body, ConversationId};
use crate::console::{Listed, MOST, PostError, Said, Wanted};
use crate::problem::Problem;
use crate::router::App;
use crate::standing::Standing;

/// The most entries of a page.
const PAGE: usize = 200;

/// Characters of a given name.
const TITLE: usize = 80;

/// Characters of a file's name.
const LONGEST_NAME: usize = 200;

/// Characters of a search.
const LONGEST_QUERY: usize = 200;

#[derive(Debug, Deserialize)]
pub(crate) struct ListQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    /// Only those in which this was said.
    query: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TranscriptQuery {
    limit: Option<usize>,
    before: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    text: String,
    client_id: Option<String>,
    #[serde(default)]
    files: Vec<NamedFile>,
}

/// A file that came before the message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedFile {
    id: Uuid,
    /// As the person calls it.
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rename {
    /// `null`: how its first message begins.
    title: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Press {
    token: String,
    client_id: Option<String>,
}

/// `GET /api/v1/conversations`
pub(crate) async fn list(State(app): State<App>, Asked(query): Asked<ListQuery>) -> Result<Json<Value>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, PAGE);
    let after = match query.cursor.map(|cursor| cursor.parse()) {
        Some(Ok(cursor)) => Some(cursor),
        Some(Err(())) => return Err(Problem::bad_request("`cursor` is none that this list has given.")),
        None => None,
    };
    let wanted = Wanted { after, limit: limit + 1, query: checked_query(query.query)? };
    let mut items = app.console.list(wanted).await.map_err(|error| Problem::internal(&error))?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(Listed::cursor);
    Ok(Json(json!({ "items": items, "next": next })))
}

/// `PATCH /api/v1/conversations/{id}`: gives it a name, or takes the given one back.
pub(crate) async fn rename(
    State(app): State<App>,
    ConversationId(id): ConversationId,
    Body(body): Body<Rename>,
) -> Result<Json<Value>, Problem> {
    let title = body.title.map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "));
    let title = title.filter(|title| !title.is_empty());
    if title.as_ref().is_some_and(|title| title.chars().count() > TITLE) {
        return Err(Problem::bad_request(format!("`title` takes up to {TITLE} characters.")));
    }
    match app.console.rename(id, title).await {
        Ok(Some(title)) => Ok(Json(json!({ "id": id, "title": title }))),
        Ok(None) => Err(Problem::not_found()),
        Err(error) => Err(Problem::internal(&error)),
    }
}

/// `GET /api/v1/conversations/{id}/standing`
pub(crate) async fn standing(
    State(app): State<App>,
    ConversationId(id): ConversationId,
) -> Result<Json<Standing>, Problem> {
    Ok(Json(app.engine.standing(&ConversationKey(id.to_string())).await?))
}

/// `GET /api/v1/conversations/{id}/transcript`
pub(crate) async fn transcript(
    State(app): State<App>,
    ConversationId(id): ConversationId,
    Asked(query): Asked<TranscriptQuery>,
) -> Result<impl IntoResponse, Problem> {
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let conversation = app.console.conversation(id);
    conversation.snapshot(query.before, limit).await.map(Json).map_err(|error| Problem::internal(&error))
}

/// `POST /api/v1/conversations/{id}/messages`: 202 when the message is committed, or was before.
pub(crate) async fn message(
    State(app): State<App>,
    ConversationId(id): ConversationId,
    Body(body): Body<NewMessage>,
) -> Result<impl IntoResponse, Problem> {
    if body.text.trim().is_empty() && body.files.is_empty() {
        return Err(Problem::bad_request("`text` is empty."));
    }
    let client_id = checked(body.client_id)?;
    let files = named(&app, id, body.files).await?;
    let posted = app.console.post(app.intake.clone(), id, client_id, Said::Text { text: body.text, files }).await;
    accepted(posted)
}

/// The files a message names, each of which must be there.
async fn named(app: &App, conversation: Uuid, wanted: Vec<NamedFile>) -> Result<Vec<IncomingFile>, Problem> {
    if wanted.len() > MOST {
        return Err(Problem::bad_request(format!("A message takes up to {MOST} files.")));
    }
    let mut files = Vec::with_capacity(wanted.len());
    for NamedFile { id, name } in wanted {
        let name: String = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
        let name = if name.trim().is_empty() { "file".to_owned() } else { name };
        let found = app.console.arrived(conversation, id, name).await.map_err(|error| Problem::internal(&error))?;
        files.push(found.ok_or_else(|| {
            Problem::bad_request(format!("There is no file `{id}` in this conversation.")).hint("Add it again.")
        })?);
    }
    Ok(files)
}

/// `POST /api/v1/conversations/{id}/buttons`: 202 when the press is committed, or was before.
pub(crate) async fn button(
    State(app): State<App>,
    ConversationId(id): ConversationId,
    Body(body): Body<Press>,
) -> Result<impl IntoResponse, Problem> {
    if body.token.is_empty() || body.token.len() > 256 {
        return Err(Problem::bad_request("`token` is none that a button carried."));
    }
    let client_id = checked(body.client_id)?;
    let posted = app.console.post(app.intake.clone(), id, client_id, Said::Press(body.token)).await;
    accepted(posted)
}

fn accepted(posted: Result<String, PostError>) -> Result<(StatusCode, Json<Value>), Problem> {
    match posted {
        Ok(id) => Ok((StatusCode::ACCEPTED, Json(json!({ "id": id })))),
        Err(PostError::Closed(closed)) => {
            Err(Problem::unavailable(format!("Messages cannot be accepted now: {}.", closed.reason))
                .hint("Nothing was stored; send the same again later."))
        }
        Err(error @ PostError::Transcript(_)) => Err(Problem::internal(&error)),
    }
}

/// What is searched for; blank is everything.
fn checked_query(query: Option<String>) -> Result<Option<String>, Problem> {
    match query.map(|query| query.trim().to_owned()).filter(|query| !query.is_empty()) {
        Some(query) if query.chars().count() > LONGEST_QUERY => {
            Err(Problem::bad_request(format!("`query` takes up to {LONGEST_QUERY} characters.")))
        }
        query => Ok(query),
    }
}

/// Client ids become delivery ids and stand in the transcript as they are.
fn checked(id: Option<String>) -> Result<Option<String>, Problem> {
    let plain = |id: &String| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    match id {
        Some(id) if !plain(&id) => Err(Problem::bad_request("`client_id` takes 1 to 64 letters, digits, `-` and `_`.")),
        id => Ok(id),
    }
}
