//! Start, stop, and what the operator may do.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use adjutant_core::error::UserError;
use adjutant_core::id::ConversationId;
use adjutant_core::kind::PlatformKind;
use adjutant_core::message::ConversationKey;
use adjutant_store::change::Change;
use adjutant_store::error::StoreError;
use adjutant_store::record::OutboxRow;
use chrono::{DateTime, Utc};
use tokio::sync::{broadcast, mpsc};

use crate::binding;
use crate::context::Context;
use crate::delivery::{DeliveryEvent, Target};
use crate::dispatcher::{Dispatcher, Letter};

/// Conversations and rows read at once while catching up.
const PAGE: u32 = 500;
/// How often lanes of nodes that went away are looked for.
const PATROL: Duration = Duration::from_secs(15);
/// How far ahead a start looks for what is due. A provider's limit may last a week.
const AHEAD: chrono::Duration = chrono::Duration::days(366);
/// How often old rows are swept.
const SWEEP: Duration = Duration::from_secs(6 * 3600);

/// The orchestrator. Share it in an `Arc`.
#[derive(Debug)]
pub struct Orchestrator {
    pub(crate) context: Arc<Context>,
    pub(crate) dispatcher: Arc<Dispatcher>,
}

/// An operation of the operator that was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error(transparent)]
    User(#[from] UserError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Orchestrator {
    /// `events` is what [`crate::delivery::Delivery::new`] gave for the context's delivery.
    #[must_use]
    pub fn new(context: Context, events: mpsc::UnboundedReceiver<DeliveryEvent>) -> Arc<Self> {
        let context = Arc::new(context);
        let dispatcher = Dispatcher::new(Arc::clone(&context));
        let this = Arc::new(Self { context, dispatcher });
        tokio::spawn(Arc::clone(&this).listen_to_delivery(events));
        this
    }

    #[must_use]
    pub const fn context(&self) -> &Arc<Context> {
        &self.context
    }

    #[must_use]
    pub const fn dispatcher(&self) -> &Arc<Dispatcher> {
        &self.dispatcher
    }

    /// Reads who is allowed; before anything is accepted.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn load_people(&self) -> Result<(), StoreError> {
        for allowed in self.context.store.list_allowed().await? {
            self.context.people.pair(allowed.platform, allowed.sender.id);
        }
        Ok(())
    }

    /// Goes on with everything an earlier life of the gateway left: undelivered messages, running turns, messages
    /// that were accepted and not handled. Then looks after what other nodes leave behind.
    pub async fn run(self: Arc<Self>) {
        if let Err(error) = self.catch_up().await {
            tracing::error!(%error, "not everything left over could be taken up: {error}");
        }
        let mut wakeups = self.context.store.wakeups();
        let stopping = self.dispatcher.stopping().clone();
        let mut next_sweep = self.context.clock.monotonic() + SWEEP;
        loop {
            let pause = if self.context.settings.shared_store { PATROL } else { SWEEP };
            tokio::select! {
                () = stopping.cancelled() => return,
                woken = wakeups.recv() => self.on_wakeup(woken).await,
                () = self.context.clock.sleep(pause) => {
                    if let Err(error) = self.take_up_lanes(self.context.clock.now()).await {
                        tracing::warn!(%error, "the patrol failed: {error}");
                    }
                }
            }
            if self.context.clock.monotonic() >= next_sweep {
                next_sweep = self.context.clock.monotonic() + SWEEP;
                if let Err(error) = self.context.store.sweep(self.context.clock.now()).await {
                    tracing::warn!(%error, "old rows were not swept: {error}");
                }
            }
        }
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        // What is due only later, too: whoever waits for a time has its actor watch the clock.
        self.take_up_lanes(self.context.clock.now() + AHEAD).await?;
        self.take_up_parts().await?;
        self.context.recovering.store(false, Ordering::Release);
        Ok(())
    }

    /// Starts an actor for every free conversation with something to do by then.
    async fn take_up_lanes(&self, by: DateTime<Utc>) -> Result<(), StoreError> {
        let mut last = None;
        loop {
            let due = self.context.store.list_due_after(by, last, PAGE).await?;
            for one in &due {
                self.take_up(one.conversation).await?;
            }
            last = due.last().copied();
            if due.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    async fn take_up(&self, conversation: ConversationId) -> Result<bool, StoreError> {
        let Some(lane) = self.context.store.claim(conversation).await? else { return Ok(false) };
        self.dispatcher.deliver(lane, Letter::Wake);
        Ok(true)
    }

    /// However many there are: rows of a platform that is switched off stay, and must not hide the others.
    async fn take_up_parts(&self) -> Result<(), StoreError> {
        let (mut after, mut seen) = (0, HashSet::new());
        loop {
            let rows = self.context.store.list_undelivered(after, PAGE).await?;
            let Some(last) = rows.last().map(|row| row.seq) else { return Ok(()) };
            after = last;
            for row in rows {
                self.take_up_part(row, &mut seen).await?;
            }
        }
    }

    /// A conversation's rows are taken up by its actor, all of them, before that says anything new.
    async fn take_up_part(&self, row: OutboxRow, seen: &mut HashSet<ConversationId>) -> Result<(), StoreError> {
        match row.conversation {
            Some(conversation) if seen.insert(conversation) => self.take_up(conversation).await.map(|_| ()),
            Some(_) => Ok(()),
            None => {
                self.context.delivery.recover(None, vec![row]);
                Ok(())
            }
        }
    }

    async fn on_wakeup(&self, woken: Result<ConversationId, broadcast::error::RecvError>) {
        let result = match woken {
            Ok(conversation) => self.take_up(conversation).await.map(|_| ()),
            Err(broadcast::error::RecvError::Lagged(_)) => self.take_up_lanes(self.context.clock.now()).await,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        };
        if let Err(error) = result {
            tracing::warn!(%error, "a wake-up was not followed: {error}");
        }
    }

    async fn listen_to_delivery(self: Arc<Self>, mut events: mpsc::UnboundedReceiver<DeliveryEvent>) {
        while let Some(event) = events.recv().await {
            match event {
                DeliveryEvent::Gone { to, reason } => {
                    tracing::warn!(platform = %to.platform, conversation = to.key.0, "nothing can be sent there any more: {reason}");
                    self.tell(&to, Letter::Gone).await;
                }
                DeliveryEvent::Moved { from, to } => {
                    if let Err(error) = self.moved(&from, &to).await {
                        tracing::warn!(%error, "a new key was not stored: {error}");
                    }
                }
                DeliveryEvent::Fenced { .. }
                | DeliveryEvent::FirstShown { .. }
                | DeliveryEvent::Delivered { .. }
                | DeliveryEvent::Dead { .. } => {}
            }
        }
    }

    /// The conversation goes on under another key. `false` when another node holds it.
    pub(crate) async fn moved(&self, from: &Target, to: &ConversationKey) -> Result<bool, StoreError> {
        let found = self.context.store.find_conversation(from.platform, &from.key).await?;
        let Some(conversation) = found.filter(|_| from.key != *to) else { return Ok(true) };
        let Some(lane) = self.context.store.claim(conversation.id).await? else { return Ok(false) };
        let rekey = Change::Rekey { conversation: conversation.id, key: to.clone() };
        self.context.store.commit(Some(lane), vec![rekey]).await?;
        self.dispatcher.deliver(lane, Letter::Moved(to.clone()));
        Ok(true)
    }

    /// Tells the conversation's actor, which is called for if there is none.
    async fn tell(&self, to: &Target, letter: Letter) {
        let told = async {
            let Some(conversation) = self.context.store.find_conversation(to.platform, &to.key).await? else {
                return Ok(());
            };
            if let Some(lane) = self.context.store.claim(conversation.id).await? {
                self.dispatcher.deliver(lane, letter);
            }
            Ok::<(), StoreError>(())
        };
        if let Err(error) = told.await {
            tracing::warn!(%error, "a conversation could not be told: {error}");
        }
    }

    /// Admits the person who was given this code.
    ///
    /// # Errors
    /// When nobody was, or it has expired.
    pub async fn allow(&self, code: &str) -> Result<String, OperatorError> {
        let redeemed = self.context.store.redeem_pairing(code.trim(), self.context.clock.now()).await?;
        let Some(allowed) = redeemed else {
            return Err(UserError::new(
                format!("No pairing code `{}`, or it has expired.", code.trim()),
                "Write to the bot again for a new one; it lasts one hour.",
            )
            .into());
        };
        self.context.people.pair(allowed.platform, allowed.sender.id.clone());
        // The name is a stranger's, and this text goes to a terminal.
        let name = crate::words::one_line(&allowed.sender.name, 60);
        Ok(format!("{name} ({}) may use {} now.", allowed.sender.id, allowed.platform.shown()))
    }

    /// Offers pairing to strangers on a platform for ten minutes.
    ///
    /// # Errors
    /// When the platform is not switched on.
    pub async fn pair(&self, platform: PlatformKind) -> Result<String, OperatorError> {
        if !self.context.platforms.contains_key(&platform) {
            return Err(UserError::new(
                format!("{} is not switched on.", platform.shown()),
                "`adjutant doctor` says how.",
            )
            .into());
        }
        let until = self.context.clock.now() + chrono::Duration::minutes(10);
        self.context.store.open_pairing(platform, until).await?;
        Ok(format!(
            "For ten minutes, whoever writes to the bot on {} gets a code for `adjutant allow <code>`.",
            platform.shown()
        ))
    }

    /// Loads a codebase's own assistant settings, hooks and servers from now on.
    ///
    /// # Errors
    /// When there is no such codebase.
    pub async fn trust(&self, name: &str) -> Result<String, OperatorError> {
        let found = binding::find_or_adopt(&self.context, name, self.context.clock.now()).await?;
        let Some(found) = found else {
            return Err(UserError::new(format!("No codebase `{name}`."), "`/repos` lists what is there.").into());
        };
        let mut codebase = found.codebase;
        codebase.trusted = true;
        let text = format!(
            "The settings, hooks and servers that `{}` brings are loaded from its next session on.",
            codebase.name
        );
        self.context.store.commit(None, vec![Change::PutCodebase(codebase)]).await?;
        Ok(text)
    }

    /// Stops in order: actors leave their runs to the runners, what can be sent now is sent.
    pub async fn stop(&self, within: Duration) {
        self.dispatcher.stop().await;
        let left = self.context.delivery.flush(within).await;
        if left > 0 {
            tracing::info!(left, "{left} conversations have messages that are sent after the next start");
        }
    }
}
