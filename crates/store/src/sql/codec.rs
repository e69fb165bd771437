//! Between stored text and closed types.

use std::borrow::Cow;

use adjutant_core::conversation::ReplyMode;
use adjutant_core::kind::{AssistantKind, PlatformKind};
use adjutant_core::session::EndReason;
use adjutant_core::turn::TurnState;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::record::{InboundState, PartKind, PartState};

/// A closed list that is stored as text.
pub(crate) trait Stored: Copy {
    fn stored(self) -> &'static str;
    fn restore(text: &str) -> Option<Self>;
}

/// Lists the variants in one place; a stored word never changes.
macro_rules! stored {
    ($($kind:ident { $($variant:ident = $text:literal),+ $(,)? })+) => {$(
        impl Stored for $kind {
            fn stored(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            fn restore(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

stored! {
    InboundState { Received = "received", Queued = "queued", Running = "running", Done = "done", Dead = "dead" }
    PartKind { Reply = "reply", Approval = "approval", Notice = "notice", Pairing = "pairing" }
    PartState { Open = "open", Pending = "pending", Sending = "sending", Sent = "sent", Dead = "dead" }
    TurnState { Running = "running", Completed = "completed", Interrupted = "interrupted", Failed = "failed" }
    ReplyMode { Stream = "stream", Batch = "batch", Quiet = "quiet" }
    EndReason {
        Reset = "reset",
        DirectoryChanged = "directory_changed",
        CodebaseChanged = "codebase_changed",
        AssistantChanged = "assistant_changed",
        FreshContext = "fresh_context",
        Resumed = "resumed",
        Lost = "lost",
        Closed = "closed",
        Forgotten = "forgotten",
    }
}

impl Stored for PlatformKind {
    fn stored(self) -> &'static str {
        self.as_str()
    }

    fn restore(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Stored for AssistantKind {
    fn stored(self) -> &'static str {
        self.as_str()
    }

    fn restore(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Names the column of a value that cannot be read.
pub(crate) fn unreadable(table: &'static str, column: &str) -> StoreError {
    StoreError::Decode { table, column: column.to_owned() }
}

pub(crate) fn restore<T: Stored>(table: &'static str, column: &str, text: &str) -> Result<T, StoreError> {
    T::restore(text).ok_or_else(|| unreadable(table, column))
}

pub(crate) fn restore_optional<T: Stored>(
    table: &'static str,
    column: &str,
    text: Option<&str>,
) -> Result<Option<T>, StoreError> {
    text.map(|text| restore(table, column, text)).transpose()
}

/// JSON for a TEXT column.
pub(crate) fn to_json<T: Serialize>(table: &'static str, column: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| unreadable(table, column))
}

/// JSON from a TEXT column; `None`: it was blanked.
pub(crate) fn from_json<T: DeserializeOwned>(
    table: &'static str,
    column: &str,
    text: &str,
) -> Result<Option<T>, StoreError> {
    if text.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(text).map(Some).map_err(|_| unreadable(table, column))
}

/// PostgreSQL's TEXT and JSONB cannot hold U+0000, which an assistant or a display name may contain.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// A count or offset that the database keeps as a signed number.
pub(crate) fn to_unsigned<T: TryFrom<i64>>(table: &'static str, column: &str, value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| unreadable(table, column))
}

/// The other way; beyond the signed range lies no offset or count that can exist.
pub(crate) fn to_signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
