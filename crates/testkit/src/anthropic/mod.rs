//! A scripted stand-in for the Anthropic Messages API on loopback, for driving the real Claude Code without a key.
//!
//! The script travels in the prompt: of the newest user message that holds `[[ … ]]` the last such script counts. Its
//! steps are separated by ` || `; each answer since that message uses up one, so that the step behind a tool call is the
//! answer to its result. After the last step the answer is `done`; without any script, `ok`. The steps are listed at
//! [`script::Step`].

mod answer;
pub mod script;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use serde_json::Value;

/// The running stand-in; dropping it stops it.
#[derive(Debug)]
pub struct FakeAnthropic {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: tokio::task::JoinHandle<()>,
}

/// What the stand-in insists on.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// 401 unless the key or bearer token is this.
    pub require_key: Option<String>,
    /// Send the headers of a subscription whose limit is close, or reached where the answer is 429.
    pub plan_limit: bool,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiRequest {
    pub method: String,
    pub path: String,
    pub headers: HashMap<String, String>,
    /// `Null` when there was none, or no JSON.
    pub body: Value,
}

#[derive(Debug, Default)]
struct Shared {
    options: Options,
    state: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: Vec<ApiRequest>,
    /// How often each step was asked for, for errors that pass.
    attempts: HashMap<String, u32>,
}

impl FakeAnthropic {
    /// Starts on a free port, with the default options.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(Options::default()).await
    }

    /// Starts on a free port.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start_with(options: Options) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { options, state: Mutex::default() });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        let router = router.layer(axum::extract::DefaultBodyLimit::max(64 << 20));
        let server = tokio::spawn(async move {
            // The listener's own errors end this stand-in; the test sees refused connections.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, shared, server })
    }

    /// For `ANTHROPIC_BASE_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<ApiRequest> {
        self.shared.seen(|seen| seen.requests.clone())
    }
}

impl Drop for FakeAnthropic {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let headers: HashMap<_, _> = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let key = headers
        .get("x-api-key")
        .cloned()
        .or_else(|| headers.get("authorization").and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned));
    let path = uri.path().to_owned();
    let request = ApiRequest { method: method.to_string(), path: path.clone(), headers, body: body.clone() };
    shared.seen(|seen| seen.requests.push(request));
    match (&method, path.as_str()) {
        (&Method::POST, "/v1/messages/count_tokens") => answer::json(200, &serde_json::json!({ "input_tokens": 100 })),
        (&Method::POST, "/v1/messages") => {
            if shared.options.require_key.is_some() && shared.options.require_key != key {
                return answer::error(401, "invalid x-api-key");
            }
            let asked = script::find(&body);
            let attempt = shared.seen(|seen| {
                let attempt = seen.attempts.entry(asked.id.clone()).or_default();
                *attempt += 1;
                *attempt
            });
            let mut response = answer::play(&asked.step, &body, attempt);
            if shared.options.plan_limit {
                answer::add_plan_limit(&mut response);
            }
            response
        }
        (&Method::GET | &Method::HEAD, "/") => answer::json(200, &serde_json::json!({})),
        _ => answer::error(404, "no such path"),
    }
}
