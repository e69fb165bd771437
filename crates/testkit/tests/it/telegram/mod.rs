//! The Telegram fake: what it refuses, and that a client it was not written for works against it.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

mod counter_client;
mod refusals;
