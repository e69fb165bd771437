//! Gives every active conversation one actor: strictly in order inside a conversation, many side by side.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adjutant_core::conversation::Conversation;
use adjutant_core::id::ConversationId;
use adjutant_core::message::ConversationKey;
use adjutant_store::record::{Inbound, Lane};
use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::actor::{Actor, Leftovers};
use crate::context::Context;

/// What an actor is told.
#[derive(Debug)]
pub enum Letter {
    /// A message was committed for it.
    Inbound(Box<Inbound>),
    /// Something in its rows may have changed: look again.
    Wake,
    /// Nothing can be said in it any more: stop what runs, send nothing.
    Gone,
    /// It goes on under another key, which is stored.
    Moved(ConversationKey),
}

/// The actors of this gateway.
pub struct Dispatcher {
    context: Arc<Context>,
    actors: Mutex<HashMap<ConversationId, mpsc::UnboundedSender<Letter>>>,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Dispatcher {
    #[must_use]
    pub fn new(context: Arc<Context>) -> Arc<Self> {
        Arc::new(Self {
            context,
            actors: Mutex::default(),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        })
    }

    /// Hands a letter to the conversation's actor, which is started if there is none.
    pub fn deliver(self: &Arc<Self>, lane: Lane, letter: Letter) {
        self.deliver_with(lane, letter, Leftovers::now(&self.context));
    }

    /// The first message of a conversation that it has made.
    pub fn open(self: &Arc<Self>, lane: Lane, letter: Letter, conversation: Conversation) {
        self.deliver_with(lane, letter, Leftovers::New(Box::new(conversation)));
    }

    fn deliver_with(self: &Arc<Self>, lane: Lane, letter: Letter, leftovers: Leftovers) {
        let mut actors = self.lock();
        let letter = match actors.get(&lane.conversation) {
            Some(actor) => match actor.send(letter) {
                Ok(()) => return,
                Err(returned) => returned.0,
            },
            None => letter,
        };
        let (sender, receiver) = mpsc::unbounded_channel();
        // Sending to a receiver that exists cannot fail.
        let _ = sender.send(letter);
        actors.insert(lane.conversation, sender);
        drop(actors);
        self.spawn(lane, receiver, leftovers);
    }

    /// Tells the actor of a conversation, if there is one.
    pub fn tell(&self, conversation: ConversationId, letter: Letter) {
        if let Some(actor) = self.lock().get(&conversation) {
            // An actor that is just ending has nothing left to be told.
            let _ = actor.send(letter);
        }
    }

    /// An actor that let its conversation go for a defect is started again from the rows.
    pub fn again(&self, lane: Lane) {
        self.tell(lane.conversation, Letter::Wake);
    }

    /// An actor wants to end: granted unless a letter has come in the meantime.
    pub fn retire(&self, conversation: ConversationId, letters: &mpsc::UnboundedReceiver<Letter>) -> bool {
        let mut actors = self.lock();
        if !letters.is_empty() {
            return false;
        }
        actors.remove(&conversation);
        true
    }

    /// Fires when the gateway stops: actors leave their runs to the runners and end.
    #[must_use]
    pub const fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Stops all actors and waits until they have ended. Runs go on without the gateway.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Actors that exist now.
    #[must_use]
    pub fn active(&self) -> usize {
        self.lock().len()
    }

    fn spawn(self: &Arc<Self>, lane: Lane, letters: mpsc::UnboundedReceiver<Letter>, leftovers: Leftovers) {
        let dispatcher = Arc::clone(self);
        let span = tracing::info_span!("conversation.handle", conversation = %lane.conversation);
        self.tasks.spawn(
            async move {
                let context = Arc::clone(&dispatcher.context);
                let actor = Actor::run(context, Arc::clone(&dispatcher), lane, letters, leftovers);
                if AssertUnwindSafe(actor).catch_unwind().await.is_err() {
                    dispatcher.after_panic(lane).await;
                }
            }
            .instrument(span),
        );
    }

    /// A defect of ours ended an actor. The message it worked on is counted, so that one that does it again and
    /// again is set aside instead of blocking the ones behind it.
    async fn after_panic(self: &Arc<Self>, lane: Lane) {
        let reference = crate::fault::reference();
        tracing::error!(conversation = %lane.conversation, reference, "the conversation's actor panicked (reference {reference})");
        self.lock().remove(&lane.conversation);
        if let Err(error) = crate::fault::count_poison(&self.context, lane, &reference).await {
            tracing::error!(conversation = %lane.conversation, %error, "the failed message could not be counted: {error}");
        }
        self.deliver(lane, Letter::Wake);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConversationId, mpsc::UnboundedSender<Letter>>> {
        self.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatcher").field("active", &self.active()).finish_non_exhaustive()
    }
}
