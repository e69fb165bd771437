//! The closed lists of platforms and assistants.
//!
//! Only this crate and the binary's wiring may `match` on them; everything else asks for capabilities.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A value that is not in one of the closed lists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{value}`")]
pub struct UnknownKind {
    what: &'static str,
    value: String,
}

impl UnknownKind {
    pub(crate) fn new(what: &'static str, value: &str) -> Self {
        Self { what, value: value.to_owned() }
    }
}

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident, $what:literal, { $($variant:ident = $text:literal, $shown:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name {
            $(#[doc = $shown] $variant,)+
        }

        impl $name {
            /// Every kind, in the order in which they are offered.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored form, lower case.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The form shown to people.
            #[must_use]
            pub const fn shown(self) -> &'static str {
                match self {
                    $(Self::$variant => $shown,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownKind;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text.to_ascii_lowercase().as_str() {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(UnknownKind::new($what, text)),
                }
            }
        }
    };
}

kinds!(
    /// Where people write.
    PlatformKind, "platform", {
        Telegram = "telegram", "Telegram";
        Slack = "slack", "Slack";
        Github = "github", "GitHub";
        Console = "console", "Console";
    }
);

kinds!(
    /// Who answers.
    AssistantKind, "assistant", {
        Claude = "claude", "Claude";
        Codex = "codex", "Codex";
        Ollama = "ollama", "Ollama";
        Demo = "demo", "Demo";
    }
);
