#![doc = include_str!("README.md")]
#![expect(clippy::expect_used, reason = "a test double stops at the first surprise, with the test")]

mod door;
mod fault;
mod form;
mod http;
mod limits;
mod menus;
mod methods;
mod people;
mod rich;
mod rooms;
mod schema;
mod shown;
mod state;
mod text;
mod updates;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adjutant_core::clock::Clock;
use axum::Router;
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub use fault::Fault;
pub use people::Place;
pub use schema::Upload;
pub use shown::Shown;
pub use state::BOT_USERNAME;

use door::{Door, Latch, Line};
use limits::Limits;
use state::State;

/// A wait that ends in a readable failure instead of a hanging test; generous, because test machines are slow.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A Bot API server on a loopback port. Its memory is its own: the gateway may die and come back. Cheap to clone; it
/// ends with its last handle.
#[derive(Debug, Clone)]
pub struct FakeTelegram {
    inner: Arc<Inner>,
    address: SocketAddr,
    latch: Arc<Latch>,
    _server: Arc<Server>,
}

#[derive(Debug)]
struct Inner {
    token: String,
    state: Mutex<State>,
    /// Counts changes, so that waiting needs no polling.
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
struct Server(AbortHandle);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FakeTelegram {
    /// Starts on a free port, with Telegram's rates, on the system's clock.
    ///
    /// # Panics
    /// When no loopback port can be bound.
    pub async fn start() -> Self {
        Self::start_with(Clock::System).await
    }

    /// Like [`FakeTelegram::start`], with a clock that a test may move; rates and polls follow it.
    ///
    /// # Panics
    /// When no loopback port can be bound.
    pub async fn start_with(clock: Clock) -> Self {
        let latch = Latch::new();
        let door = Door::bind(latch.clone()).await.expect("a loopback port");
        let address = door.address();
        let token = format!("7000000001:test-{}", uuid::Uuid::new_v4().simple());
        let state = Mutex::new(State::new(clock));
        let inner = Arc::new(Inner { token, state, changed: watch::Sender::new(0) });
        let router = Router::new().fallback(http::serve).with_state(inner.clone());
        let service = router.into_make_service_with_connect_info::<Line>();
        let task = tokio::spawn(async move { axum::serve(door, service).await });
        Self { inner, address, latch, _server: Arc::new(Server(task.abort_handle())) }
    }

    /// The address to use instead of `https://api.telegram.org`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The one token that is known here.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.inner.token
    }

    /// Switches Telegram's rates off, for tests of throughput.
    pub fn lift_limits(&self) {
        self.inner.state().limits = None;
    }

    /// Switches Telegram's rates on again, with full buckets.
    pub fn restore_limits(&self) {
        self.inner.state().limits = Some(Limits::default());
    }

    /// Refuses connections and cuts those that are open, until [`FakeTelegram::resume`].
    pub async fn pause(&self) {
        self.latch.shut().await;
    }

    /// Takes connections again, on the same port.
    pub async fn resume(&self) {
        self.latch.open().await;
    }

    /// The next call of the method fails in this way.
    pub fn fail_next(&self, method: &str, fault: Fault) {
        self.fail(method, fault, 1);
    }

    /// The next `times` calls of the method fail in this way.
    pub fn fail(&self, method: &str, fault: Fault, times: usize) {
        self.plan(method, None, fault, times);
    }

    /// The next `times` calls of the method fail in this way, in this chat only.
    pub fn fail_in(&self, chat: i64, method: &str, fault: Fault, times: usize) {
        self.plan(method, Some(chat), fault, times);
    }

    fn plan(&self, method: &str, chat: Option<i64>, fault: Fault, left: usize) {
        let planned = fault::Planned { method: method.to_lowercase(), chat, fault, left };
        self.inner.state().planned.push(planned);
    }

    /// How often a method was called, refused calls and faults included.
    #[must_use]
    pub fn calls(&self, method: &str) -> usize {
        self.inner.state().calls.get(&method.to_lowercase()).copied().unwrap_or(0)
    }

    /// How many calls were answered with 429 because of the rates.
    #[must_use]
    pub fn throttled(&self) -> usize {
        self.inner.state().throttled
    }

    /// Every request that was refused because it was wrong.
    #[must_use]
    pub fn unexpected(&self) -> Vec<String> {
        self.inner.state().refused.clone()
    }

    /// The same, and forgets them: for a test that provokes one.
    #[must_use]
    pub fn take_unexpected(&self) -> Vec<String> {
        std::mem::take(&mut self.inner.state().refused)
    }

    /// # Panics
    /// When a request was refused, or a button press was not acknowledged.
    pub fn assert_clean(&self) {
        let state = self.inner.state();
        assert!(state.refused.is_empty(), "refused requests:\n{}", state.refused.join("\n"));
        let forgotten: Vec<_> = state.presses.iter().filter(|(_, answered)| !**answered).collect();
        assert!(forgotten.is_empty(), "button presses without answerCallbackQuery: {forgotten:?}");
    }

    /// Waits until `done` gives something.
    ///
    /// # Panics
    /// After a minute, with `what`.
    pub async fn wait_until<T>(&self, what: &str, mut done: impl FnMut(&Self) -> Option<T>) -> T {
        let mut changed = self.inner.changed.subscribe();
        let wait = async {
            loop {
                changed.mark_unchanged();
                if let Some(value) = done(self) {
                    return value;
                }
                if changed.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        match tokio::time::timeout(LONGEST_WAIT, wait).await {
            Ok(value) => value,
            Err(_) => panic!(
                "waited {LONGEST_WAIT:?} for {what}. Refused so far: {:?}. The chats:\n{}",
                self.unexpected(),
                self.transcripts()
            ),
        }
    }

    fn transcripts(&self) -> String {
        let state = self.inner.state();
        state
            .chats
            .values()
            .map(|chat| format!("== {}\n{}", chat.id, shown::transcript(&state, chat, None, ..)))
            .collect()
    }

    fn touch(&self) {
        self.inner.changed.send_modify(|count| *count += 1);
    }
}
