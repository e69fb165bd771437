//! Answers in the form of the Messages API, streamed or whole.

use std::io;
use std::time::Duration;

use adjutant_core::clock::Clock;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::script::Step;

/// When the limit of a plan ends, in seconds since 1970: far away, so that no test depends on today.
const RESETS_AT: &str = "4102444800";

/// A block of an answer.
enum Block {
    Text(Vec<String>),
    Thinking(String),
    Tool(String, Value),
}

/// How an answer ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Because(&'static str),
    /// The connection is cut.
    Cut,
    /// Nothing follows.
    Silence,
}

struct Answer {
    blocks: Vec<Block>,
    pause: Duration,
    ending: Ending,
    usage: (u64, u64),
}

impl Answer {
    fn of(blocks: Vec<Block>) -> Self {
        Self { blocks, pause: Duration::ZERO, ending: Ending::Because("end_turn"), usage: (120, 34) }
    }

    fn text(text: impl Into<String>) -> Self {
        Self::of(vec![Block::Text(vec![text.into()])])
    }
}

/// What is sent next.
enum Sent {
    Event(Value),
    Pause(Duration),
    Cut,
    Silence,
}

/// The response for a step; `attempt` counts the repetitions of a request from 1.
pub fn play(step: &Step, body: &Value, attempt: u32) -> Response {
    let answer = match step {
        Step::Error { status, times } if times.is_none_or(|times| attempt <= times) => {
            return error(*status, &format!("scripted error {status}"));
        }
        Step::Error { .. } => Answer::text("recovered"),
        Step::Text(text) => Answer::text(text),
        Step::Words { count, pause_ms } => {
            let words = (1..=*count).map(|n| format!("w{n} ")).collect();
            Answer { pause: Duration::from_millis(*pause_ms), ..Answer::of(vec![Block::Text(words)]) }
        }
        Step::Chars(count) => Answer::of(vec![Block::Text(chars(*count))]),
        Step::Think(text) => {
            Answer::of(vec![Block::Thinking(text.clone()), Block::Text(vec!["thought done".to_owned()])])
        }
        Step::Tools { say, calls } => {
            let said = say.iter().map(|text| Block::Text(vec![text.clone()]));
            let calls = calls.iter().map(|(name, input)| Block::Tool(name.clone(), input.clone()));
            Answer { ending: Ending::Because("tool_use"), ..Answer::of(said.chain(calls).collect()) }
        }
        Step::Drop(count) => {
            let words = (0..*count).map(|_| "part ".to_owned()).collect();
            Answer { ending: Ending::Cut, ..Answer::of(vec![Block::Text(words)]) }
        }
        Step::Stall => {
            let words = vec!["before ".to_owned(), "silence".to_owned()];
            Answer { ending: Ending::Silence, ..Answer::of(vec![Block::Text(words)]) }
        }
        Step::TooLong => Answer { ending: Ending::Because("max_tokens"), ..Answer::text("cut off he") },
        Step::Usage { input, output } => Answer { usage: (*input, *output), ..Answer::text("usage") },
        Step::System(mark) => Answer::text(format!("marked={}", body["system"].to_string().contains(mark.as_str()))),
        Step::Echo => Answer::text(echo(body)),
    };
    if body["stream"] == true { streamed(answer, body) } else { json(200, &whole(&answer, body)) }
}

