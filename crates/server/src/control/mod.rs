//! The control socket: how the command line talks to a running gateway. Whoever can open the file (0600, in the data
//! directory) may do all of this, so nothing else is checked.

mod api;
mod client;
mod server;
mod socket;

pub use api::{Api, Events};
pub use client::{ControlError, Request, call};
pub(crate) use server::router;
pub(crate) use socket::{bind, remove};
