//! The runner as its gateway sees it, with small shell scripts as children.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "real processes are started, and they keep their own time")]

mod ends;
mod gateway;
mod limits;
mod start;
mod stream;
mod support;
mod surroundings;
