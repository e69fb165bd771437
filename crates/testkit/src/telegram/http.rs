//! The HTTP side: path, token, parameters, faults, the envelope.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Inner;
use super::door::Line;
use super::fault::{self, Fault};
use super::form;
use super::methods::{self, Refusal};
use super::schema::{Given, SCHEMA, Upload};
use super::updates;

const LONGEST_BODY: usize = 50 * 1024 * 1024;

/// Serves one request.
pub async fn serve(
    Shared(inner): Shared<Arc<Inner>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    if let Some((token, path)) = parts.uri.path().strip_prefix("/file/bot").and_then(|path| path.split_once('/')) {
        return download(&inner, token, path);
    }
    let Some((token, method)) = parts.uri.path().strip_prefix("/bot").and_then(|path| path.split_once('/')) else {
        return refuse(&inner, "a path", not_found());
    };
    if token != inner.token {
        return answer_error(&Refusal { code: 401, description: "Unauthorized".to_owned(), parameters: None });
    }
    let Some(method) = SCHEMA.method(method) else {
        return refuse(&inner, method, not_found());
    };
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let body = to_bytes(body, LONGEST_BODY).await.unwrap_or_default();
    let given = form::read(parts.uri.query(), content_type, &body);
    let params = given.and_then(|given| Asked::read(method, given));
    inner.state().count(method);
    let chat = params.as_ref().ok().and_then(|asked| methods::chat_of(&asked.params));
    let fault = fault::take(&mut inner.state().planned, method, chat);
    match fault {
        None => perform(&inner, method, params).await,
        Some(fault) => meet(&inner, &line, method, params, fault).await,
    }
}

/// <https://core.telegram.org/bots/api#file>.
fn download(inner: &Inner, token: &str, path: &str) -> Response {
    let state = inner.state();
    let file = path.strip_prefix("documents/").filter(|_| token == inner.token);
    match file.and_then(|id| methods::find_file(&state, id)) {
        Some(file) => file.bytes.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What was asked for.
struct Asked {
    params: Map<String, Value>,
    file: Option<Upload>,
}

impl Asked {
    fn read(method: &str, given: Vec<(String, Given)>) -> Result<Self, String> {
        let params = SCHEMA.check(method, &given)?;
        let file = given.into_iter().find_map(|(_, given)| match given {
            Given::File(file) => Some(file),
            Given::Json(_) | Given::Text(_) => None,
        });
        Ok(Self { params, file })
    }
}

type Params = Result<Asked, String>;

async fn meet(inner: &Inner, line: &Line, method: &str, params: Params, fault: Fault) -> Response {
    match fault {
        Fault::Status(code, body) => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(header::CONTENT_TYPE, "text/html")], body).into_response()
        }
        Fault::RetryAfter(seconds) => answer_error(&too_many(seconds)),
        Fault::DropBefore => cut(line),
        Fault::DropAfter => {
            drop(perform(inner, method, params).await);
            cut(line)
        }
        Fault::Hang(wait) => {
            let clock = inner.state().clock.clone();
            clock.sleep(wait).await;
            perform(inner, method, params).await
        }
        Fault::Garbage => (StatusCode::OK, "<<< not JSON >>>").into_response(),
    }
}

fn cut(line: &Line) -> Response {
    line.cut();
    // Never written: the connection is gone.
    Response::new(Body::empty())
}

async fn perform(inner: &Inner, method: &str, params: Params) -> Response {
    let asked = match params {
        Ok(asked) => asked,
        Err(description) => return refuse(inner, method, methods::bad(&description)),
    };
    let outcome =
        if method == "getUpdates" { updates::get(inner, &asked.params).await } else { act(inner, method, asked) };
    match outcome {
        Ok(result) => json_response(StatusCode::OK, &json!({"ok": true, "result": result})),
        // These are no faults of the request, so they are not held against the client.
        Err(refusal) if is_fate(&refusal) => answer_error(&refusal),
        Err(refusal) => refuse(inner, method, refusal),
    }
}

fn act(inner: &Inner, method: &str, asked: Asked) -> Result<Value, Refusal> {
    let mut state = inner.state();
    if let Some(chat) = methods::chat_of(&asked.params).filter(|_| methods::is_counted(method)) {
        let now = state.clock.monotonic();
        if let Some(Err(seconds)) = state.limits.as_mut().map(|limits| limits.draw(chat, now)) {
            state.throttled += 1;
            return Err(too_many(seconds));
        }
    }
    state.upload = asked.file;
    let outcome = methods::call(&mut state, method, &asked.params);
    drop(state);
    inner.changed.send_modify(|count| *count += 1);
    outcome
}

/// What no client can know before.
fn is_fate(refusal: &Refusal) -> bool {
    matches!(refusal.code, 403 | 409 | 429)
        || refusal.parameters.is_some()
        || refusal.description == methods::TOPIC_CLOSED
}

fn not_found() -> Refusal {
    Refusal { code: 404, description: "Not Found".to_owned(), parameters: None }
}

fn too_many(seconds: u32) -> Refusal {
    let parameters = Some(json!({"retry_after": seconds}));
    Refusal { code: 429, description: format!("retry after {seconds}"), parameters }
}

/// Answers with an error and remembers that the client was wrong.
fn refuse(inner: &Inner, what: &str, refusal: Refusal) -> Response {
    inner.state().refused.push(format!("{what}: {}", refusal.description));
    inner.changed.send_modify(|count| *count += 1);
    answer_error(&refusal)
}

fn answer_error(refusal: &Refusal) -> Response {
    let words = match refusal.code {
        400 => "Bad Request: ",
        403 => "Forbidden: ",
        409 => "Conflict: ",
        429 => "Too Many Requests: ",
        _ => "",
    };
    let mut answer =
        json!({"ok": false, "error_code": refusal.code, "description": format!("{words}{}", refusal.description)});
    if let Some(parameters) = &refusal.parameters {
        answer["parameters"] = parameters.clone();
    }
    json_response(StatusCode::from_u16(refusal.code).unwrap_or(StatusCode::BAD_REQUEST), &answer)
}

fn json_response(status: StatusCode, answer: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

/// The longest a poll is kept, whatever it asks for.
pub const LONGEST_POLL: Duration = Duration::from_secs(50);
