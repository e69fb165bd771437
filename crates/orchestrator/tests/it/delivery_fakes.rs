//! A platform and a ledger in memory.

#![expect(clippy::expect_used, reason = "a test that cannot go on ends")]

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adjutant_core::clock::{Clock, ManualClock};
use adjutant_core::id::PartId;
use adjutant_core::kind::PlatformKind;
use adjutant_core::mask::Mask;
use adjutant_core::message::{ConversationKey, DeliveryId, MessageRef};
use adjutant_core::platform::{Bucket, Budget, Capabilities, Form, Pace, Part, Platform, Preview, SendError, Sign};
use adjutant_orchestrator::delivery::row::Stage;
use adjutant_orchestrator::delivery::{Delivery, DeliveryEvent, Ledger, LedgerError, OpenPart, Outgoing, Target};
use adjutant_store::change::Change;
use adjutant_store::record::{Lane, PartKind};
use async_trait::async_trait;
use tokio::sync::{mpsc, watch};

/// Nothing in these tests takes longer on any machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A text with this makes the platform panic in its first form, or in every one.
pub const PANICS: &str = "markup that panics";
pub const ALWAYS_PANICS: &str = "anything that panics";

/// One call as the platform saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Send { to: String, text: String, form: Form },
    Edit { at: String, text: String, form: Form },
    Delete(String),
    React(String, Option<Sign>),
    Status,
}

/// A platform that notes every call and answers as scripted.
pub struct FakePlatform {
    capabilities: Capabilities,
    log: watch::Sender<Vec<Said>>,
    answers: Mutex<VecDeque<Option<SendError>>>,
    /// Calls for these conversations never come back.
    pub hanging: Mutex<Vec<String>>,
}

/// A ledger that notes every change.
#[derive(Default)]
pub struct FakeLedger {
    pub changes: Mutex<Vec<Change>>,
    pub messages: Mutex<HashMap<PartId, MessageRef>>,
    pub failures: Mutex<VecDeque<LedgerError>>,
}

/// Delivery with everything around it.
pub struct Scene {
    pub delivery: Delivery,
    pub events: mpsc::UnboundedReceiver<DeliveryEvent>,
    pub platform: Arc<FakePlatform>,
    pub ledger: Arc<FakeLedger>,
    pub clock: ManualClock,
}

/// Previews only when the test moves the clock, and budgets that never matter.
pub fn capabilities() -> Capabilities {
    let pace = Pace {
        first: Duration::from_secs(60),
        floor: Duration::from_secs(60),
        start: Duration::from_secs(100),
        max: Duration::from_secs(1_000),
        chars: 10,
        oldest: Duration::from_secs(200),
    };
    Capabilities {
        preview: Preview::Edit(pace),
        buttons: true,
        reactions: true,
        status_fades: Some(Duration::from_secs(500)),
        part_limit: 4_000,
        parts_before_overflow: 4,
        attachment_limit: None,
        download_limit: None,
        budget: Budget { buckets: vec![bucket("bot", 1e6), bucket("chat:1", 1e6)] },
        renotify_after: None,
    }
}

pub fn bucket(scope: &str, per_second: f64) -> Bucket {
    Bucket { scope: scope.to_owned(), per_second, burst: 1_000 }
}

pub fn to(key: &str) -> Target {
    Target::new(PlatformKind::Telegram, ConversationKey(key.to_owned()))
}

pub fn row(key: &str, text: &str) -> Outgoing {
    Outgoing {
        id: PartId::generate(),
        to: to(key),
        lane: None,
        kind: PartKind::Reply,
        part: Part::text(text),
        revision: 1,
        stage: Stage::Pending,
        message: None,
        notify: false,
        attempts: 0,
        due_at: None,
    }
}

pub fn open(key: &str) -> OpenPart {
    OpenPart { id: PartId::generate(), to: to(key), lane: None, part: Part::text(""), message: None }
}

pub fn sent(to: &str, text: &str) -> Said {
    Said::Send { to: to.to_owned(), text: text.to_owned(), form: Form::Formatted }
}

pub fn edited(at: &str, text: &str) -> Said {
    Said::Edit { at: at.to_owned(), text: text.to_owned(), form: Form::Formatted }
}

impl Scene {
    pub fn new() -> Self {
        Self::with(capabilities(), Mask::default())
    }

    pub fn with(capabilities: Capabilities, mask: Mask) -> Self {
        let platform = Arc::new(FakePlatform::new(capabilities));
        let ledger = Arc::new(FakeLedger::default());
        let clock = ManualClock::default();
        let platforms: Vec<Arc<dyn Platform>> = vec![platform.clone()];
        let (delivery, events) = Delivery::new(ledger.clone(), platforms, Clock::Manual(clock.clone()), mask);
        Self { delivery, events, platform, ledger, clock }
    }

    pub async fn event(&mut self) -> DeliveryEvent {
        tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("an event in time").expect("an event")
    }

    /// Moves the clock in steps until the condition holds.
    pub async fn advance_until(&self, step: Duration, holds: impl Fn(&[Said]) -> bool) {
        let mut log = self.platform.log.subscribe();
        let moving = async {
            loop {
                if holds(&log.borrow_and_update()) {
                    return;
                }
                self.clock.advance(step);
                // The tasks woken get their turns before the clock moves on.
                for _ in 0..50 {
                    tokio::task::yield_now().await;
                }
            }
        };
        tokio::time::timeout(PATIENCE, moving).await.expect("the condition in time");
    }

