//! The console in a real browser: what a person sees, clicks and types.
//!
//! Needs Chromium (`chromium` on the path, or its path in `CHROMIUM`). With `CONSOLE_SCREENSHOTS` naming a folder, each
//! test leaves pictures there.

mod desk;
mod files;
mod hostile;
mod journey;
mod markdown;
mod reconnect;
