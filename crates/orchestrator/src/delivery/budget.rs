//! Token buckets shared by everything that is sent through one platform.
//!
//! Committed rows *reserve*: they are given the moment at which they may go, in the order in which they asked, and may
//! draw a bucket below zero. Previews and status *try*: they only go when enough is left beside the reserve for rows.
//! So nothing that may be dropped ever delays something that may not, and nobody polls.
//!
//! Source of the model: the platforms publish rates per chat and per bot only as guidelines, and answer 429 with a
//! time to wait when they disagree; <https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use adjutant_core::platform::Bucket;

/// Kept back for finals, approvals and errors.
const RESERVE: f64 = 0.3;

/// What platforms ask to wait is stretched by this, because their clocks round down.
const STRETCH: f64 = 1.1;

/// Slower rates than one call in a day are configuration mistakes; they must not overflow a time.
const SLOWEST_PER_SECOND: f64 = 1.0 / 86_400.0;

/// What may be put off for what, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    Final,
    /// Approvals and errors.
    Approval,
    /// The first text of a reply.
    First,
    Preview,
    Status,
}

/// The buckets of one platform. Full buckets are forgotten, so that idle conversations cost nothing.
#[derive(Debug, Default)]
pub struct Budgets {
    shelf: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    levels: HashMap<String, Level>,
    /// Draws until the next look for full buckets.
    draws_left: usize,
}

#[derive(Debug)]
struct Level {
    tokens: f64,
    at: Instant,
    per_second: f64,
    burst: f64,
    blocked_until: Option<Instant>,
}

impl Priority {
    /// The tokens that must be there for one to be taken. What may be dropped leaves the reserve alone, and at least
    /// one token for a row wherever the bucket holds more than one.
    fn needs(self, burst: f64) -> f64 {
        let kept = match self {
            Self::Final | Self::Approval => return 1.0,
            Self::First => RESERVE,
            Self::Preview => RESERVE + 0.1,
            Self::Status => RESERVE + 0.2,
        };
        (1.0 + kept * burst).max(2.0).min(burst)
    }
}

impl Budgets {
    /// Draws one token from every bucket and says when the call may be made.
    pub fn reserve(&self, buckets: &[Bucket], now: Instant) -> Instant {
        let mut shelf = self.lock();
        shelf.tidy(now);
        let mut at = now;
        for bucket in buckets {
            let level = shelf.level(bucket, now);
            level.tokens -= 1.0;
            at = at.max(level.reaches(0.0, now)).max(level.blocked_until.unwrap_or(now));
        }
        at
    }

    /// Takes one token from every bucket if each has enough for this priority.
    ///
    /// # Errors
    /// When to ask again.
    pub fn try_take(&self, buckets: &[Bucket], priority: Priority, now: Instant) -> Result<(), Instant> {
        let mut shelf = self.lock();
        shelf.tidy(now);
        let at = shelf.free_at(buckets, priority, now);
        if at > now {
            return Err(at);
        }
        for bucket in buckets {
            shelf.level(bucket, now).tokens -= 1.0;
        }
        Ok(())
    }

    /// Whether a row could go at once.
    #[must_use]
    pub fn is_free(&self, buckets: &[Bucket], now: Instant) -> bool {
        self.lock().free_at(buckets, Priority::Final, now) <= now
    }

    /// The platform asked to wait: nothing goes out in the conversation's own scopes for that time. A scope shared by
    /// the whole platform (one without `:`) is only blocked where it is all there is, so that one chat's flood limit
    /// does not silence the others.
    pub fn block(&self, buckets: &[Bucket], wait: Duration, now: Instant) {
        let until = now + wait.mul_f64(STRETCH);
        let own = |bucket: &&Bucket| bucket.scope.contains(':');
        let mut shelf = self.lock();
        let all = !buckets.iter().any(|bucket| own(&bucket));
        for bucket in buckets.iter().filter(|bucket| all || own(bucket)) {
            let level = shelf.level(bucket, now);
            level.blocked_until = Some(level.blocked_until.map_or(until, |before| before.max(until)));
        }
    }

    /// Until when the platform wants none of this.
    #[must_use]
    pub fn blocked_until(&self, buckets: &[Bucket], now: Instant) -> Option<Instant> {
        let shelf = self.lock();
        let until = buckets.iter().filter_map(|bucket| shelf.levels.get(&bucket.scope)?.blocked_until).max()?;
        (until > now).then_some(until)
    }

    /// The buckets that are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.lock().levels.len()
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    /// When every bucket has enough; `now` if they have.
    fn free_at(&self, buckets: &[Bucket], priority: Priority, now: Instant) -> Instant {
        let mut at = now;
        for bucket in buckets {
            // A bucket nobody remembers is full.
            if let Some(level) = self.levels.get(&bucket.scope) {
                let needs = priority.needs(level.burst);
                at = at.max(level.reaches(needs, now)).max(level.blocked_until.unwrap_or(now));
            }
        }
        at
    }

    fn level(&mut self, bucket: &Bucket, now: Instant) -> &mut Level {
        let burst = f64::from(bucket.burst.max(1));
        let per_second = bucket.per_second.max(SLOWEST_PER_SECOND);
        let level = self.levels.entry(bucket.scope.clone()).or_insert_with(|| Level {
            tokens: burst,
            at: now,
            per_second,
            burst,
            blocked_until: None,
        });
        level.tokens = level.tokens_at(now);
        level.at = level.at.max(now);
        (level.burst, level.per_second) = (burst, per_second);
        level
    }

    /// Forgets full buckets, after as many draws as there were buckets the last time: constant work per draw.
    fn tidy(&mut self, now: Instant) {
        if self.draws_left > 0 {
            self.draws_left -= 1;
            return;
        }
        self.levels.retain(|_, level| !level.is_full(now));
        self.draws_left = self.levels.len() + 16;
        if self.levels.capacity() > 4 * self.levels.len() + 64 {
            self.levels.shrink_to_fit();
        }
    }
}

impl Level {
    fn tokens_at(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        (self.tokens + passed * self.per_second).min(self.burst)
    }

    fn reaches(&self, tokens: f64, now: Instant) -> Instant {
        let missing = tokens - self.tokens_at(now);
        if missing <= f64::EPSILON {
            return now;
        }
        // A nanosecond more, so that rounding never wakes anybody too early.
        now + Duration::from_secs_f64(missing / self.per_second) + Duration::from_nanos(1)
    }

    fn is_full(&self, now: Instant) -> bool {
        self.tokens_at(now) >= self.burst && self.blocked_until.is_none_or(|until| until <= now)
    }
}
