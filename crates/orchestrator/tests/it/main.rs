//! Tests of the orchestrator.

mod delivery_budget;
mod delivery_fakes;
mod delivery_previews;
mod delivery_rows;
mod delivery_split;
mod delivery_store;
mod delivery_tail;
mod words;
