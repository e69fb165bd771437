//! The crate through its front door, with the machine's Git.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]

mod addresses;
mod attacks;
mod changes;
mod clones;
mod diffs;
mod files;
mod folders;
mod http;
mod inspection;
mod repository;
mod worktrees;
