#![doc = include_str!("../README.md")]

pub mod adapter;
pub mod client;
pub mod config;
pub mod failure;
pub mod health;
pub mod inbound;
pub mod render;

mod address;
mod draft;
mod files;
mod gather;
mod keys;
mod menu;
mod outbound;
mod poll;
mod rich;
mod wire;

pub use adapter::{Identity, Telegram, TelegramError};
pub use config::{Format, TelegramConfig};
pub use health::{HealthSnapshot, TelegramHealth};
