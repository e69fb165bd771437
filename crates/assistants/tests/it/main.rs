//! The assistants through their port: recordings, a scripted program under a real runner, and the real Claude Code.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "tests look for tools in their environment and run Git themselves")]

mod claude_cli;
mod demo;
mod faults;
mod permissions;
mod recovery;
mod replay;
mod support;
mod turns;
