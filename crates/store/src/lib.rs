//! The sqlx repositories for SQLite and PostgreSQL behind one API.
//!
//! | module | what |
//! | --- | --- |
//! | [`store`] | [`store::Store`]: open, migrate, read, commit |
//! | [`change`] | [`change::Change`]: everything that can be written, as plain data |
//! | [`error`] | [`error::StoreError`]: what can go wrong, named for what the caller can do |
//! | [`record`] | rows that are no entity of `core`: lanes, inbound rows, parts, runs |

pub mod change;
pub mod error;
pub mod record;
pub mod store;
