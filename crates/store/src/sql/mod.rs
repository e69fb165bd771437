//! One file per table: its statements, its row, and what is done with it.
//!
//! Statements are constants that every connection prepares once and keeps; [`all`] lists them for the test that
//! prepares each on both databases.

pub(crate) mod apply;
pub(crate) mod approval;
pub(crate) mod away;
pub(crate) mod codebase;
pub(crate) mod codec;
pub(crate) mod conversation;
pub(crate) mod inbound;
pub(crate) mod lane;
pub(crate) mod node;
pub(crate) mod outbox;
pub(crate) mod pairing;
pub(crate) mod run;
pub(crate) mod sender;
pub(crate) mod session;
pub(crate) mod snapshot;
pub(crate) mod sweep;
pub(crate) mod turn;
pub(crate) mod usage;

use crate::conn::Sql;

/// Every statement that is sent to a migrated database.
#[must_use]
pub fn all() -> Vec<Sql> {
    [
        approval::ALL,
        away::ALL,
        codebase::ALL,
        conversation::ALL,
        inbound::ALL,
        lane::ALL,
        node::ALL,
        outbox::ALL,
        pairing::ALL,
        run::ALL,
        sender::ALL,
        session::ALL,
        sweep::ALL,
        turn::ALL,
        usage::ALL,
    ]
    .concat()
}