    pub async fn settled(&self, key: &str) {
        tokio::time::timeout(PATIENCE, self.delivery.settled(&to(key))).await.expect("settled in time");
    }
}

impl FakePlatform {
    pub fn new(capabilities: Capabilities) -> Self {
        let log = watch::Sender::default();
        Self { capabilities, log, answers: Mutex::default(), hanging: Mutex::default() }
    }

    /// The next calls are answered like this; then all pass.
    pub fn answer(&self, answers: impl IntoIterator<Item = Option<SendError>>) {
        self.answers.lock().expect("a lock").extend(answers);
    }

    pub fn said(&self) -> Vec<Said> {
        self.log.borrow().clone()
    }

    /// Waits until so many calls were made.
    pub async fn wait(&self, calls: usize) -> Vec<Said> {
        let mut log = self.log.subscribe();
        let said = tokio::time::timeout(PATIENCE, log.wait_for(|said| said.len() >= calls)).await;
        said.unwrap_or_else(|_| panic!("only {:?}", self.said())).expect("the log").clone()
    }

    async fn note(&self, to: &ConversationKey, said: Said) -> Result<MessageRef, SendError> {
        let mut count = 0;
        self.log.send_modify(|log| {
            log.push(said);
            count = log.iter().filter(|said| matches!(said, Said::Send { .. })).count();
        });
        let hangs = self.hanging.lock().expect("a lock").contains(&to.0);
        if hangs {
            std::future::pending::<()>().await;
        }
        match self.answers.lock().expect("a lock").pop_front().flatten() {
            Some(error) => Err(error),
            None => Ok(MessageRef(format!("m{count}"))),
        }
    }
}

#[async_trait]
impl Platform for FakePlatform {
    fn kind(&self) -> PlatformKind {
        PlatformKind::Telegram
    }

    fn capabilities(&self, conversation: &ConversationKey) -> Capabilities {
        let mut capabilities = self.capabilities.clone();
        for bucket in &mut capabilities.budget.buckets {
            if bucket.scope.starts_with("chat") {
                bucket.scope = format!("chat:{}", conversation.0);
            }
        }
        capabilities
    }

    fn measure(&self, text: &str) -> usize {
        text.encode_utf16().count()
    }

    async fn send(&self, to: &ConversationKey, part: &Part) -> Result<MessageRef, SendError> {
        assert!(!part.text.contains(PANICS) || part.form == Form::Plain, "a defect of the adapter");
        assert!(!part.text.contains(ALWAYS_PANICS), "a defect of the adapter");
        self.note(to, Said::Send { to: to.0.clone(), text: part.text.clone(), form: part.form }).await
    }

    async fn edit(&self, to: &ConversationKey, at: &MessageRef, part: &Part) -> Result<(), SendError> {
        let said = Said::Edit { at: at.0.clone(), text: part.text.clone(), form: part.form };
        self.note(to, said).await.map(|_| ())
    }

    async fn delete(&self, to: &ConversationKey, at: &MessageRef) -> Result<(), SendError> {
        self.note(to, Said::Delete(at.0.clone())).await.map(|_| ())
    }

    async fn react(&self, to: &ConversationKey, at: &MessageRef, sign: Option<Sign>) -> Result<(), SendError> {
        self.note(to, Said::React(at.0.clone(), sign)).await.map(|_| ())
    }

    async fn status(&self, to: &ConversationKey) -> Result<(), SendError> {
        self.note(to, Said::Status).await.map(|_| ())
    }

    async fn acknowledge(&self, _: &DeliveryId) -> Result<(), SendError> {
        Ok(())
    }
}

impl FakeLedger {
    /// The changes in short: the kind and the part.
    pub fn story(&self, id: PartId) -> Vec<&'static str> {
        let changes = self.changes.lock().expect("a lock");
        let of = |change: &Change| match change {
            Change::Sending { id } => Some(("sending", *id)),
            Change::Sent { id, .. } => Some(("sent", *id)),
            Change::Shown { id, .. } => Some(("shown", *id)),
            Change::Defer { id, .. } => Some(("defer", *id)),
            Change::Abandon { id, .. } => Some(("abandon", *id)),
            _ => None,
        };
        changes.iter().filter_map(of).filter(|(_, part)| *part == id).map(|(kind, _)| kind).collect()
    }
}

#[async_trait]
impl Ledger for FakeLedger {
    async fn commit(&self, _: Option<Lane>, changes: Vec<Change>) -> Result<(), LedgerError> {
        if let Some(failure) = self.failures.lock().expect("a lock").pop_front() {
            return Err(failure);
        }
        for change in &changes {
            if let Change::Sent { id, message, .. } | Change::Shown { id, message } = change {
                self.messages.lock().expect("a lock").insert(*id, message.clone());
            }
        }
        self.changes.lock().expect("a lock").extend(changes);
        Ok(())
    }

    async fn find_message(&self, id: PartId) -> Result<Option<MessageRef>, LedgerError> {
        Ok(self.messages.lock().expect("a lock").get(&id).cloned())
    }
}
