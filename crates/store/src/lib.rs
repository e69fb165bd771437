//! The sqlx repositories for SQLite and PostgreSQL behind one API.
//!
//! | module | what |
//! | --- | --- |
//! | [`store`] | [`store::Store`]: open, migrate, read, commit |
//! | [`change`] | [`change::Change`]: everything that can be written for a conversation, as plain data |
//! | [`error`] | [`error::StoreError`]: what can go wrong, named for what the caller can do |
//! | [`record`] | rows that are no entity of `core`: lanes, inbound rows, parts, runs |
//! | [`sql`] | one file per table: its statements, its row, and what is done with it |
//! | [`conn`] | one SQL text for two databases |
//! | `script` | many statements in one call to SQLite |
//! | `job` | transactions as plain data, so that they can be gathered and run again |
//! | `lite` | SQLite: file lock, group commit on one writer, readers |
//! | `pg` | PostgreSQL: pool, the node's lease, wake-ups |

pub mod change;
#[doc(hidden)]
pub mod conn;
mod counters;
pub mod error;
mod job;
mod lite;
mod pg;
pub mod record;
mod script;
#[doc(hidden)]
pub mod sql;
pub mod store;
