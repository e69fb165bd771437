//! The coding assistants, each behind the port [`adjutant_core::assistant::Assistant`].
//!
//! | module | what |
//! | --- | --- |
//! | [`claude`] | Claude Code |
//! | [`demo`] | a scripted assistant that needs no account: speaks Claude's protocol |
//! | [`held`] | what they share: a process held by a runner, its lines and its recovery |
//!
//! A new assistant is one more folder with the same anatomy: `mod.rs` (the port), `launch.rs` (how to start it),
//! `protocol.rs` (wire types), `session.rs` (its [`held::codec::Codec`]), `errors.rs` (failures and their sentences).

pub mod claude;
pub mod demo;
pub mod held;
