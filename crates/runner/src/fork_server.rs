//! The fork server: a small single-threaded process split off at the very beginning of `main`.

use std::io;

/// A handle on the fork server. It ends when the last handle is gone; the runs it started do not.
#[derive(Debug, Clone)]
pub struct ForkServer {}

/// The first thing in `main`, before any thread: becomes a runner if asked, else splits off the fork server.
/// `None` if there can be none: runs are then started with [`crate::Launcher::with_program`].
pub fn early_main() -> Option<ForkServer> {
    run_if_asked();
    fork_server().ok()
}

/// Becomes a runner and never returns, if the first argument is `runner`; the run comes through stdin.
pub fn run_if_asked() {}

/// Splits off the fork server. No thread may exist yet.
///
/// # Errors
/// Whatever the system says; also when threads exist already.
pub fn fork_server() -> io::Result<ForkServer> {
    Err(io::Error::other("not there yet"))
}
