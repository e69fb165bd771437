//! One call of the Bot API, made once.
//!
//! teloxide gives the payloads, but its own requester sleeps ten seconds inside every 5xx and hides whether a
//! request may have arrived. Delivery must know exactly that, so the request goes out here.

use std::fmt;
use std::time::Duration;

use adjutant_core::platform::SendError;
use reqwest::RequestBuilder;
use reqwest::multipart::Form;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use teloxide::requests::Payload;
use url::Url;

use crate::config::TelegramConfig;
use crate::failure::CallError;

/// The server keeps a long poll for up to 50 s; the rest is for the way there and back.
pub(crate) const POLL_TIMEOUT: Duration = Duration::from_secs(70);

const CALL_TIMEOUT: Duration = Duration::from_secs(30);
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(300);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shorter than the server keeps an idle connection, so that a call seldom meets one that is just being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// A client of the Bot API. One connection pool serves polls and calls.
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: SecretString,
}

impl Client {
    /// Builds the client; nothing is sent yet.
    ///
    /// # Errors
    /// When the TLS backend cannot be set up.
    pub fn new(config: &TelegramConfig) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let base = config.api_url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { http, base, token: config.token.clone() })
    }

    /// Calls a method and waits 30 s at most.
    ///
    /// # Errors
    /// See [`CallError`]. The token is in none of them.
    pub async fn call<P, R>(&self, payload: &P) -> Result<R, CallError>
    where
        P: Payload + Serialize + Sync,
        R: DeserializeOwned,
    {
        self.call_within(payload, CALL_TIMEOUT).await
    }

    /// Calls a method whose failure delivery must understand.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send<P, R>(&self, payload: &P) -> Result<R, SendError>
    where
        P: Payload + Serialize + Sync,
        R: DeserializeOwned,
    {
        self.call(payload).await.map_err(SendError::from)
    }

    /// Calls a method and waits no longer than `timeout` for the whole answer.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call_within<P, R>(&self, payload: &P, timeout: Duration) -> Result<R, CallError>
    where
        P: Payload + Serialize + Sync,
        R: DeserializeOwned,
    {
        answer_of(self.http.post(self.url("bot", P::NAME)?).timeout(timeout).json(payload)).await
    }

    /// Calls a method with a file. Its time is longer, because a phone's uplink may be all there is.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn upload<R: DeserializeOwned>(&self, method: &str, form: Form) -> Result<R, CallError> {
        answer_of(self.http.post(self.url("bot", method)?).timeout(UPLOAD_TIMEOUT).multipart(form)).await
    }

    /// Fetches the bytes of a file.
    ///
    /// # Errors
    /// See [`CallError`]; refused when it is longer than `limit` bytes.
    pub async fn download(&self, path: &str, limit: u64) -> Result<Vec<u8>, CallError> {
        let request = self.http.get(self.url("file/bot", path)?).timeout(UPLOAD_TIMEOUT);
        let mut response = request.send().await.map_err(CallError::from_request)?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(CallError::from_refusal(status, "the file cannot be fetched".to_owned()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(CallError::from_body)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > limit {
                return Err(CallError::from_refusal(400, "the file is too long".to_owned()));
            }
        }
        Ok(bytes)
    }

    /// The token is part of the address, so that is in no error.
    fn url(&self, prefix: &str, path: &str) -> Result<Url, CallError> {
        Url::parse(&format!("{}/{prefix}{}/{path}", self.base, self.token.expose_secret()))
            .map_err(|_| CallError::NotSent("the API address and token make no valid URL".to_owned()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.base)
    }
}

async fn answer_of<R: DeserializeOwned>(request: RequestBuilder) -> Result<R, CallError> {
    let response = request.send().await.map_err(CallError::from_request)?;
    let status = response.status().as_u16();
    let body = response.bytes().await.map_err(CallError::from_body)?;
    read_answer(status, &body)
}

/// The envelope of every answer: <https://core.telegram.org/bots/api#making-requests>.
#[derive(serde::Deserialize)]
struct Answer<'a> {
    ok: bool,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    description: String,
    error_code: Option<u16>,
    parameters: Option<Parameters>,
}

#[derive(serde::Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

fn read_answer<R: DeserializeOwned>(status: u16, body: &[u8]) -> Result<R, CallError> {
    let Ok(answer) = serde_json::from_slice::<Answer<'_>>(body) else {
        return Err(CallError::from_foreign_answer(status));
    };
    if answer.ok {
        let result = answer.result.map_or("null", RawValue::get);
        return serde_json::from_str(result)
            .map_err(|_| CallError::Garbled("an answer of an unknown shape".to_owned()));
    }
    let parameters = answer.parameters.unwrap_or(Parameters { retry_after: None, migrate_to_chat_id: None });
    let code = answer.error_code.unwrap_or(status);
    Err(match (parameters.retry_after, parameters.migrate_to_chat_id) {
        (Some(seconds), _) => CallError::RetryAfter(Duration::from_secs(seconds)),
        (None, Some(chat)) => CallError::Moved(chat),
        (None, None) => CallError::from_refusal(code, answer.description),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn answer(status: u16, body: &str) -> Result<Value, SendError> {
        read_answer(status, body.as_bytes()).map_err(SendError::from)
    }

    #[test]
    fn every_recorded_error_becomes_what_delivery_should_do() {
        let cases = [
            (429, include_str!("../tests/fixtures/response.err_429.json"), "RetryAfter(35s)"),
            (
                400,
                include_str!("../tests/fixtures/response.err_400_migrate.json"),
                "Moved(ConversationKey(\"-1001847508954\"))",
            ),
            (400, include_str!("../tests/fixtures/response.err_400_parse.json"), "Rejected("),
            (400, include_str!("../tests/fixtures/response.err_400_too_long.json"), "Rejected("),
            (400, include_str!("../tests/fixtures/response.err_400_thread_not_found.json"), "Gone("),
            (403, include_str!("../tests/fixtures/response.err_403_blocked.json"), "Gone("),
            (401, include_str!("../tests/fixtures/response.err_401.json"), "NotSent("),
            (404, include_str!("../tests/fixtures/response.err_404_unknown_method.json"), "NotSent("),
            (502, include_str!("../tests/fixtures/response.err_502.json"), "NotSent("),
            (502, "<html><h1>502 Bad Gateway</h1></html>", "NotSent("),
            (504, "<html><h1>504 Gateway Time-out</h1></html>", "Ambiguous("),
            (429, "<html>slow down</html>", "RetryAfter("),
            (200, "<html>a captive portal</html>", "Ambiguous("),
        ];
        for (status, body, expected) in cases {
            let got = format!("{:?}", answer(status, body).expect_err(body));
            assert!(got.starts_with(expected), "{status} {body}: {got}, expected {expected}");
        }
    }

    #[test]
    fn a_result_is_read_from_its_envelope() {
        assert_eq!(answer(200, include_str!("../tests/fixtures/response.ok_true.json")), Ok(Value::Bool(true)));
    }
}
