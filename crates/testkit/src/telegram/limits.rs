//! Telegram's documented rates: one message a second in a chat with short bursts, 20 a minute in a group with all its
//! topics, 30 a second for the whole bot. <https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>.

use std::collections::HashMap;
use std::time::Instant;

/// Token buckets, a little wider than the documented rates, as the real ones are.
#[derive(Debug, Default)]
pub struct Limits {
    buckets: HashMap<Option<i64>, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

struct Rate {
    per_second: f64,
    burst: f64,
}

const BOT: Rate = Rate { per_second: 30.0, burst: 40.0 };
const PRIVATE: Rate = Rate { per_second: 1.1, burst: 6.0 };
const GROUP: Rate = Rate { per_second: 0.35, burst: 5.0 };

impl Limits {
    /// Takes one message from the chat's and the bot's budget.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn draw(&mut self, chat: i64, now: Instant) -> Result<(), u32> {
        let rate = if chat < 0 { &GROUP } else { &PRIVATE };
        self.draw_from(Some(chat), rate, now)?;
        self.draw_from(None, &BOT, now)
    }

    fn draw_from(&mut self, scope: Option<i64>, rate: &Rate, now: Instant) -> Result<(), u32> {
        let bucket = self.buckets.entry(scope).or_insert(Bucket { tokens: rate.burst, at: now });
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed * rate.per_second).min(rate.burst);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds, never negative")]
        Err((((1.0 - bucket.tokens) / rate.per_second).ceil() as u32).max(1))
    }
}
