//! What went wrong, in terms of what to do: the table of the program's errors, each with the sentence people read.
//!
//! The facts come from the recordings in `tests/fixtures/claude` (cases 11 and 20 to 31).

use adjutant_core::assistant::{FailureClass, Outcome};
use chrono::{DateTime, Utc};

use super::protocol::TurnResult;

/// The most characters of the program's own words in a sentence of ours.
const QUOTED: usize = 300;

/// What is said when no request was made for want of a login. With a status, the provider has refused one.
const NOT_LOGGED_IN: &str =
    "Claude is not logged in on this machine. Set `CLAUDE_API_KEY` or log in once with `claude`, then try again.";

/// What is known about a failed turn beside its result.
#[derive(Debug, Default)]
pub struct Circumstances<'a> {
    /// `assistant.error` of the turn, for example `rate_limit`.
    pub error: Option<&'a str>,
    /// The provider refused because the plan's limit is used up, until this time if known.
    pub rejected: bool,
    pub resets_at: Option<DateTime<Utc>>,
    /// A person asked to stop.
    pub interrupted: bool,
}

/// How a turn ended.
pub fn outcome(result: &TurnResult, circumstances: &Circumstances<'_>) -> Outcome {
    let reason = result.terminal_reason.as_deref().unwrap_or_default();
    if reason.starts_with("aborted") {
        return Outcome::Interrupted;
    }
    if !result.is_error && !result.subtype.starts_with("error") {
        return Outcome::Completed;
    }
    let class = class(result, circumstances);
    if class == FailureClass::Other && circumstances.interrupted && result.subtype == "error_during_execution" {
        return Outcome::Interrupted;
    }
    if class == FailureClass::Authentication && result.api_error_status.is_none() {
        return Outcome::Failed { class, message: NOT_LOGGED_IN.to_owned() };
    }
    Outcome::Failed { class, message: sentence(class, &own_words(result), circumstances.resets_at) }
}

/// The class of an `api_retry`.
pub fn retry_class(status: Option<u16>, error: Option<&str>) -> FailureClass {
    class_of_status(status).or_else(|| error.and_then(class_of_name)).unwrap_or(FailureClass::Network)
}

/// What is said when the process ended without a result.
pub fn crashed(status: &str, stderr: &str) -> Outcome {
    if stderr.contains("No conversation found with session ID") {
        return failed(FailureClass::SessionLost, "");
    }
    if stderr.contains("cannot be used with root/sudo privileges") {
        return Outcome::Failed {
            class: FailureClass::Other,
            message: "Claude refuses permission mode `trust` as root. Choose another mode, or set `ADJUTANT_RUN_AS`."
                .to_owned(),
        };
    }
    let tail = quoted(last_line(stderr));
    let said = if tail.is_empty() { String::new() } else { format!(" It last said: {tail}") };
    Outcome::Failed {
        class: FailureClass::Crashed,
        message: format!("Claude ended in the middle of the turn ({status}). The session is kept; try again.{said}"),
    }
}

/// The failure of a class, with the sentence for it.
pub fn failed(class: FailureClass, words: &str) -> Outcome {
    Outcome::Failed { class, message: sentence(class, words, None) }
}

fn class(result: &TurnResult, circumstances: &Circumstances<'_>) -> FailureClass {
    if result.errors.iter().any(|error| error.contains("No conversation found with session ID")) {
        return FailureClass::SessionLost;
    }
    match (result.subtype.as_str(), result.terminal_reason.as_deref().unwrap_or_default()) {
        ("error_max_turns" | "error_max_budget_usd", _) | (_, "max_turns" | "budget_exhausted") => {
            return FailureClass::Limit;
        }
        (_, "blocking_limit" | "image_error") => return FailureClass::ContextFull,
        _ => {}
    }
    let words = own_words(result);
    if circumstances.rejected || is_plan_limit(&words) {
        return FailureClass::Quota;
    }
    if words.contains("Prompt is too long") {
        return FailureClass::ContextFull;
    }
    class_of_status(result.api_error_status)
        .or_else(|| circumstances.error.and_then(class_of_name))
        .unwrap_or(FailureClass::Other)
}

fn class_of_status(status: Option<u16>) -> Option<FailureClass> {
    Some(match status? {
        401 | 403 => FailureClass::Authentication,
        402 => FailureClass::Quota,
        404 => FailureClass::ModelUnknown,
        413 => FailureClass::ContextFull,
        429 => FailureClass::RateLimit,
        408 | 500.. => FailureClass::Network,
        _ => return None,
    })
}

