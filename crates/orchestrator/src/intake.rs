//! Who is admitted, what strangers get, and the commit before "received".

use std::sync::Arc;

use adjutant_core::conversation::Conversation;
use adjutant_core::id::{ConversationId, PartId};
use adjutant_core::intake::{Intake, IntakeClosed};
use adjutant_core::message::{InboundContent, InboundMessage};
use adjutant_core::platform::Part;
use adjutant_store::change::{Change, NewPart};
use adjutant_store::error::StoreError;
use adjutant_store::record::{Accepted, Inbound, InboundState, PairingCode, PartKind, PartState};
use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};

use crate::delivery::{Outgoing, Target};
use crate::dispatcher::Letter;
use crate::orchestrator::Orchestrator;
use crate::people::Verdict;
use crate::words::access;

/// How long a pairing code works.
const CODE_LASTS: Duration = Duration::hours(1);

#[async_trait]
impl Intake for Orchestrator {
    #[tracing::instrument(name = "inbound.accept", skip_all, fields(messages = batch.len()))]
    async fn accept(&self, batch: Vec<InboundMessage>) -> Result<(), IntakeClosed> {
        if self.dispatcher.stopping().is_cancelled() {
            return Err(IntakeClosed { reason: "the gateway is stopping".to_owned() });
        }
        let mut admitted = Vec::with_capacity(batch.len());
        for message in batch {
            // What follows comes under the new key, and must find the conversation there.
            if let InboundContent::Moved { to } = &message.content {
                self.take(std::mem::take(&mut admitted)).await.map_err(closed)?;
                let from = Target::new(message.platform, message.conversation.clone());
                if self.moved(&from, to).await.map_err(closed)? {
                    continue;
                }
            }
            if self.admit(&message).await.map_err(closed)? {
                admitted.push(message);
            }
        }
        self.take(admitted).await.map_err(closed)
    }
}

impl Orchestrator {
    /// Commits what was admitted and hands it to the actors.
    async fn take(&self, admitted: Vec<InboundMessage>) -> Result<(), StoreError> {
        if admitted.is_empty() {
            return Ok(());
        }
        let accepted = self.context.store.accept(admitted.clone()).await?;
        let now = self.context.clock.now();
        for (message, accepted) in admitted.into_iter().zip(accepted) {
            self.context.metrics.accepted(message.platform);
            self.hand_over(message, &accepted, now);
        }
        Ok(())
    }

    fn hand_over(&self, message: InboundMessage, accepted: &Accepted, now: DateTime<Utc>) {
        // A delivery seen before, or another node's conversation.
        let (Some(seq), Some(lane)) = (accepted.seq, accepted.lane) else { return };
        let inbound = Inbound {
            seq,
            conversation: accepted.conversation,
            state: InboundState::Received,
            message,
            attempts: 0,
            received_at: now,
            hold: None,
            told: None,
        };
        let made = accepted.created.then(|| new_conversation(accepted.conversation, &inbound.message, now));
        let letter = Letter::Inbound(Box::new(inbound));
        match made {
            Some(conversation) => self.dispatcher.open(lane, letter, conversation),
            None => self.dispatcher.deliver(lane, letter),
        }
    }

    /// Whether a message may be stored at all. Nothing of what strangers write is kept.
    async fn admit(&self, message: &InboundMessage) -> Result<bool, StoreError> {
        let context = &self.context;
        match &message.content {
            // The platform itself says this; it matters only where a conversation is known.
            content if content.is_of_platform() => {
                let known = context.store.find_conversation(message.platform, &message.conversation).await?;
                return Ok(known.is_some());
            }
            _ if !context.people.allows(message.platform, &message.sender) => {
                context.metrics.refused(message.platform);
                self.offer_pairing(message).await?;
                return Ok(false);
            }
            InboundContent::Text { .. } | InboundContent::Edited { .. } => {}
            _ => return Ok(true),
        }
        match context.people.quota().count(message.platform, &message.sender, context.clock.now()) {
            Verdict::Within => Ok(true),
            Verdict::Over { until } => {
                context.metrics.refused(message.platform);
                let text = access::too_many(context.people.quota().per_hour(), until);
                let part = self.detached(message, PartKind::Notice, text);
                context.store.commit(None, vec![Change::PutPart(part.clone())]).await?;
                self.send_detached(part);
                Ok(false)
            }
            Verdict::Silent => {
                context.metrics.refused(message.platform);
                Ok(false)
            }
        }
    }

    /// One short answer with a code, once an hour, and only while pairing is open.
    async fn offer_pairing(&self, message: &InboundMessage) -> Result<(), StoreError> {
        let context = &self.context;
        let now = context.clock.now();
        let open = context.people.nobody_yet(message.platform)
            || context.store.pairing_open_until(message.platform).await?.is_some_and(|until| until > now);
        if !open || !matches!(message.content, InboundContent::Text { .. } | InboundContent::Unsupported { .. }) {
            return Ok(());
        }
        let code = crate::fault::reference() + &crate::fault::reference();
        let part = self.detached(message, PartKind::Pairing, access::pairing(&code));
        let pairing = PairingCode {
            code,
            platform: message.platform,
            sender: message.sender.clone(),
            created_at: now,
            expires_at: now + CODE_LASTS,
        };
        if context.store.pairing_code(pairing, part.clone()).await? {
            tracing::info!(platform = %message.platform, sender = message.sender.id, "a stranger was offered pairing");
            self.send_detached(part);
        }
        Ok(())
    }

    /// A message outside any conversation of the store.
    fn detached(&self, message: &InboundMessage, kind: PartKind, text: String) -> NewPart {
        NewPart {
            id: PartId::generate(),
            platform: message.platform,
            to: message.conversation.clone(),
            conversation: None,
            turn: None,
            kind,
            part: Part::text(text),
            state: PartState::Pending,
            at: self.context.clock.now(),
        }
    }

    fn send_detached(&self, part: NewPart) {
        self.context.delivery.submit(Outgoing::committed(part, None, 1));
    }
}

/// What the store has just made for the message.
fn new_conversation(id: ConversationId, message: &InboundMessage, at: DateTime<Utc>) -> Conversation {
    Conversation {
        id,
        platform: message.platform,
        key: message.conversation.clone(),
        codebase: None,
        cwd: None,
        assistant: None,
        mode: None,
        model: None,
        created_at: at,
        updated_at: at,
    }
}

fn closed(error: StoreError) -> IntakeClosed {
    IntakeClosed { reason: error.to_string() }
}

/// Adapters hold the orchestrator through this.
pub type SharedIntake = Arc<dyn Intake>;
