//! The server through its front door: a real port, a stub of the gateway behind it.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test waits for real programs and ends where something is not as it should be"
)]

mod access;
mod browser;
mod console;
mod control;
mod events;
mod files;
mod limits;
mod names;
mod page;
mod stage;
mod token;
