//! What a person writes or presses: committed by the intake first, then part of the transcript.

use std::io;
use std::sync::Arc;

use adjutant_core::intake::{Intake, IntakeClosed};
use adjutant_core::kind::PlatformKind;
use adjutant_core::message::{
    Author, ConversationKey, DeliveryId, InboundContent, InboundMessage, IncomingFile, MessageRef, Sender,
};
use uuid::Uuid;

use super::entry::Entry;
use super::{ConsolePlatform, blocking};

/// The id of the one person the console knows: whoever holds the token or a session cookie.
pub const OPERATOR: &str = "operator";

/// What a person did.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    Text { text: String, files: Vec<IncomingFile> },
    Press(String),
}

/// Why it was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostError {
    #[error(transparent)]
    Closed(#[from] IntakeClosed),
    #[error("the transcript cannot be used: {0}")]
    Transcript(#[from] io::Error),
}

impl ConsolePlatform {
    /// Hands it to the intake. When this has returned, it is committed; the same `client_id` again changes nothing.
    ///
    /// # Errors
    /// When the intake did not take it. Nothing has happened then, and the same may be tried again.
    pub(crate) async fn post(
        &self,
        intake: Arc<dyn Intake>,
        conversation: Uuid,
        client_id: Option<String>,
        said: Said,
    ) -> Result<String, PostError> {
        let console = self.clone();
        // In a task of its own: a client that hangs up in between must not keep an accepted message out of the
        // transcript.
        tokio::spawn(async move { console.accept(&*intake, conversation, client_id, said).await })
            .await
            .map_err(io::Error::other)?
    }

    async fn accept(
        &self,
        intake: &dyn Intake,
        id: Uuid,
        client_id: Option<String>,
        said: Said,
    ) -> Result<String, PostError> {
        let conversation = self.conversation(id);
        // Locked until the message is written: an answer that comes at once must stand below it.
        let mut state = conversation.lock().await;
        let message = client_id.clone().unwrap_or_else(|| Uuid::now_v7().simple().to_string());
        if client_id.is_some() {
            let wanted = message.clone();
            let known;
            (state, known) = blocking(move || {
                let known = state.has_inbound(&wanted)?;
                Ok((state, known))
            })
            .await?;
            if known {
                return Ok(message);
            }
        }
        intake.accept(vec![self.inbound(id, &message, &said)]).await?;
        let entry = match said {
            Said::Text { text, files } => {
                let files = files.into_iter().map(|file| file.name).collect();
                Entry::User { id: message.clone(), text, files }
            }
            Said::Press(token) => Entry::Press { id: message.clone(), token },
        };
        if let Err(error) = conversation.change_locked(state, |state| state.record(entry)).await {
            // It is accepted and will be answered; only the page will not show the question again.
            tracing::error!(conversation = %id, %error, "cannot write transcript of `{id}`");
        }
        Ok(message)
    }

    fn inbound(&self, id: Uuid, message: &str, said: &Said) -> InboundMessage {
        let (content, reference) = match said {
            Said::Text { text, files } => {
                let (text, files) = (text.clone(), files.clone());
                let content = InboundContent::Text { text, quote: None, quoted: None, author: Author::Unknown, files };
                (content, Some(MessageRef(message.to_owned())))
            }
            Said::Press(token) => (InboundContent::Button { token: token.clone() }, None),
        };
        InboundMessage {
            platform: PlatformKind::Console,
            delivery: DeliveryId(format!("{id}/{message}")),
            conversation: ConversationKey(id.to_string()),
            sender: Sender { id: OPERATOR.to_owned(), name: "Operator".to_owned() },
            message: reference,
            sent_at: self.inner.clock.now(),
            content,
        }
    }
}
