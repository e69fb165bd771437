//! Writing. Every call is one transaction that is durable when it returns.

use adjutant_core::id::{ApprovalId, ConversationId};
use adjutant_core::kind::PlatformKind;
use adjutant_core::message::InboundMessage;
use chrono::{DateTime, Utc};

use super::{Db, Store, SweepReport};
use crate::change::{Change, NewPart};
use crate::error::StoreError;
use crate::job::{Answer, Job};
use crate::record::{Accepted, AllowedSender, Lane, PairingCode};
use crate::sql::sweep::SLICE;

impl Store {
    /// Commits a batch in its order: conversations that are new, their lanes due and taken for this node if they
    /// are free, messages whose delivery was not seen before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: nothing was accepted, nothing may be confirmed.
    pub async fn accept(&self, batch: Vec<InboundMessage>) -> Result<Vec<Accepted>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        match self.write(Job::Accept(batch)).await? {
            Answer::Accepted(accepted) => Ok(accepted),
            _ => Err(mismatch()),
        }
    }

    /// Takes the lane for this node; `None`: another live node holds it, or there is no such conversation.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn claim(&self, conversation: ConversationId) -> Result<Option<Lane>, StoreError> {
        match self.write(Job::Claim(conversation)).await? {
            Answer::Claimed(lane) => Ok(lane),
            _ => Err(mismatch()),
        }
    }

    /// Applies the changes in their order, all or none. With a lane, only while this node holds it.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lane is another node's, [`StoreError::Stale`] when one of the changes found
    /// its row in another state, [`StoreError::Unavailable`] when the same may pass later.
    pub async fn commit(&self, lane: Option<Lane>, changes: Vec<Change>) -> Result<(), StoreError> {
        if changes.is_empty() && lane.is_none() {
            return Ok(());
        }
        self.write(Job::Commit(lane, changes)).await.map(drop)
    }

    /// A number for the next question. Nothing is durable before the question is.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn reserve_approval(&self) -> Result<ApprovalId, StoreError> {
        match &self.inner.db {
            Db::Lite(lite) => lite.reserve_approval().await,
            Db::Pg(pg) => pg.reserve_approval().await,
        }
    }

    /// Puts somebody on an allow-list; who is on it already keeps the date.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn allow(&self, sender: AllowedSender) -> Result<(), StoreError> {
        self.write(Job::Allow(sender)).await.map(drop)
    }

    /// Lets strangers of a platform ask for a code until then; a time that is past closes the window.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn open_pairing(&self, platform: PlatformKind, until: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(Job::OpenPairing(platform, until)).await.map(drop)
    }

    /// Keeps a stranger's code and the line that tells it. `false`, and nothing written, when this stranger got
    /// one within the hour before.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody else has this very code: make another.
    pub async fn pairing_code(&self, code: PairingCode, part: NewPart) -> Result<bool, StoreError> {
        match self.write(Job::PairingCode(Box::new((code, part)))).await? {
            Answer::Given(given) => Ok(given),
            _ => Err(mismatch()),
        }
    }

    /// Puts the stranger of this code on the allow-list; `None`: no such code, or it has expired.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn redeem_pairing(&self, code: &str, now: DateTime<Utc>) -> Result<Option<AllowedSender>, StoreError> {
        match self.write(Job::RedeemPairing(code.to_owned(), now)).await? {
            Answer::Redeemed(sender) => Ok(sender),
            _ => Err(mismatch()),
        }
    }

    /// Removes what has served its time: delivery ids, delivered parts and settled approvals after 30 days, expired
    /// codes. Blanks delivered texts that nobody blanked. In slices, so that others are served in between.
    ///
    /// # Errors
    /// See [`StoreError`]; slices before the error stay done.
    pub async fn sweep(&self, now: DateTime<Utc>) -> Result<SweepReport, StoreError> {
        let mut total = SweepReport::default();
        loop {
            let Answer::Swept(slice) = self.write(Job::Sweep(now)).await? else { return Err(mismatch()) };
            total.add(slice);
            if !slice.is_full(SLICE.unsigned_abs()) {
                return Ok(total);
            }
        }
    }

    pub(super) async fn write(&self, job: Job) -> Result<Answer, StoreError> {
        match &self.inner.db {
            Db::Lite(lite) => lite.write(job).await,
            Db::Pg(pg) => pg.write(job).await,
        }
    }
}

/// A job gave another job's answer, which no input can cause.
fn mismatch() -> StoreError {
    StoreError::Refused { table: "database", reason: "the answer belongs to another job".to_owned() }
}