/// The names in `assistant.error` and `api_retry.error`.
fn class_of_name(name: &str) -> Option<FailureClass> {
    Some(match name {
        "authentication_failed" | "oauth_org_not_allowed" => FailureClass::Authentication,
        "billing_error" => FailureClass::Quota,
        "rate_limit" => FailureClass::RateLimit,
        "model_not_found" => FailureClass::ModelUnknown,
        "server_error" | "overloaded" | "unknown" => FailureClass::Network,
        _ => return None,
    })
}

/// A used-up plan says "You've hit your 5-hour limit" and the like.
fn is_plan_limit(words: &str) -> bool {
    words.contains("hit your") && words.contains("limit") || words.contains("usage limit reached")
}

fn sentence(class: FailureClass, words: &str, resets_at: Option<DateTime<Utc>>) -> String {
    let words = quoted(words);
    let fact = match class {
        FailureClass::NotInstalled => "Claude Code is not installed on this machine.",
        FailureClass::Authentication => {
            "Claude's login was refused. Check `CLAUDE_API_KEY` or `CLAUDE_OAUTH_TOKEN`, then try again."
        }
        FailureClass::RateLimit => "Claude's provider refuses further requests for now. Try again in a minute.",
        FailureClass::Quota => {
            return resets_at.map_or_else(
                || "Claude's limit is reached. Try again when the plan allows it.".to_owned(),
                |at| format!("Claude's limit is reached until {} UTC. Try again then.", at.format("%-d %b, %H:%M")),
            );
        }
        FailureClass::ContextFull => "The session does not fit into the model any more. /new starts a fresh one.",
        FailureClass::SessionLost => "Claude does not know this session any more. /new starts a fresh one.",
        FailureClass::ModelUnknown => {
            "Claude's provider does not know this model. /model chooses another; `CLAUDE_MODEL` is the default."
        }
        FailureClass::Network => "Claude's provider could not be reached or had a fault. Try again in a minute.",
        FailureClass::Limit => "The turn reached its limit of steps or money. \"continue\" goes on.",
        FailureClass::Stalled => "Nothing was heard from Claude for too long. Try again.",
        FailureClass::MachineRestarted => {
            "The machine restarted while this ran. What had arrived is above. \"continue\" goes on in the same session."
        }
        FailureClass::Crashed => "Claude ended in the middle of the turn. The session is kept; try again.",
        FailureClass::Other => "Claude could not finish the turn. Try again, or /new starts a fresh session.",
    };
    if adds_something(class, &words) { format!("{fact} It said: {words}") } else { fact.to_owned() }
}

/// Where the program's own words help to find the cause.
fn adds_something(class: FailureClass, words: &str) -> bool {
    let known = words.contains("Not logged in");
    !words.is_empty()
        && !known
        && matches!(
            class,
            FailureClass::Authentication
                | FailureClass::RateLimit
                | FailureClass::ModelUnknown
                | FailureClass::Network
                | FailureClass::Limit
                | FailureClass::Other
        )
}

fn own_words(result: &TurnResult) -> String {
    let words = result.result.as_deref().filter(|text| !text.is_empty());
    words.map_or_else(|| result.errors.join("; "), str::to_owned)
}

fn last_line(text: &str) -> &str {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// One line, bounded, without control characters and without anything that looks like a key.
fn quoted(words: &str) -> String {
    let line: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let redacted: Vec<_> = line.split_whitespace().map(redact).collect();
    let text = redacted.join(" ");
    if text.chars().count() <= QUOTED {
        return text;
    }
    let mut cut: String = text.chars().take(QUOTED - 1).collect();
    cut.push('…');
    cut
}

/// Keys of the vendor start with `sk-`; a word that holds one is not repeated.
fn redact(word: &str) -> &str {
    if word.contains("sk-ant-") { "•••" } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_quotes_the_last_line_of_stderr_without_keys() {
        let Outcome::Failed { class, message } = crashed("exit code 1", "noise\nbad key sk-ant-api03-abc here\n\n")
        else {
            panic!("a crash fails");
        };
        assert_eq!(class, FailureClass::Crashed);
        assert!(message.contains("It last said: bad key ••• here"), "{message}");
    }

    #[test]
    fn a_plan_limit_without_a_reset_time_is_still_a_quota() {
        let result = TurnResult {
            subtype: "success".into(),
            is_error: true,
            result: Some("You've hit your 5-hour limit".into()),
            api_error_status: Some(429),
            ..TurnResult::default()
        };
        let Outcome::Failed { class, .. } = outcome(&result, &Circumstances::default()) else { panic!("it fails") };
        assert_eq!(class, FailureClass::Quota);
    }
}
