//! A file that goes out with a message.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A file as people get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is called there, without any folder.
    pub name: String,
    pub content: Content,
}

/// Where its bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Here, as text; shared, because it may be long and a part is handed on many times.
    Text(Arc<str>),
    /// In a file of the gateway's own that nobody else can change.
    File(PathBuf),
}

impl Attachment {
    /// A text file.
    #[must_use]
    pub fn text(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), content: Content::Text(text.into()) }
    }

    /// Whether apps show it as a picture, by its name's ending.
    #[must_use]
    pub fn is_picture(&self) -> bool {
        let ending = self.name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        matches!(ending.as_deref(), Some("png" | "jpg" | "jpeg" | "webp")) && matches!(self.content, Content::File(_))
    }
}
