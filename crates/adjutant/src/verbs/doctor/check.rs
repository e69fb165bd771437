//! One thing that was looked at.

use std::fmt;

use serde::Serialize;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub state: State,
    /// What is, or what is wrong.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// Not switched on; no fault.
    Off,
    /// It works, and somebody should look at it.
    Warning,
    /// It is switched on and does not work.
    Problem,
}

impl Check {
    pub fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, state: State::Ok, detail: detail.into(), hint: None }
    }

    pub fn off(name: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, state: State::Off, detail: detail.into(), hint: next_step(hint) }
    }

    pub fn warning(name: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, state: State::Warning, detail: detail.into(), hint: next_step(hint) }
    }

    pub fn problem(name: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, state: State::Problem, detail: detail.into(), hint: next_step(hint) }
    }

    /// An error whose sentence says what to do.
    pub fn failed(name: &'static str, error: impl fmt::Display) -> Self {
        Self { name, state: State::Problem, detail: error.to_string(), hint: None }
    }
}

fn next_step(hint: impl Into<String>) -> Option<String> {
    Some(hint.into()).filter(|hint| !hint.is_empty())
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.state {
            State::Ok => '✓',
            State::Off => '–',
            State::Warning => '⚠',
            State::Problem => '✗',
        };
        write!(f, "{sign} {:<10} {}", self.name, self.detail)?;
        match &self.hint {
            Some(hint) => write!(f, " {hint}"),
            None => Ok(()),
        }
    }
}
