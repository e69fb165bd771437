//! From committed parts and previews to primitive platform calls.
//!
//! | module | what |
//! | --- | --- |
//! | [`sender`] | [`Delivery`]: what the rest of the orchestrator calls |
//! | [`row`] | [`Target`] and [`Outgoing`]: a committed part on its way |
//! | [`draft`] | [`Draft`]: the growing text of an open part, shown as previews |
//! | [`split`] [`markdown`] [`numbers`] [`inline`] [`tail`] | cuts CommonMark into parts; what is shown of a text still being written |
//! | [`paper`] | what fits into the parts of one reply |
//! | [`budget`] [`pace`] | token buckets shared by everything sent; the adaptive interval of previews |
//! | [`desk`] [`slot`] | one busy conversation: what waits there and what is next |
//! | [`deliver`] [`show`] [`side`] | the calls for rows, for previews, for signs, status and menus |
//! | [`record`] [`ledger`] [`counts`] [`event`] | where results are recorded, counted and told |
//!
//! Inside a conversation everything goes out strictly in the order of [`Delivery::submit`]; conversations run side by
//! side, each in a task that ends when nothing is left to do, so that idle conversations cost nothing.

pub mod budget;
pub mod counts;
mod deliver;
mod desk;
pub mod draft;
pub mod event;
mod guarded;
mod inline;
pub mod ledger;
mod markdown;
mod numbers;
pub mod pace;
pub mod paper;
mod record;
pub mod row;
pub mod sender;
mod show;
mod side;
mod slot;
pub mod split;
mod store_ledger;
pub mod tail;

pub use counts::DeliveryCounts;
pub use deliver::SENT_AGAIN;
pub use draft::Draft;
pub use event::DeliveryEvent;
pub use ledger::{Ledger, LedgerError};
pub use paper::Paper;
pub use row::{OpenPart, Outgoing, Target};
pub use sender::{Delivery, Working};
pub use split::{Piece, Splitter, split};
pub use tail::preview_tail;
