//! The command line's end.

use std::io;
use std::path::{Path, PathBuf};

use adjutant_core::kind::PlatformKind;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use super::server::{Allow, Pair, Trust};
use super::socket;

/// What may be asked of a running gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// `adjutant allow <code>`
    Allow { code: String },
    /// `adjutant pair <platform>`
    Pair { platform: PlatformKind },
    /// `adjutant trust <codebase>`
    Trust { codebase: String },
    /// A new one-time link to the console.
    LoginLink,
    /// What is on and what is off, as JSON.
    Overview,
}

/// Why there is no answer. Written for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("No gateway runs on the data directory `{data_dir}`. Start it with `adjutant serve`.")]
    NotRunning { data_dir: PathBuf },
    #[error("The running gateway cannot be reached through its control socket in `{data_dir}`: {reason}.")]
    Unreachable { data_dir: PathBuf, reason: String },
    /// The gateway's own words.
    #[error("{0}")]
    Refused(String),
}

/// Asks the gateway that runs on this data directory. Returns the text to print.
///
/// # Errors
/// See [`ControlError`].
pub async fn call(data_dir: &Path, request: Request) -> Result<String, ControlError> {
    let method = if request == Request::Overview { Method::GET } else { Method::POST };
    let body = exchange(data_dir, method, request.path(), &request.body()).await?;
    Ok(answer(&request, &body))
}

impl Request {
    fn path(&self) -> &'static str {
        match self {
            Self::Allow { .. } => "/allow",
            Self::Pair { .. } => "/pair",
            Self::Trust { .. } => "/trust",
            Self::LoginLink => "/login-link",
            Self::Overview => "/overview",
        }
    }

    fn body(&self) -> Value {
        match self.clone() {
            Self::Allow { code } => json!(Allow { code }),
            Self::Pair { platform } => json!(Pair { platform }),
            Self::Trust { codebase } => json!(Trust { codebase }),
            Self::LoginLink | Self::Overview => json!({}),
        }
    }
}

/// Sends a request and returns the head of the answer. The connection lives on while its body is read.
pub(super) async fn send(
    data_dir: &Path,
    method: Method,
    path: &str,
    body: &Value,
) -> Result<Response<Incoming>, ControlError> {
    let stream = socket::connect(data_dir).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            ControlError::NotRunning { data_dir: data_dir.to_owned() }
        }
        _ => unreachable_because(data_dir, &error),
    })?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| unreachable_because(data_dir, &error))?;
    tokio::spawn(connection);
    let request = hyper::Request::builder()
        .method(method)
        .uri(path)
        .header(hyper::header::HOST, "localhost")
        .header(hyper::header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_string())))
        .map_err(|error| unreachable_because(data_dir, &error))?;
    sender.send_request(request).await.map_err(|error| unreachable_because(data_dir, &error))
}

/// The same with the whole body; a refusal in the gateway's own words.
pub(super) async fn exchange(data_dir: &Path, method: Method, path: &str, body: &Value) -> Result<Bytes, ControlError> {
    let response = send(data_dir, method, path, body).await?;
    let status = response.status();
    let read = response.into_body().collect().await.map_err(|error| unreachable_because(data_dir, &error))?;
    let bytes = read.to_bytes();
    if status.is_success() { Ok(bytes) } else { Err(refusal(&bytes)) }
}

fn unreachable_because(data_dir: &Path, reason: &dyn std::fmt::Display) -> ControlError {
    ControlError::Unreachable { data_dir: data_dir.to_owned(), reason: reason.to_string() }
}

fn answer(request: &Request, body: &[u8]) -> String {
    let text = || String::from_utf8_lossy(body).into_owned();
    match request {
        Request::Overview => text(),
        _ => serde_json::from_slice::<super::server::Said>(body).map_or_else(|_| text(), |said| said.text),
    }
}

fn refusal(body: &[u8]) -> ControlError {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let words = [&problem["detail"], &problem["hint"]].map(|value| value.as_str().unwrap_or_default());
    ControlError::Refused(words.join(" ").trim().to_owned())
}
