//! Test doubles of the outside world. Nothing here is shipped.

pub mod anthropic;
pub mod browser;
pub mod scripted;
pub mod telegram;
