//! From the first letter to the last: an actor is made from the rows of its conversation, lives until nothing is left
//! to do, and is made again when a defect ended it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use adjutant_core::conversation::Conversation;
use adjutant_store::record::{Inbound, InboundState, Lane, Snapshot};
use tokio::sync::{Notify, mpsc};

use super::{Actor, Halt, MenuNews, Work};
use crate::context::Context;
use crate::dispatcher::{Dispatcher, Letter};

/// Whether messages of the conversation may wait undelivered that an earlier life of the gateway, or another node,
/// has committed. It is asked when an actor is called for: by the time it runs, the start may be over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leftovers {
    Possible,
    None,
    /// The conversation was made by the message that called for the actor: there is nothing to read yet.
    New(Box<Conversation>),
}

impl Leftovers {
    #[must_use]
    pub fn now(context: &Context) -> Self {
        let possible = context.settings.shared_store || context.recovering.load(Ordering::Acquire);
        if possible { Self::Possible } else { Self::None }
    }
}

impl Actor {
    /// Runs until the conversation has nothing left to do, or the gateway stops.
    pub async fn run(
        context: Arc<Context>,
        dispatcher: Arc<Dispatcher>,
        lane: Lane,
        mut letters: mpsc::UnboundedReceiver<Letter>,
        mut leftovers: Leftovers,
    ) {
        loop {
            match Self::load(&context, &dispatcher, lane, leftovers).await {
                Ok(mut actor) => {
                    if let Err(halt) = actor.live(&mut letters).await {
                        actor.halted(&halt).await;
                    }
                }
                Err(Halt::NoPlatform) => tracing::debug!("the conversation waits: its platform is switched off"),
                Err(halt) => {
                    tracing::error!(error = %halt, "the conversation could not be read: {halt}");
                    // Its letters wait, so it is tried again: not at full speed.
                    tokio::select! {
                        () = context.clock.sleep(std::time::Duration::from_secs(10)) => {}
                        () = dispatcher.stopping().cancelled() => {}
                    }
                }
            }
            // What is left when the gateway stops is in the store, for its next life.
            if dispatcher.stopping().is_cancelled() || dispatcher.retire(lane.conversation, &letters) {
                return;
            }
            // Letters that came in the last moment are for another actor.
            leftovers = Leftovers::now(&context);
        }
    }

    async fn load(
        context: &Arc<Context>,
        dispatcher: &Arc<Dispatcher>,
        lane: Lane,
        leftovers: Leftovers,
    ) -> Result<Self, Halt> {
        let snapshot = match &leftovers {
            Leftovers::New(conversation) => Snapshot::of_new(conversation.as_ref().clone()),
            Leftovers::Possible | Leftovers::None => read_snapshot(context, lane).await?,
        };
        let platform = context.platform(snapshot.conversation.platform).ok_or(Halt::NoPlatform)?;
        let mut actor = Self {
            platform: Arc::clone(platform),
            context: Arc::clone(context),
            dispatcher: Arc::clone(dispatcher),
            lane,
            conversation: snapshot.conversation.clone(),
            away_since: snapshot.away_since,
            codebase: snapshot.codebase.clone(),
            menu_news: MenuNews::Loaded,
            session: snapshot.session.clone(),
            announced_model: None,
            failed: Vec::new(),
            inbox: BTreeMap::new(),
            seen: BTreeSet::new(),
            line: VecDeque::new(),
            edited: BTreeSet::new(),
            work: Work::Idle,
            run: None,
            stored_run: snapshot.run.as_ref().map(|run| (run.id, run.offset)),
            approvals: snapshot.approvals.iter().map(|approval| (approval.id, approval.clone())).collect(),
            close_run: Arc::new(Notify::new()),
            close_after_turn: false,
            growing: None,
            pending: Mutex::default(),
            endings: Vec::new(),
            is_due: true,
        };
        if actor.away_since.is_some() {
            actor.context.delivery.set_aside(&actor.target());
        } else if leftovers == Leftovers::Possible {
            // Before anything new is said: what an earlier life committed and did not deliver comes first.
            let rows = context.store.undelivered_of(lane.conversation).await?;
            context.delivery.recover(Some(lane), rows);
        }
        actor.take_in(snapshot).await?;
        Ok(actor)
    }

    /// Goes on where the rows say the conversation stands.
    async fn take_in(&mut self, snapshot: Snapshot) -> Result<(), Halt> {
        let Some(turn) = snapshot.turn else {
            snapshot.inbound.into_iter().for_each(|inbound| self.file(inbound));
            return Ok(());
        };
        let (mut begun, waiting): (Vec<Inbound>, Vec<Inbound>) =
            snapshot.inbound.into_iter().partition(|inbound| inbound.state == InboundState::Running);
        waiting.into_iter().for_each(|inbound| self.file(inbound));
        let Some(prompt) = begun.iter().position(|inbound| inbound.seq == turn.inbound) else {
            begun.into_iter().for_each(|inbound| self.file(inbound));
            return Ok(());
        };
        self.seen.extend(begun.iter().map(|inbound| inbound.seq));
        let prompt = begun.remove(prompt);
        // What else has begun was put into the turn.
        self.recover(turn, (prompt, begun), &snapshot.reply).await
    }

    async fn halted(&mut self, halt: &Halt) {
        self.context.live.not_idle(self.lane.conversation);
        let Halt::Store(error) = halt else {
            tracing::info!(reason = %halt, "the conversation was let go: {halt}");
            return;
        };
        let reference = crate::fault::reference();
        tracing::error!(%error, reference, "the conversation was let go (reference {reference}): {error}");
        if let Err(error) = crate::fault::count_poison(&self.context, self.lane, &reference).await {
            tracing::error!(%error, reference, "the failed message could not be counted: {error}");
        }
        // A defect that stays must not turn in circles at full speed.
        self.context.clock.sleep(std::time::Duration::from_secs(1)).await;
        self.dispatcher.again(self.lane);
    }
}

async fn read_snapshot(context: &Context, lane: Lane) -> Result<Snapshot, Halt> {
    loop {
        match context.store.snapshot(lane.conversation).await {
            Err(error) if error.is_temporary() => context.clock.sleep(std::time::Duration::from_secs(1)).await,
            result => return Ok(result?),
        }
    }
}
