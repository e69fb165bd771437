//! Time, as a runner sees it. A process of its own, it cannot be given a test's clock; tests give it short limits.

use rustix::event::Timespec;
use rustix::time::{ClockId, clock_gettime};

/// Milliseconds of the monotonic clock.
pub(super) fn now_ms() -> u64 {
    millis(clock_gettime(ClockId::Monotonic))
}

/// A moment of Unix time on the monotonic clock. What lies in the past is now.
pub(super) fn monotonic_ms(unix_ms: i64) -> u64 {
    let ahead = u64::try_from(unix_ms).unwrap_or(0).saturating_sub(millis(clock_gettime(ClockId::Realtime)));
    now_ms().saturating_add(ahead)
}

fn millis(time: Timespec) -> u64 {
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000
}

/// How long to wait.
pub(super) fn timespec(ms: u64) -> Timespec {
    // Rounded up by one, so that the deadline has passed when the wait ends; a month at most, to suit any kernel.
    let ms = ms.min(30 * 24 * 3_600_000) + 1;
    Timespec { tv_sec: (ms / 1_000) as _, tv_nsec: ((ms % 1_000) * 1_000_000) as _ }
}
