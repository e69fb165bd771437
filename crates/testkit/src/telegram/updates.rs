//! `getUpdates`: what confirms, what comes again, who may poll.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Inner;
use super::http::LONGEST_POLL;
use super::methods::Refusal;
use super::state::State;

/// Answers at once when something waits, else when something comes or the time is over.
///
/// # Errors
/// 409 while a webhook is set, or when another poll has come in.
pub async fn get(inner: &Inner, params: &Map<String, Value>) -> Result<Value, Refusal> {
    let number = |name: &str| params.get(name).and_then(Value::as_i64);
    let mut changed = inner.changed.subscribe();
    let (poll, clock) = begin(&mut inner.state(), params)?;
    // A poll that was waiting learns that it has been pushed out.
    inner.changed.send_modify(|count| *count += 1);
    let limit = usize::try_from(number("limit").unwrap_or(100)).unwrap_or(100);
    let seconds = u64::try_from(number("timeout").unwrap_or(0)).unwrap_or(0);
    let deadline = clock.monotonic() + Duration::from_secs(seconds).min(LONGEST_POLL);
    loop {
        changed.mark_unchanged();
        if let Some(updates) = take(&mut inner.state(), poll, limit)? {
            return Ok(updates.into());
        }
        tokio::select! {
            _ = changed.changed() => {}
            () = clock.sleep_until(deadline) => return Ok(Value::Array(Vec::new())),
        }
    }
}

fn begin(state: &mut State, params: &Map<String, Value>) -> Result<(u64, adjutant_core::clock::Clock), Refusal> {
    if state.webhook.is_some() {
        let words =
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
        return Err(conflict(words));
    }
    if let Some(allowed) = params.get("allowed_updates").and_then(Value::as_array) {
        let names: Vec<_> = allowed.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        state.updates.allowed = (!names.is_empty()).then_some(names);
    }
    let updates = &mut state.updates;
    match params.get("offset").and_then(Value::as_i64).unwrap_or(0) {
        0 => {}
        offset if offset > 0 => {
            updates.waiting.retain(|update| update["update_id"].as_i64().is_some_and(|id| id >= offset));
        }
        // A negative offset keeps that many from the end.
        offset => {
            let keep = usize::try_from(-offset).unwrap_or(usize::MAX);
            let forget = updates.waiting.len().saturating_sub(keep);
            updates.waiting.drain(..forget);
        }
    }
    updates.poll += 1;
    Ok((updates.poll, state.clock.clone()))
}

fn take(state: &mut State, poll: u64, limit: usize) -> Result<Option<Vec<Value>>, Refusal> {
    let updates = &mut state.updates;
    if updates.poll != poll {
        return Err(conflict(
            "terminated by other getUpdates request; make sure that only one bot instance is running",
        ));
    }
    let mut batch = std::mem::take(&mut updates.again);
    batch.extend(updates.waiting.iter().take(limit).cloned());
    Ok((!batch.is_empty()).then_some(batch))
}

fn conflict(description: &str) -> Refusal {
    Refusal { code: 409, description: description.to_owned(), parameters: None }
}
