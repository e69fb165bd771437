//! The whole, through its front door: the real binary between strict fakes of the platforms and scripted assistants.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, waits for real ones, and ends where something is not as it should be"
)]

mod a_day;
mod access;
mod approvals;
mod assistant_faults;
mod attacks;
mod choices;
mod commands;
mod conversation;
mod coverage;
mod directories;
mod edits;
mod fences;
mod files_in;
mod files_out;
mod footers;
mod forget;
mod git_server;
mod harness;
mod limits;
mod long_replies;
mod menus;
mod newcomer;
mod operator;
mod provider_limits;
mod questions;
mod real_claude;
mod restart;
mod robust;
mod rooms;
mod run_as;
mod secrets;
mod send_faults;
mod spec_dialogues;
mod steering;
mod trying_again;
mod watchdogs;
