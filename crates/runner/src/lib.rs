//! Runs that outlive the gateway: a detached process, the *runner*, holds one assistant process, spools what it says,
//! and lets a gateway attach, go away, and attach again.
//!
//! - [`early_main`], [`run_if_asked`], [`fork_server`]: what `main` calls before anything else.
//! - [`Launcher`] starts a run from a [`RunSpec`]; [`attach`] finds one again. Both give a [`Connection`].
//! - [`probe`], [`read_spool`], [`remove`]: what becomes of a run whose runner is gone.
//!
//! The runner knows no protocol of any assistant: it moves bytes. Inside, `hold` is the runner process, `wire` what is
//! said over its socket, `directory` what lies in the run's directory, and `sys` the only place with `unsafe`.

mod connection;
mod control;
mod directory;
mod fork_server;
mod frames;
mod hold;
mod launcher;
mod leftover;
mod spec;
mod spool;
mod sys;
mod wire;

pub use connection::{AttachError, Connection, Event, Incoming, attach, end};
pub use control::{Control, Gone, Written};
pub use directory::{Found, probe, remove};
pub use fork_server::{ForkServer, early_main, fork_server, run_if_asked};
pub use launcher::{Launcher, StartError, StartFailure};
pub use leftover::{Leftover, read_spool};
pub use spec::{KeyedLine, Limits, RunAs, RunSpec};
pub use sys::harden_process;
pub use wire::{Exit, Status};
