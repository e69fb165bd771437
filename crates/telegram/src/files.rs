//! Files that go out and come in: <https://core.telegram.org/bots/api#sending-files>.

use adjutant_core::message::IncomingFile;
use adjutant_core::platform::{Attachment, Content, Part, SendError};
use reqwest::multipart::{Form, Part as FormPart};
use serde::{Deserialize, Serialize};
use teloxide::payloads::GetFile;
use teloxide::types::{FileId, InlineKeyboardMarkup, ReplyParameters};

use crate::client::Client;
use crate::keys::Place;
use crate::render::Rendered;

/// What a bot may send, and what of that as a picture.
pub const LIMIT: u64 = 50 * 1024 * 1024;
const PICTURE_LIMIT: usize = 10 * 1024 * 1024;

/// What a bot may fetch: <https://core.telegram.org/bots/api#getfile>.
pub const DOWNLOAD_LIMIT: u64 = 20 * 1024 * 1024;

/// Units of a caption.
const CAPTION: usize = 1024;

/// Where a file can be fetched, for an hour at least.
#[derive(Debug, Deserialize)]
struct Path {
    file_path: Option<String>,
}

/// Fetches a file by its id.
pub async fn fetch(client: &Client, file: &IncomingFile) -> Result<Vec<u8>, SendError> {
    if file.size.is_some_and(|size| size > DOWNLOAD_LIMIT) {
        return Err(SendError::Rejected(format!("`{}` is larger than 20 MB", file.name)));
    }
    let path: Path = client.send(&GetFile::new(FileId(file.reference.clone()))).await?;
    let path = path.file_path.ok_or_else(|| SendError::Rejected("the file is not there any more".to_owned()))?;
    client.download(&path, DOWNLOAD_LIMIT).await.map_err(SendError::from)
}

/// A method and its form.
pub struct Upload {
    pub method: &'static str,
    form: Form,
}

/// How a file is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// As a picture, if it is one.
    Best,
    Document,
}

impl Upload {
    /// Reads the file and makes a form of it.
    pub async fn new(place: Place, attachment: &Attachment, look: Look) -> Result<Self, SendError> {
        let bytes = match &attachment.content {
            Content::Text(text) => text.as_bytes().to_vec(),
            Content::File(path) => tokio::fs::read(path)
                .await
                .map_err(|error| SendError::Rejected(format!("`{}` cannot be read: {error}", attachment.name)))?,
        };
        if bytes.is_empty() || bytes.len() as u64 > LIMIT {
            return Err(SendError::Rejected(format!("`{}` is empty or larger than 50 MB", attachment.name)));
        }
        let picture = look == Look::Best && attachment.is_picture() && bytes.len() <= PICTURE_LIMIT;
        let (method, field) = if picture { ("SendPhoto", "photo") } else { ("SendDocument", "document") };
        let file = FormPart::bytes(bytes).file_name(attachment.name.clone());
        let form = Form::new().text("chat_id", place.chat.to_string()).part(field, file);
        let upload = Self { method, form };
        Ok(match place.thread {
            Some(thread) => upload.with("message_thread_id", thread.to_string()),
            None => upload,
        })
    }

    /// The words below it; too long ones are left out rather than the file.
    pub fn caption(self, rendered: Rendered) -> Result<Self, SendError> {
        if rendered.text.trim().is_empty() || rendered.units > CAPTION {
            return Ok(self);
        }
        let this = self.with("caption", rendered.text);
        if rendered.entities.is_empty() { Ok(this) } else { this.json("caption_entities", &rendered.entities) }
    }

    pub fn particulars(
        self,
        part: &Part,
        reply: Option<&ReplyParameters>,
        keyboard: Option<&InlineKeyboardMarkup>,
    ) -> Result<Self, SendError> {
        let mut this = if part.silent { self.with("disable_notification", "true".to_owned()) } else { self };
        if let Some(reply) = reply {
            this = this.json("reply_parameters", reply)?;
        }
        match keyboard {
            Some(keyboard) => this.json("reply_markup", keyboard),
            None => Ok(this),
        }
    }

    pub fn into_form(self) -> Form {
        self.form
    }

    fn with(self, name: &'static str, value: String) -> Self {
        Self { form: self.form.text(name, value), ..self }
    }

    fn json<T: Serialize>(self, name: &'static str, value: &T) -> Result<Self, SendError> {
        let text = serde_json::to_string(value).map_err(|error| SendError::Rejected(error.to_string()))?;
        Ok(self.with(name, text))
    }
}
