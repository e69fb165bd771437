//! Receiving: a long poll that confirms a batch only after it was committed.
//!
//! Telegram forgets everything below the `offset` of a poll. The offset therefore moves only when the intake has
//! returned, and what was not taken comes again. teloxide's dispatcher confirms earlier, so it is not used.

use std::sync::Arc;
use std::time::Duration;

use adjutant_core::intake::{Intake, IntakeClosed};
use serde::Serialize;
use serde_json::value::RawValue;
use teloxide::payloads::{DeleteWebhook, GetMe};
use teloxide::requests::Payload;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::adapter::{Identity, Inner, TelegramError};
use crate::client::POLL_TIMEOUT;
use crate::failure::CallError;
use crate::inbound;
use crate::menu;

/// Updates in one answer; Telegram gives no more.
const MOST: usize = 100;
const MOST_AT_ONCE: u8 = 100;
/// How long the next piece of an album or a long text is waited for.
const PIECES_WAIT: Duration = Duration::from_millis(1200);
/// Seconds the server may keep a poll open; 50 is the most it takes.
const HOLD_SECONDS: u32 = 50;
/// After a failure the next poll is short, so that recovery is known, and said, soon.
const PROBE_SECONDS: u32 = 1;
const CONFLICT_WAIT: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(64);
const ALLOWED_UPDATES: &[&str] =
    &["message", "edited_message", "callback_query", "my_chat_member", "stopped_message_generation"];

pub(crate) struct Poller {
    inner: Arc<Inner>,
    intake: Arc<dyn Intake>,
    /// The first update that is not taken yet; 0 asks for the earliest there is.
    offset: i64,
    /// Failures in a row.
    failures: u32,
    /// The last update behind which another piece was waited for; when none has come, there is none.
    waited_for: Option<i64>,
}

/// teloxide's own payload reads updates into types that lose what they do not know.
#[derive(Debug, Serialize)]
struct GetUpdates {
    offset: i64,
    limit: u8,
    timeout: u32,
    allowed_updates: &'static [&'static str],
}

impl Payload for GetUpdates {
    type Output = Vec<Box<RawValue>>;
    const NAME: &'static str = "GetUpdates";
}

/// Why one step of the loop did not succeed.
enum Setback {
    Call(CallError),
    Intake(IntakeClosed),
}

impl Poller {
    pub fn new(inner: Arc<Inner>, intake: Arc<dyn Intake>) -> Self {
        Self { inner, intake, offset: 0, failures: 0, waited_for: None }
    }

    pub async fn run(mut self, stop: &CancellationToken) -> Result<(), TelegramError> {
        let inner = self.inner.clone();
        tokio::select! {
            // Biased, so that the first poll leaves before the introduction, and a stop wins over both.
            biased;
            () = stop.cancelled() => Ok(()),
            end = self.poll() => end,
            end = introduce(&inner) => end,
        }
    }

    async fn poll(&mut self) -> Result<(), TelegramError> {
        loop {
            let wait = match self.step().await {
                Ok(()) => {
                    self.failures = 0;
                    if self.inner.health.polled(self.inner.clock.now()) {
                        info!("Telegram answers again");
                    }
                    continue;
                }
                Err(setback) => self.meet(setback).await?,
            };
            self.inner.clock.sleep(wait).await;
        }
    }

    async fn step(&mut self) -> Result<(), Setback> {
        let timeout = if self.failures == 0 { HOLD_SECONDS } else { PROBE_SECONDS };
        let payload =
            GetUpdates { offset: self.offset, limit: MOST_AT_ONCE, timeout, allowed_updates: ALLOWED_UPDATES };
        let client = &self.inner.client;
        let updates: Vec<Box<RawValue>> = client.call_within(&payload, POLL_TIMEOUT).await.map_err(Setback::Call)?;
        let me = if inbound::needs_identity(&updates) { Some(self.inner.identity().await) } else { None };
        let batch = inbound::parse(&updates, me, self.inner.clock.now());
        let full = updates.len() >= MOST;
        if batch.open && !full && self.waited_for != batch.last {
            // Asked for again at once, Telegram would answer with a single update.
            self.waited_for = batch.last;
            self.inner.clock.sleep(PIECES_WAIT).await;
            return Ok(());
        }
        self.waited_for = None;
        if !batch.messages.is_empty() {
            self.intake.accept(batch.messages).await.map_err(Setback::Intake)?;
        }
        self.inner.health.ignored(batch.ignored);
        // An empty answer says that everything below the offset is confirmed. Asking for the earliest again is then
        // the same, and also right when update ids have restarted at a lower number after a quiet week.
        self.offset = batch.last.map_or(0, |last| last.saturating_add(1));
        Ok(())
    }

