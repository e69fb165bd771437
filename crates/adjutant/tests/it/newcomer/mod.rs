//! The first hour of somebody who has just built the gateway: no platform, no assistant, an empty configuration.

mod api;
mod chat;
mod page;
mod retention;
mod stage;
