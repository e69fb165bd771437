//! What is passed to the store, and small reports it gives back.

use adjutant_core::clock::Clock;
use adjutant_core::id::CodebaseId;

/// How to open the store.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite://path`, `postgres://…` or `postgresql://…`.
    pub url: String,
    /// Unique per data directory: host name and a hash of the directory.
    pub node: String,
    pub clock: Clock,
    /// Connections for reading.
    pub readers: u32,
}

impl std::fmt::Debug for StoreOptions {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreOptions").field("node", &self.node).field("readers", &self.readers).finish_non_exhaustive()
    }
}

/// By what a codebase is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodebaseLookup<'a> {
    Id(CodebaseId),
    Name(&'a str),
    /// `codebase_1a2b3c` or the six digits alone.
    ShortId(&'a str),
    Url(&'a str),
    Path(&'a str),
}

/// What the sweep removed or blanked, in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepReport {
    pub inbound: u64,
    pub outbox: u64,
    pub approvals: u64,
    pub pairings: u64,
    /// Messages that are not tried again any more.
    pub offers: u64,
    /// Bodies of delivered messages that nobody had blanked.
    pub blanked: u64,
    /// Kept for somebody who has not come back.
    pub given_up: u64,
}

impl SweepReport {
    pub(crate) const fn add(&mut self, other: Self) {
        self.inbound += other.inbound;
        self.outbox += other.outbox;
        self.approvals += other.approvals;
        self.pairings += other.pairings;
        self.offers += other.offers;
        self.blanked += other.blanked;
        self.given_up += other.given_up;
    }

    /// Whether one of the kinds filled a slice, so that there may be more.
    pub(crate) fn is_full(&self, slice: u64) -> bool {
        let most = [self.inbound, self.outbox, self.approvals, self.offers, self.blanked, self.given_up];
        most.into_iter().any(|rows| rows >= slice)
    }
}
