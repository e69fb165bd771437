//! From an accepted message to a delivered reply: dispatcher, slash commands, sessions, turns, delivery.
//!
//! | module | what |
//! | --- | --- |
//! | [`orchestrator`] | [`orchestrator::Orchestrator`]: start, stop, what the operator may do |
//! | [`intake`] | who is admitted; strangers; the commit before "received" |
//! | [`dispatcher`] | one actor per active conversation |
//! | [`actor`] | a conversation: its line, its turn, its session and run |
//! | [`commands`] | slash commands, one file each |
//! | [`language`] [`registry`] | how commands are written; command files of a codebase |
//! | [`reply`] [`delivery`] [`outbound`] | text into parts, parts onto the platform |
//! | [`uploads`] `handed` | the files people send, and those they get |
//! | `fence` | text of others in a prompt |
//! | `footer` | whether a command ran the tests |
//! | [`binding`] | how a directory becomes a codebase |
//! | [`words`] | every sentence the product says |
//! | [`context`] [`settings`] [`assistants`] [`people`] [`slots`] [`directories`] [`live`] [`metrics`] | what conversations share |
//!
//! No HTTP happens here, and no platform or assistant is known by name.

pub mod actor;
pub mod assistants;
pub mod binding;
pub mod buttons;
pub mod commands;
pub mod context;
pub mod delivery;
pub mod directories;
pub mod dispatcher;
pub mod fault;
mod fence;
mod footer;
mod handed;
pub mod intake;
pub mod language;
pub mod live;
pub mod metrics;
pub mod orchestrator;
pub mod outbound;
pub mod people;
pub mod registry;
pub mod reply;
pub mod settings;
pub mod slots;
mod system_prompt;
pub mod uploads;
pub mod words;
