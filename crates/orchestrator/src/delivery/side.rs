//! Signs and status. They run beside the rows, because they may never hold one up, and are dropped when there is no room.

use std::sync::Arc;

use adjutant_core::message::MessageRef;
use adjutant_core::platform::{SendError, Sign};

use super::budget::Priority;
use super::counts::{Call, Outcome};
use super::desk::{Desk, WaitingSign};
use super::row::Target;
use super::sender::Office;

/// A call that nobody waits for.
enum Side {
    Sign(MessageRef, Option<Sign>),
    Status,
}

impl Office {
    /// Puts a sign. Without room "seen" is dropped, but the sign that replaces it waits: what is over must not look as
    /// if it still went on.
    pub(super) fn put_sign(self: &Arc<Self>, to: &Target, desk: &Arc<Desk>, sign: WaitingSign) {
        match self.find_room(to, desk) {
            Ok(()) => self.beside(to, desk, Side::Sign(sign.at, sign.sign)),
            Err(_) if sign.sign == Some(Sign::Seen) => {}
            Err(due) => desk.lock().signs.push(WaitingSign { due, ..sign }),
        }
    }

    /// Shows the status, or puts it off until there is room.
    pub(super) fn show_status(self: &Arc<Self>, to: &Target, desk: &Arc<Desk>) {
        let now = self.clock.monotonic();
        match self.find_room(to, desk) {
            Err(at) => desk.put_off_status(now, Some(at)),
            Ok(()) => {
                desk.put_off_status(now, None);
                self.beside(to, desk, Side::Status);
            }
        }
    }

    fn find_room(&self, to: &Target, desk: &Desk) -> Result<(), std::time::Instant> {
        let Some(line) = self.line(to.platform) else { return Ok(()) };
        line.budgets.try_take(&desk.capabilities.budget.buckets, Priority::Status, self.clock.monotonic())
    }

    fn beside(self: &Arc<Self>, to: &Target, desk: &Arc<Desk>, side: Side) {
        let (office, to, desk) = (Arc::clone(self), to.clone(), Arc::clone(desk));
        desk.lock().side_calls += 1;
        tokio::spawn(async move {
            office.make(&to, &desk, side).await;
            desk.lock().side_calls -= 1;
            desk.wake.notify_one();
        });
    }

    async fn make(&self, to: &Target, desk: &Desk, side: Side) {
        let Some(line) = self.line(to.platform) else { return };
        let (call, result) = match side {
            Side::Sign(at, sign) => (Call::React, line.platform.react(&to.key, &at, sign).await),
            Side::Status => (Call::Status, line.platform.status(&to.key).await),
        };
        self.counts.count(to.platform, call, Outcome::of(&result));
        if let Err(SendError::RetryAfter(wait)) = result {
            self.counts.count_retry_wait(wait);
            line.budgets.block(&desk.capabilities.budget.buckets, wait, self.clock.monotonic());
        }
    }
}
