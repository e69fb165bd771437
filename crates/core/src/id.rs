//! Typed identifiers. Database keys are UUIDs of version 7, so rows keep their order of insertion.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identifier that sorts after all earlier ones.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// The form shown to people: the kind of thing and the last six hex digits, which are random.
            #[must_use]
            pub fn short(&self) -> String {
                let hex = self.0.simple().to_string();
                format!(concat!($prefix, "_{}"), &hex[hex.len() - 6..])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id!(
    /// A conversation: one thread on one platform.
    ConversationId, "conversation"
);
uuid_id!(
    /// A codebase: one repository the gateway knows.
    CodebaseId, "codebase"
);
uuid_id!(
    /// A session: an assistant's resumable memory.
    SessionId, "sess"
);
uuid_id!(
    /// A turn: one prompt until the assistant is done.
    TurnId, "turn"
);
uuid_id!(
    /// A run: one process held by a runner.
    RunId, "run"
);
uuid_id!(
    /// A part: one outgoing platform message.
    PartId, "part"
);

/// An approval's number, short enough to be typed: `/approve 7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApprovalId(pub i64);

impl fmt::Display for ApprovalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The place of an inbound message in the order of everything that was ever accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InboundSeq(pub i64);
