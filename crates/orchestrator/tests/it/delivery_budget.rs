//! Token buckets: who goes first, who waits, and that idle ones cost nothing.

use std::time::{Duration, Instant};

use adjutant_core::clock::Clock;
use adjutant_core::platform::Bucket;
use adjutant_orchestrator::delivery::budget::{Budgets, Priority};

const SECOND: Duration = Duration::from_secs(1);

fn bucket(scope: &str, per_second: f64, burst: u32) -> Bucket {
    Bucket { scope: scope.to_owned(), per_second, burst }
}

fn start() -> Instant {
    Clock::System.monotonic()
}

/// Within a microsecond.
fn is_about(at: Instant, expected: Instant) -> bool {
    at.max(expected) - at.min(expected) < Duration::from_micros(1)
}

#[test]
fn rows_are_given_their_times_in_the_order_they_ask() {
    let (budgets, now) = (Budgets::default(), start());
    let buckets = [bucket("bot", 2.0, 2)];
    assert_eq!(budgets.reserve(&buckets, now), now);
    assert_eq!(budgets.reserve(&buckets, now), now);
    assert!(is_about(budgets.reserve(&buckets, now), now + SECOND / 2));
    assert!(is_about(budgets.reserve(&buckets, now), now + SECOND));
}

#[test]
fn what_may_be_dropped_leaves_a_third_to_rows() {
    let (budgets, now) = (Budgets::default(), start());
    let buckets = [bucket("bot", 1.0, 10)];
    let taken = std::iter::from_fn(|| budgets.try_take(&buckets, Priority::Preview, now).ok()).count();
    assert_eq!(taken, 6);
    assert!(budgets.try_take(&buckets, Priority::Status, now).is_err());
    assert!(budgets.try_take(&buckets, Priority::First, now).is_ok());
    assert!(budgets.try_take(&buckets, Priority::First, now).is_err());
    for _ in 0..3 {
        assert!(budgets.is_free(&buckets, now));
        assert_eq!(budgets.reserve(&buckets, now), now);
    }
    assert!(!budgets.is_free(&buckets, now));
}

#[test]
fn a_preview_in_a_small_bucket_leaves_one_call_for_a_row() {
    let (budgets, now) = (Budgets::default(), start());
    let buckets = [bucket("chat:1", 1.0, 2)];
    assert!(budgets.try_take(&buckets, Priority::Status, now).is_ok());
    assert!(budgets.try_take(&buckets, Priority::First, now).is_err());
    assert_eq!(budgets.reserve(&buckets, now), now);
}

#[test]
fn one_that_is_refused_is_told_when_to_ask_again_and_may_go_then() {
    let (budgets, now) = (Budgets::default(), start());
    let buckets = [bucket("bot", 0.5, 4)];
    while budgets.try_take(&buckets, Priority::Preview, now).is_ok() {}
    let again = budgets.try_take(&buckets, Priority::Preview, now).expect_err("it is empty");
    assert!(again > now);
    assert_eq!(budgets.try_take(&buckets, Priority::Preview, again), Ok(()));
}

#[test]
fn a_complaint_about_one_chat_stops_that_chat_a_tenth_longer_and_no_other() {
    let (budgets, now) = (Budgets::default(), start());
    let one = [bucket("bot", 30.0, 30), bucket("chat:1", 1.0, 3)];
    let two = [bucket("bot", 30.0, 30), bucket("chat:2", 1.0, 3)];
    budgets.block(&one, 100 * SECOND, now);
    assert!(!budgets.is_free(&one, now + 109 * SECOND));
    assert!(budgets.is_free(&one, now + 111 * SECOND));
    assert!(is_about(budgets.reserve(&one, now), now + 110 * SECOND));
    assert!(budgets.is_free(&two, now));
    assert_eq!(budgets.reserve(&two, now), now);
}

#[test]
fn a_complaint_where_there_is_only_one_scope_stops_it() {
    let (budgets, now) = (Budgets::default(), start());
    let token = [bucket("token", 1.0, 3)];
    budgets.block(&token, 10 * SECOND, now);
    assert!(!budgets.is_free(&token, now + 10 * SECOND));
    assert!(is_about(budgets.blocked_until(&token, now).expect("blocked"), now + 11 * SECOND));
}

#[test]
fn a_hundred_thousand_chats_that_were_quiet_again_are_forgotten() {
    let budgets = Budgets::default();
    let mut now = start();
    for chat in 0..100_000 {
        budgets.reserve(&[bucket("bot", 30.0, 30), bucket(&format!("chat:{chat}"), 1.0, 3)], now);
        now += SECOND / 30;
    }
    // Each chat is full again after a second, during which thirty others come.
    assert!(budgets.remembered() < 200, "{} remembered", budgets.remembered());
}

#[test]
fn a_blocked_bucket_is_not_forgotten() {
    let (budgets, now) = (Budgets::default(), start());
    let chat = [bucket("chat:1", 1.0, 3)];
    budgets.block(&chat, 1_000 * SECOND, now);
    for _ in 0..1_000 {
        budgets.reserve(&[bucket("chat:2", 1e6, 3)], now + SECOND);
    }
    assert!(!budgets.is_free(&chat, now + 500 * SECOND));
}
