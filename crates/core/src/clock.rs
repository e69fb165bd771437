//! Time as an argument. Production reads the system's clocks; tests move a [`ManualClock`] by hand.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, Utc};
use tokio::sync::Notify;

/// The source of time. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    #[default]
    System,
    Manual(ManualClock),
}

impl Clock {
    /// The wall clock, in whole microseconds: PostgreSQL keeps no more.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
    pub fn now(&self) -> DateTime<Utc> {
        let now = Utc::now().trunc_subsecs(6);
        match self {
            Self::System => now,
            Self::Manual(manual) => {
                now + chrono::Duration::from_std(manual.shift()).unwrap_or_else(|_| chrono::Duration::zero())
            }
        }
    }

    /// The monotonic clock: for durations, which must survive a wall clock that jumps.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
    pub fn monotonic(&self) -> Instant {
        match self {
            Self::System => Instant::now(),
            Self::Manual(manual) => Instant::now() + manual.shift(),
        }
    }

    /// Waits on this clock.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.monotonic() + duration).await;
    }

    /// Waits until this clock's monotonic time has come.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that waits on the system's clock")]
    pub async fn sleep_until(&self, deadline: Instant) {
        match self {
            Self::System => tokio::time::sleep_until(deadline.into()).await,
            Self::Manual(manual) => loop {
                let moved = manual.inner.moved.notified();
                let left = deadline.saturating_duration_since(self.monotonic());
                if left.is_zero() {
                    return;
                }
                tokio::select! {
                    () = moved => {}
                    () = tokio::time::sleep(left) => {}
                }
            },
        }
    }
}

/// A clock that runs like the system's and can be moved forward. Sleepers whose time has come wake at once.
#[derive(Debug, Clone, Default)]
pub struct ManualClock {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    shift: Mutex<Duration>,
    moved: Notify,
}

impl ManualClock {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        if let Ok(mut shift) = self.inner.shift.lock() {
            *shift += by;
        }
        self.inner.moved.notify_waiters();
    }

    fn shift(&self) -> Duration {
        self.inner.shift.lock().map_or(Duration::ZERO, |shift| *shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_manual_clock_passes_its_deadline() {
        let manual = ManualClock::default();
        let clock = Clock::Manual(manual.clone());
        let before = clock.now();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(3600)).await }
        });
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        manual.advance(Duration::from_secs(3601));
        sleeper.await.expect("the sleeper ends");
        assert!(clock.now() - before >= chrono::Duration::seconds(3601));
    }
}
