//! Errors that are shown to people as they stand.

use std::fmt;

/// An error written for the person who caused it: what is wrong, with thing and value in backticks, and what to
/// do next. Every other error becomes "Something went wrong on my side (reference …)".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserError {
    /// The fact, one sentence.
    pub message: String,
    /// The next step, one sentence; empty if the message says it already.
    pub hint: String,
}

impl UserError {
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.hint.is_empty() {
            write!(f, " {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for UserError {}
