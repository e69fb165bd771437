//! The adapter's tests: parsing and rendering on their own, polling and sending against the Telegram fake.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

mod gateway;
mod inbound;
mod polling;
mod render;
mod rich;
mod sending;
