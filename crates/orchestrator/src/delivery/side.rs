//! Signs, status and menus. They run beside the rows, because they may never hold one up, and are dropped when there is no room.

use std::sync::Arc;
use std::time::Duration;

use adjutant_core::message::MessageRef;
use adjutant_core::platform::{SendError, Sign};

use super::budget::Priority;
use super::counts::{Call, Outcome};
use super::desk::{Desk, WaitingMenu, WaitingSign};
use super::guarded::guarded;
use super::row::Target;
use super::sender::{Line, Office};

/// A call that nobody waits for.
enum Side {
    Sign(MessageRef, Option<Sign>),
    Status,
    Menu(WaitingMenu),
}

/// How long a menu that could not be put up waits, if the platform does not say.
const MENU_AGAIN: Duration = Duration::from_secs(30);

/// So often it is tried; the next thing said in the conversation asks for it again.
const MENU_TRIES: u32 = 8;

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

    /// Puts a menu up, or puts that off until there is room.
    pub(super) fn put_menu(self: &Arc<Self>, to: &Target, desk: &Arc<Desk>, menu: WaitingMenu) {
        match self.find_room(to, desk) {
            Ok(()) => self.beside(to, desk, Side::Menu(menu)),
            Err(due) => desk.lock().menu = Some(WaitingMenu { due, ..menu }),
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
            Side::Sign(at, sign) => (Call::React, guarded(line.platform.react(&to.key, &at, sign)).await),
            Side::Status => (Call::Status, guarded(line.platform.status(&to.key)).await),
            Side::Menu(menu) => return self.make_menu(line, to, desk, menu).await,
        };
        self.counts.count(to.platform, call, Outcome::of(&result));
        if let Err(SendError::RetryAfter(wait)) = result {
            self.counts.count_retry_wait(wait);
            line.budgets.block(&desk.capabilities.budget.buckets, wait, self.clock.monotonic());
        }
    }

    /// A menu is no message: when the platform asks to wait, only the menu does.
    async fn make_menu(&self, line: &Line, to: &Target, desk: &Desk, menu: WaitingMenu) {
        let result = guarded(line.platform.set_menu(&to.key, &menu.commands)).await;
        self.counts.count(to.platform, Call::Menu, Outcome::of(&result));
        let wait = match result {
            Ok(()) => return,
            Err(SendError::RetryAfter(wait)) => wait,
            Err(SendError::NotSent(_) | SendError::Ambiguous(_)) => MENU_AGAIN,
            Err(error) => {
                tracing::info!(platform = %to.platform, conversation = to.key.0, %error, "a menu was not taken: {error}");
                return;
            }
        };
        if menu.tries + 1 < MENU_TRIES {
            let due = self.clock.monotonic() + wait;
            let tries = menu.tries + 1;
            let mut state = desk.lock();
            // One that was asked for meanwhile is the newer, and waits as well.
            let waiting = state.menu.get_or_insert(WaitingMenu { due, tries, ..menu });
            (waiting.due, waiting.tries) = (waiting.due.max(due), waiting.tries.max(tries));
        }
    }
}
