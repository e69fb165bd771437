//! What is logged and how.

use super::env::Reader;

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    /// `RUST_LOG`, `info`.
    pub filter: String,
    /// `LOG_FORMAT`, `text`.
    pub format: Format,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Logging {
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let wanted = "levels by module, `error`, `warn`, `info`, `debug` or `trace`";
        let is_filter = |text: &str| tracing_subscriber::EnvFilter::try_new(text).ok().map(|_| text.to_owned());
        let formats = [("text", Format::Text), ("json", Format::Json)];
        Self {
            filter: reader.parsed("RUST_LOG", wanted, is_filter).unwrap_or_else(|| "info".to_owned()),
            format: reader.choice("LOG_FORMAT", &formats).unwrap_or(Format::Text),
        }
    }
}