/// A response of JSON.
pub fn json(status: u16, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An error as the API words it.
pub fn error(status: u16, message: &str) -> Response {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    json(status, &json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_fake" }))
}

/// The headers of a subscription: close to its limit, or over it when the answer is 429.
pub fn add_plan_limit(response: &mut Response) {
    let over = response.status() == StatusCode::TOO_MANY_REQUESTS;
    let headers = response.headers_mut();
    for (name, value) in [
        ("anthropic-ratelimit-unified-status", if over { "rejected" } else { "allowed_warning" }),
        ("anthropic-ratelimit-unified-reset", RESETS_AT),
        ("anthropic-ratelimit-unified-representative-claim", "five_hour"),
        ("anthropic-ratelimit-unified-5h-utilization", "0.93"),
        ("anthropic-ratelimit-unified-5h-reset", RESETS_AT),
        ("anthropic-ratelimit-unified-5h-surpassed-threshold", "0.9"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn echo(body: &Value) -> String {
    let count = |list: &Value| list.as_array().map_or(0, Vec::len);
    let model = body["model"].as_str().unwrap_or_default();
    format!("model={model} messages={} tools={}", count(&body["messages"]), count(&body["tools"]))
}

fn chars(count: usize) -> Vec<String> {
    let text: String = "lorem ipsum dolor sit amet ".chars().cycle().take(count).collect();
    text.as_bytes().chunks(200).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect()
}

fn message(answer: &Answer, body: &Value) -> Value {
    json!({ "id": format!("msg_{}", Uuid::new_v4().simple()), "type": "message", "role": "assistant",
            "model": body["model"], "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": { "input_tokens": answer.usage.0, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                       "output_tokens": 1, "service_tier": "standard" } })
}

fn whole(answer: &Answer, body: &Value) -> Value {
    let mut message = message(answer, body);
    let content: Vec<_> = answer
        .blocks
        .iter()
        .map(|block| match block {
            Block::Text(pieces) => json!({ "type": "text", "text": pieces.concat() }),
            Block::Thinking(text) => json!({ "type": "thinking", "thinking": text, "signature": "c2ln" }),
            Block::Tool(name, input) => json!({ "type": "tool_use", "id": tool_id(), "name": name, "input": input }),
        })
        .collect();
    message["content"] = Value::Array(content);
    message["usage"]["output_tokens"] = json!(answer.usage.1);
    if let Ending::Because(reason) = answer.ending {
        message["stop_reason"] = json!(reason);
    }
    message
}

fn streamed(answer: Answer, body: &Value) -> Response {
    let mut sent = vec![Sent::Event(json!({ "type": "message_start", "message": message(&answer, body) }))];
    for (index, block) in answer.blocks.iter().enumerate() {
        events(index, block, answer.pause, &mut sent);
        if answer.ending == Ending::Cut || answer.ending == Ending::Silence {
            continue;
        }
        sent.push(Sent::Event(json!({ "type": "content_block_stop", "index": index })));
    }
    match answer.ending {
        Ending::Cut => sent.push(Sent::Cut),
        Ending::Silence => sent.push(Sent::Silence),
        Ending::Because(reason) => {
            let delta = json!({ "stop_reason": reason, "stop_sequence": null });
            let usage = json!({ "output_tokens": answer.usage.1 });
            sent.push(Sent::Event(json!({ "type": "message_delta", "delta": delta, "usage": usage })));
            sent.push(Sent::Event(json!({ "type": "message_stop" })));
        }
    }
    let bytes = stream::iter(sent).filter_map(|sent| async move { send(sent).await });
    let mut response = Response::new(Body::from_stream(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    response
}

fn events(index: usize, block: &Block, pause: Duration, sent: &mut Vec<Sent>) {
    let start =
        |block: Value| Sent::Event(json!({ "type": "content_block_start", "index": index, "content_block": block }));
    let delta = |delta: Value| Sent::Event(json!({ "type": "content_block_delta", "index": index, "delta": delta }));
    match block {
        Block::Text(pieces) => {
            sent.push(start(json!({ "type": "text", "text": "" })));
            for piece in pieces {
                sent.push(delta(json!({ "type": "text_delta", "text": piece })));
                if !pause.is_zero() {
                    sent.push(Sent::Pause(pause));
                }
            }
        }
        Block::Thinking(text) => {
            sent.push(start(json!({ "type": "thinking", "thinking": "", "signature": "" })));
            sent.push(delta(json!({ "type": "thinking_delta", "thinking": text })));
            sent.push(delta(json!({ "type": "signature_delta", "signature": "c2ln" })));
        }
        Block::Tool(name, input) => {
            sent.push(start(json!({ "type": "tool_use", "id": tool_id(), "name": name, "input": {} })));
            sent.push(delta(json!({ "type": "input_json_delta", "partial_json": input.to_string() })));
        }
    }
}

async fn send(sent: Sent) -> Option<Result<Bytes, io::Error>> {
    match sent {
        Sent::Event(event) => {
            let kind = event["type"].as_str().unwrap_or_default();
            Some(Ok(Bytes::from(format!("event: {kind}\ndata: {event}\n\n"))))
        }
        Sent::Pause(pause) => {
            Clock::System.sleep(pause).await;
            None
        }
        Sent::Cut => Some(Err(io::Error::from(io::ErrorKind::ConnectionReset))),
        Sent::Silence => std::future::pending().await,
    }
}

fn tool_id() -> String {
    format!("toolu_{}", Uuid::new_v4().simple())
}
