//! The server through its front door: a real port, a stub of the gateway behind it.

mod access;
mod browser;
mod console;
mod control;
mod events;
mod limits;
mod page;
mod stage;
mod token;
