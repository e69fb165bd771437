//! The console's side of the platform port. Nothing here can be throttled, blocked or ambiguous: what was written to
//! the transcript was sent.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use adjutant_core::kind::PlatformKind;
use adjutant_core::message::{ConversationKey, DeliveryId, IncomingFile, MessageRef};
use adjutant_core::platform::{Budget, Capabilities, Pace, Part, Platform, Preview, SendError, Sign};
use async_trait::async_trait;
use uuid::Uuid;

use super::entry::{Entry, Passing};
use super::live::State;
use super::{ConsolePlatform, Conversation, parse_id};

/// As fast as a person can read a growing text; a page redraws no faster.
const PACE: Pace = Pace {
    first: Duration::ZERO,
    floor: Duration::from_millis(60),
    start: Duration::from_millis(60),
    max: Duration::from_secs(1),
    chars: 1,
    oldest: Duration::from_secs(1),
};

#[async_trait]
impl Platform for ConsolePlatform {
    fn kind(&self) -> PlatformKind {
        PlatformKind::Console
    }

    fn capabilities(&self, _conversation: &ConversationKey) -> Capabilities {
        Capabilities {
            preview: Preview::Edit(PACE),
            buttons: true,
            reactions: true,
            status_fades: Some(Duration::from_secs(10)),
            part_limit: 32_000,
            parts_before_overflow: 64,
            attachment_limit: None,
            download_limit: Some(super::LIMIT),
            budget: Budget { buckets: Vec::new() },
            renotify_after: None,
        }
    }

    fn measure(&self, text: &str) -> usize {
        text.chars().count()
    }

    async fn send(&self, to: &ConversationKey, part: &Part) -> Result<MessageRef, SendError> {
        let id = Uuid::now_v7().simple().to_string();
        let entry = Entry::Part { id: id.clone(), part: part.clone() };
        self.write(to, |state| state.record(entry)).await?;
        Ok(MessageRef(id))
    }

    async fn edit(&self, to: &ConversationKey, at: &MessageRef, part: &Part) -> Result<(), SendError> {
        let (id, part) = (at.0.clone(), part.clone());
        self.write(to, |state| if state.shows(&id, &part) { Ok(()) } else { state.record(Entry::Part { id, part }) })
            .await
    }

    async fn delete(&self, to: &ConversationKey, at: &MessageRef) -> Result<(), SendError> {
        let entry = Entry::Delete { id: at.0.clone() };
        self.write(to, |state| state.record(entry)).await
    }

    async fn react(&self, to: &ConversationKey, at: &MessageRef, sign: Option<Sign>) -> Result<(), SendError> {
        let entry = Entry::Reaction { id: at.0.clone(), sign: sign.map(Into::into) };
        self.write(to, |state| state.record(entry)).await
    }

    async fn status(&self, to: &ConversationKey) -> Result<(), SendError> {
        self.write(to, |state| state.pass(Passing::Status)).await
    }

    fn keeps_messages(&self) -> bool {
        true
    }

    async fn forget(&self, to: &ConversationKey) -> Result<(), SendError> {
        self.delete_transcript(to).await.map_err(|error| SendError::NotSent(error.to_string()))
    }

    async fn fetch(&self, file: &IncomingFile) -> Result<Vec<u8>, SendError> {
        self.read_file(&file.reference).await.map_err(|error| SendError::Rejected(error.to_string()))
    }

    async fn acknowledge(&self, press: &DeliveryId) -> Result<(), SendError> {
        // Deliveries of the console are named `<conversation>/<press>`.
        let Some((conversation, press)) = press.0.split_once('/') else {
            return Err(SendError::Rejected(format!("`{}` is no delivery of the console", press.0)));
        };
        let passing = Passing::Acknowledged { press: press.to_owned() };
        self.write(&ConversationKey(conversation.to_owned()), |state| state.pass(passing)).await
    }
}

impl ConsolePlatform {
    async fn write<F>(&self, to: &ConversationKey, work: F) -> Result<(), SendError>
    where
        F: FnOnce(&mut State) -> io::Result<()> + Send + 'static,
    {
        let id = parse_id(&to.0).ok_or_else(|| SendError::Rejected(format!("`{}` is no conversation", to.0)))?;
        let conversation: Arc<Conversation> = self.conversation(id);
        conversation.change(work).await.map_err(|error| SendError::NotSent(error.to_string()))
    }
}
