//! Writing to a run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adjutant_core::assistant::{Answer, PermissionRequest, RunControl, RunGone, SpoolOffset, Steering};
use adjutant_core::id::{ApprovalId, InboundSeq, TurnId};
use adjutant_runner::Control;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::codec::{Codec, Unwritable};

/// A codec that is read from and written to.
pub(super) type Shared<C> = Arc<Mutex<C>>;

/// Locks the codec. A panic elsewhere leaves its state as good as it was before that line.
pub(super) fn lock<C>(codec: &Shared<C>) -> MutexGuard<'_, C> {
    codec.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to a run whose runner is there.
pub(super) struct Held<C> {
    pub control: Control,
    pub codec: Shared<C>,
}

impl<C: Codec> Held<C> {
    async fn write(&self, key: &str, line: Result<Vec<u8>, Unwritable>) -> Result<(), RunGone> {
        let line = line.map_err(|error| RunGone(error.to_string()))?;
        self.control.write(key, &line).await.map(|_| ()).map_err(|gone| RunGone(gone.0))
    }
}

#[async_trait]
impl<C: Codec> RunControl for Held<C> {
    async fn prompt(&self, turn: TurnId, text: &str) -> Result<(), RunGone> {
        let line = {
            let mut codec = lock(&self.codec);
            // Before it is written: the answer may be faster than this task.
            codec.begin(turn);
            codec.prompt(turn, text)
        };
        // If it does not arrive, the process is ending, and its end, with what it last said, is that of this turn.
        self.write(&prompt_key(turn), line).await
    }

    fn can_steer(&self, turn: TurnId) -> Steering {
        lock(&self.codec).can_steer(turn)
    }

    async fn steer(&self, turn: TurnId, message: InboundSeq, text: &str) -> Result<(), RunGone> {
        let id = steered_id(turn, message);
        let line = {
            let mut codec = lock(&self.codec);
            // Before it is written, like a prompt.
            codec.steering(turn, id);
            codec.steer(id, text)
        };
        self.write(&steer_key(turn, message), line).await
    }

    async fn interrupt(&self, turn: TurnId) -> Result<(), RunGone> {
        let line = {
            let mut codec = lock(&self.codec);
            codec.interrupting(turn);
            codec.interrupt(turn)
        };
        self.write(&format!("interrupt:{turn}"), line).await
    }

    async fn answer(&self, approval: ApprovalId, request: &PermissionRequest, answer: &Answer) -> Result<(), RunGone> {
        let line = lock(&self.codec).answer(request, answer);
        self.write(&format!("answer:{approval}"), line).await
    }

    async fn keep_until(&self, until: DateTime<Utc>) {
        self.control.keep_until(until.timestamp_millis()).await;
    }

    async fn taken(&self, upto: SpoolOffset) {
        self.control.taken(upto.0).await;
    }

    async fn end(&self) {
        self.control.stop().await;
    }
}

/// A run that only its spool is left of.
pub(super) struct Gone<C> {
    /// What was written to it.
    pub keys: Vec<String>,
    pub codec: Shared<C>,
}

#[async_trait]
impl<C: Codec> RunControl for Gone<C> {
    async fn prompt(&self, _: TurnId, _: &str) -> Result<(), RunGone> {
        Err(gone())
    }

    fn can_steer(&self, _: TurnId) -> Steering {
        Steering::TurnEnded
    }

    async fn steer(&self, turn: TurnId, message: InboundSeq, _: &str) -> Result<(), RunGone> {
        if !self.keys.contains(&steer_key(turn, message)) {
            return Err(gone());
        }
        lock(&self.codec).steering(turn, steered_id(turn, message));
        Ok(())
    }

    async fn interrupt(&self, _: TurnId) -> Result<(), RunGone> {
        Err(gone())
    }

    async fn answer(&self, _: ApprovalId, _: &PermissionRequest, _: &Answer) -> Result<(), RunGone> {
        Err(gone())
    }

    async fn keep_until(&self, _: DateTime<Utc>) {}

    async fn taken(&self, _: SpoolOffset) {}

    async fn end(&self) {}
}

fn gone() -> RunGone {
    RunGone("its runner is gone".to_owned())
}

/// The key under which the runner knows a turn's prompt.
pub(super) fn prompt_key(turn: TurnId) -> String {
    format!("prompt:{turn}")
}

/// The key under which the runner knows a message that was put into a turn.
fn steer_key(turn: TurnId, message: InboundSeq) -> String {
    format!("steer:{turn}:{}", message.0)
}

/// The id under which the protocol knows it: the same whenever the same message is put into the same turn, and unlike
/// that of every other.
fn steered_id(turn: TurnId, message: InboundSeq) -> Uuid {
    Uuid::from_u128(turn.0.as_u128() ^ u128::from(message.0.unsigned_abs()))
}
