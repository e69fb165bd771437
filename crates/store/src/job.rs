//! What can be written, as plain data: a job whose transaction failed together with others is run again alone.

use adjutant_core::id::ConversationId;
use adjutant_core::kind::PlatformKind;
use adjutant_core::message::InboundMessage;
use chrono::{DateTime, Utc};

use crate::change::{Change, NewPart};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::record::{Accepted, AllowedSender, Lane, Node, PairingCode};
use crate::sql;
use crate::store::SweepReport;

/// One transaction.
#[derive(Debug)]
pub(crate) enum Job {
    Accept(Vec<InboundMessage>),
    Claim(ConversationId),
    Commit(Option<Lane>, Vec<Change>),
    Allow(AllowedSender),
    OpenPairing(PlatformKind, DateTime<Utc>),
    PairingCode(Box<(PairingCode, NewPart)>),
    RedeemPairing(String, DateTime<Utc>),
    Sweep(DateTime<Utc>),
    Ping,
}

/// What a job answers.
#[derive(Debug)]
pub(crate) enum Answer {
    Done,
    Accepted(Vec<Accepted>),
    Claimed(Option<Lane>),
    Given(bool),
    Redeemed(Option<AllowedSender>),
    Swept(SweepReport),
}

/// Runs it inside the caller's transaction.
pub(crate) async fn run(conn: &mut Conn<'_>, job: &Job, node: &Node, now: DateTime<Utc>) -> Result<Answer, StoreError> {
    match job {
        Job::Accept(batch) => {
            let mut accepted = Vec::with_capacity(batch.len());
            for message in batch {
                accepted.push(sql::inbound::accept(conn, message, node, now).await?);
            }
            Ok(Answer::Accepted(accepted))
        }
        Job::Claim(conversation) => sql::lane::claim(conn, *conversation, node).await.map(Answer::Claimed),
        Job::Commit(lane, changes) => {
            sql::apply::commit(conn, *lane, changes, (node, now)).await.map(|()| Answer::Done)
        }
        Job::Allow(sender) => sql::sender::allow(conn, sender).await.map(|()| Answer::Done),
        Job::OpenPairing(platform, until) => sql::pairing::open(conn, *platform, *until).await.map(|()| Answer::Done),
        Job::PairingCode(given) => sql::pairing::give(conn, &given.0, &given.1).await.map(Answer::Given),
        Job::RedeemPairing(code, at) => sql::pairing::redeem(conn, code, *at).await.map(Answer::Redeemed),
        Job::Sweep(at) => sql::sweep::slice(conn, *at).await.map(Answer::Swept),
        Job::Ping => sql::node::check(conn, node, now).await.map(|()| Answer::Done),
    }
}