    /// How long to wait before the same offset is asked for again.
    async fn meet(&mut self, setback: Setback) -> Result<Duration, TelegramError> {
        let health = &self.inner.health;
        self.failures = self.failures.saturating_add(1);
        let wait = self.pause();
        match setback {
            Setback::Intake(closed) => {
                if health.failed(&closed.to_string()) {
                    warn!(error = %closed, "Telegram messages wait unconfirmed: {closed}");
                }
                Ok(wait)
            }
            Setback::Call(error) if error.is_token_refused() => {
                health.failed("Telegram refused the bot's token");
                health.set_token_refused();
                Err(TelegramError::TokenRefused)
            }
            Setback::Call(CallError::RetryAfter(wait)) => {
                health.failed("Telegram asks to poll less often");
                Ok(wait)
            }
            Setback::Call(CallError::Refused { code: 409, description, .. }) => {
                Ok(if description.contains("webhook") { self.clear_webhook(wait).await } else { self.conflict() })
            }
            Setback::Call(error) => {
                if health.failed(&error.to_string()) {
                    warn!(error = %error, "Telegram cannot be polled: {error}");
                }
                Ok(wait)
            }
        }
    }

    async fn clear_webhook(&self, wait: Duration) -> Duration {
        if self.inner.health.failed("a webhook is set for this bot") {
            warn!("a webhook is set for this Telegram bot; it is removed, waiting messages are kept");
        }
        let mut payload = DeleteWebhook::new();
        payload.drop_pending_updates = Some(false);
        let deleted: Result<bool, CallError> = self.inner.client.call(&payload).await;
        if deleted.is_ok() { wait } else { wait.max(CONFLICT_WAIT) }
    }

    /// Only an operator can end the other program.
    fn conflict(&self) -> Duration {
        if self.inner.health.failed("another program polls with this bot's token") {
            warn!("another program polls with this bot's token; hint: stop it, or make a bot of its own for it");
        }
        self.inner.health.set_conflict();
        CONFLICT_WAIT
    }

    fn pause(&self) -> Duration {
        pause(self.failures, self.inner.clock.now().timestamp_subsec_micros())
    }
}

/// 0.5, 1, 2, 4 … 64 s, and up to a quarter more, so that many gateways do not come back at the same moment.
/// The microseconds of the moment of failure are random enough for that.
fn pause(failures: u32, micros: u32) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(7)).min(LONGEST_WAIT);
    wait + wait.mul_f64(0.25 * f64::from(micros % 1_000_000) / 1_000_000.0)
}

/// Learns who the bot is and puts its menu up; both in the shadow of the first poll.
async fn introduce(inner: &Inner) -> Result<(), TelegramError> {
    let me = inner.identity().await;
    info!(bot = %me.username, "Telegram bot @{} is up", me.username);
    for payload in menu::payloads(&inner.config.commands) {
        let done: Result<bool, CallError> = inner.client.call(&payload).await;
        if let Err(error) = done {
            warn!(error = %error, "the command menu could not be set: {error}");
            break;
        }
    }
    std::future::pending().await
}

impl Inner {
    /// Who the bot is; asks until Telegram answers. A refused token is the poll's to report.
    pub(crate) async fn identity(&self) -> &Identity {
        self.identity
            .get_or_init(|| async {
                let mut failures = 0_u32;
                loop {
                    match self.client.call::<_, Identity>(&GetMe::new()).await {
                        Ok(me) => {
                            self.health.introduced(&me);
                            return me;
                        }
                        Err(_) => failures = failures.saturating_add(1),
                    }
                    self.clock.sleep(pause(failures, self.clock.now().timestamp_subsec_micros())).await;
                }
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_carry_jitter() {
        let plain: Vec<_> = (1..=9).map(|failures| pause(failures, 0).as_millis()).collect();
        assert_eq!(plain, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 64_000]);
        assert!(pause(3, 999_999) > pause(3, 0) && pause(3, 999_999) < Duration::from_millis(2500));
    }
}
