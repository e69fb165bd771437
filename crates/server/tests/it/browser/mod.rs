//! The console in a real browser: what a person sees, clicks and types.
//!
//! Needs Chromium (`chromium` on the path, or its path in `CHROMIUM`). With `CONSOLE_SCREENSHOTS` naming a folder, each
//! test leaves pictures there.

#![expect(clippy::disallowed_methods, reason = "a real browser is a child with an environment, and has its own clock")]

mod driver;
mod hostile;
mod journey;
mod markdown;
