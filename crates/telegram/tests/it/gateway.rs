//! A bot on the fake, with an intake that a test can look into and close.

use std::sync::{Arc, Mutex, PoisonError};

use adjutant_core::clock::{Clock, ManualClock};
use adjutant_core::intake::{Intake, IntakeClosed};
use adjutant_core::menu::MenuEntry;
use adjutant_core::message::{ConversationKey, InboundMessage};
use adjutant_telegram::{Telegram, TelegramConfig, TelegramError};
use adjutant_testkit::telegram::FakeTelegram;
use async_trait::async_trait;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const ADA: i64 = 111_222_333;
pub const TEAM: i64 = -1_001_847_508_954;

/// What came in; while closed, nothing does.
#[derive(Debug)]
pub struct Inbox {
    pub taken: Mutex<Vec<InboundMessage>>,
    pub closed: watch::Sender<bool>,
    /// Counts calls, so that a test can wait for one.
    pub offered: watch::Sender<usize>,
}

#[async_trait]
impl Intake for Inbox {
    async fn accept(&self, batch: Vec<InboundMessage>) -> Result<(), IntakeClosed> {
        let closed = *self.closed.borrow();
        if !closed {
            self.taken.lock().unwrap_or_else(PoisonError::into_inner).extend(batch);
        }
        self.offered.send_modify(|count| *count += 1);
        if closed { Err(IntakeClosed { reason: "the disk is full".into() }) } else { Ok(()) }
    }
}

impl Inbox {
    pub fn texts(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.iter().filter_map(|message| message.content.text()).map(str::to_owned).collect()
    }

    /// Waits for so many texts. Bounded by the test runner's own limit.
    pub async fn wait_for(&self, count: usize) -> Vec<String> {
        let mut offered = self.offered.subscribe();
        let wait = offered.wait_for(|_| self.texts().len() >= count);
        drop(tokio::time::timeout(std::time::Duration::from_secs(60), wait).await.expect("messages in time"));
        self.texts()
    }
}

pub struct Gateway {
    pub fake: FakeTelegram,
    pub bot: Telegram,
    pub inbox: Arc<Inbox>,
    pub clock: ManualClock,
    pub stop: CancellationToken,
    running: Option<JoinHandle<Result<(), TelegramError>>>,
}

impl Gateway {
    /// A bot that only sends.
    pub async fn sending() -> Self {
        let fake = FakeTelegram::start().await;
        fake.user(ADA, "Ada");
        fake.group(TEAM, "Dev team");
        let clock = ManualClock::default();
        let bot = bot(&fake, fake.token(), &clock);
        let inbox =
            Inbox { taken: Mutex::default(), closed: watch::Sender::new(false), offered: watch::Sender::new(0) };
        Self { fake, bot, inbox: Arc::new(inbox), clock, stop: CancellationToken::new(), running: None }
    }

    /// A bot that polls.
    pub async fn polling() -> Self {
        let mut gateway = Self::sending().await;
        gateway.run();
        gateway
    }

    pub fn run(&mut self) {
        let (bot, inbox, stop) = (self.bot.clone(), self.inbox.clone(), self.stop.clone());
        self.running = Some(tokio::spawn(async move { bot.run(inbox, stop).await }));
    }

    /// Waits for the end of the loop.
    pub async fn end(&mut self) -> Result<(), TelegramError> {
        self.running.take().expect("it runs").await.expect("no panic")
    }

    /// Moves the clock in steps until `done`: whoever sleeps on it wakes.
    pub async fn wind_until(&self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        for _ in 0..2000 {
            if done(self) {
                return;
            }
            self.clock.advance(std::time::Duration::from_millis(250));
            // Real time for the sockets; the adapter's own waits follow the clock that was just moved.
            drop(tokio::time::timeout(std::time::Duration::from_millis(5), std::future::pending::<()>()).await);
        }
        panic!("{what} did not happen; health: {:?}, fake: {:?}", self.bot.health().snapshot(), self.fake.unexpected());
    }
}

pub fn bot(fake: &FakeTelegram, token: &str, clock: &ManualClock) -> Telegram {
    let mut config = TelegramConfig::new(token.to_owned().into());
    config.api_url = fake.url().parse().expect("an address");
    config.commands = vec![entry("status", "Where it stands"), entry("codebase_switch", "Work elsewhere")];
    Telegram::new(config, Clock::Manual(clock.clone())).expect("a client")
}

pub fn entry(name: &str, description: &str) -> MenuEntry {
    MenuEntry { name: name.to_owned(), description: description.to_owned() }
}

pub fn key(text: impl ToString) -> ConversationKey {
    ConversationKey(text.to_string())
}
