//! What Telegram sends: no update is taken for more than it is, and the confirmed number is the highest.
#![no_main]

use adjutant_telegram::{Identity, inbound};
use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|updates: &[u8]| {
    let one = |_| serde_json::from_slice::<Box<RawValue>>(updates).map(|update| vec![update]);
    let Ok(updates) = serde_json::from_slice::<Vec<Box<RawValue>>>(updates).or_else(one) else { return };
    let me = Identity { id: 1, username: "adjutant_bot".to_owned(), can_read_all_group_messages: false };
    let _ = inbound::needs_identity(&updates);
    let batch = inbound::parse(&updates, Some(&me), DateTime::UNIX_EPOCH);
    // The pieces of an album or of a long text are one message.
    assert!(batch.messages.len() + batch.ignored as usize <= updates.len());
    let number = |update: &RawValue| serde_json::from_str::<serde_json::Value>(update.get()).ok()?["update_id"].as_i64();
    assert!(updates.iter().filter_map(|update| number(update)).all(|id| batch.last.is_some_and(|last| last >= id)));
});
