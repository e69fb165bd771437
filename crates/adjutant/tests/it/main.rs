//! The whole, through its front door: the real binary between strict fakes of the platforms and scripted assistants.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something is not as it should be")]

mod access;
mod approvals;
mod assistant_faults;
mod conversation;
mod git_server;
mod harness;
mod limits;
mod newcomer;
mod real_claude;
mod restart;
mod send_faults;
mod spec_dialogues;
