//! Conversations of the console, for the command line: the gateway's API over the control socket.

use std::path::PathBuf;

use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;
use serde_json::Value;

use super::client::{ControlError, exchange, send};

/// The gateway that runs on a data directory.
#[derive(Debug, Clone)]
pub struct Api {
    data_dir: PathBuf,
}

/// What happens in a conversation, as it happens.
#[derive(Debug)]
pub struct Events {
    body: Incoming,
    read: Vec<u8>,
}

impl Api {
    #[must_use]
    pub const fn new(data_dir: PathBuf) -> Self {
        Self { data_dir }
    }

    /// Asks for something below `/api/v1/`.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn get(&self, path: &str) -> Result<Value, ControlError> {
        self.call(Method::GET, path, &Value::Null).await
    }

    /// Changes something below `/api/v1/`.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, ControlError> {
        self.call(Method::POST, path, body).await
    }

    /// The events of a conversation behind a number.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn events(&self, conversation: &str, after: u64) -> Result<Events, ControlError> {
        let path = format!("/api/v1/conversations/{conversation}/events?after={after}");
        let response = send(&self.data_dir, Method::GET, &path, &Value::Null).await?;
        Ok(Events { body: response.into_body(), read: Vec::new() })
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value, ControlError> {
        let bytes = exchange(&self.data_dir, method, &format!("/api/v1/{path}"), body).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| ControlError::Unreachable { data_dir: self.data_dir.clone(), reason: error.to_string() })
    }
}

impl Events {
    /// The next one; `None` when the connection has ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some(end) = self.read.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = self.read.drain(..end + 2).collect();
                let data = event.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"data: "));
                // Signs of life have no data.
                if let Some(event) = data.and_then(|data| serde_json::from_slice(data).ok()) {
                    return Some(event);
                }
            }
            let frame = self.body.frame().await?.ok()?;
            self.read.extend_from_slice(frame.data_ref()?);
        }
    }
}
