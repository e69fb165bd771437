//! The adapter's tests: parsing and rendering on their own, polling and sending against the Telegram fake.

mod gateway;
mod inbound;
mod polling;
mod render;
mod sending;
