//! One change after the other, inside the caller's transaction.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use super::{approval, away, codebase, conversation, inbound, lane, outbox, run, session, turn, usage};
use crate::change::Change;
use crate::conn::Conn;
use crate::error::StoreError;
use crate::record::{Lane, Node};
use crate::script::Script;

/// Changes of a commit that goes to SQLite in one call. Ordinary ones have fewer than ten.
const LONGEST_WHOLE: usize = 16;

/// Applies them all, provided the lane is still held.
pub(crate) async fn commit(
    conn: &mut Conn<'_>,
    lane: Option<Lane>,
    changes: &[Change],
    (node, now): (&Node, DateTime<Utc>),
) -> Result<(), StoreError> {
    if let Some(lane) = lane.filter(|lane| lane.epoch != node.epoch) {
        // Taken by an earlier life of this node.
        return Err(StoreError::Fenced { conversation: lane.conversation });
    }
    if let Conn::Lite(lite) = conn {
        return commit_script(lite, lane, changes, (node, now)).await;
    }
    let held = lane.map(|lane| (lane, node));
    if let Some(lane) = lane {
        lane::fence(conn, lane, node).await?;
    }
    for change in changes {
        apply(conn, change, held, now).await?;
    }
    Ok(())
}

/// As [`commit`], on SQLite: what only writes goes in as few calls as possible.
async fn commit_script(
    conn: &mut SqliteConnection,
    lane: Option<Lane>,
    changes: &[Change],
    (node, now): (&Node, DateTime<Utc>),
) -> Result<(), StoreError> {
    let held = lane.map(|lane| (lane, node));
    let mut script = Script::default();
    if let Some(lane) = lane
        && !fenced_by_a_change(lane, changes)
    {
        lane::fence(&mut Conn::Script(&mut script), lane, node).await?;
    }
    for change in changes {
        if reads(change) {
            script.send(conn).await?;
            apply(&mut Conn::Lite(conn), change, held, now).await?;
        } else {
            apply(&mut Conn::Script(&mut script), change, held, now).await?;
        }
        if script.is_full() {
            script.send(conn).await?;
        }
    }
    script.send(conn).await.map(drop)
}

/// The commit as one script that is a transaction of its own; `None` where it has to read, or is long.
pub(crate) async fn whole(
    lane: Option<Lane>,
    changes: &[Change],
    (node, now): (&Node, DateTime<Utc>),
) -> Option<Script> {
    let stale = lane.is_some_and(|lane| lane.epoch != node.epoch);
    if stale || changes.len() > LONGEST_WHOLE || changes.iter().any(reads) {
        return None;
    }
    let held = lane.map(|lane| (lane, node));
    let mut script = Script::transaction();
    if let Some(lane) = lane
        && !fenced_by_a_change(lane, changes)
    {
        lane::fence(&mut Conn::Script(&mut script), lane, node).await.ok()?;
    }
    for change in changes {
        apply(&mut Conn::Script(&mut script), change, held, now).await.ok()?;
    }
    Some(script).filter(Script::is_sound)
}

/// Whether a change has to look before it writes.
const fn reads(change: &Change) -> bool {
    matches!(change, Change::Rekey { .. })
}

/// Whether one of the changes checks the lane anyway, which saves a statement. Not on PostgreSQL: there the lane
/// must be locked before anything is read, or a message that another node accepts meanwhile could be overlooked.
fn fenced_by_a_change(lane: Lane, changes: &[Change]) -> bool {
    let due =
        |change: &Change| matches!(change, Change::Due { conversation, .. } if *conversation == lane.conversation);
    changes.iter().any(due)
}

async fn apply(
    conn: &mut Conn<'_>,
    change: &Change,
    held: Option<(Lane, &Node)>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    match change {
        Change::Bind { conversation: id, codebase, cwd } => {
            conversation::bind(conn, *id, (*codebase, cwd.as_deref()), now).await
        }
        Change::ChooseAssistant { conversation: id, assistant: to } => {
            conversation::choose_assistant(conn, *id, *to, now).await
        }
        Change::ChooseMode { conversation: id, mode } => conversation::choose_mode(conn, *id, *mode, now).await,
        Change::ChooseModel { conversation: id, model: to } => {
            conversation::choose_model(conn, *id, to.as_deref(), now).await
        }
        Change::Rekey { conversation: id, key } => conversation::rekey(conn, *id, key, now).await,
        Change::SetAside { conversation, since } => away::leave(conn, *conversation, *since).await,
        Change::TakeBack { conversation } => away::come_back(conn, *conversation).await,
        Change::PutCodebase(row) => codebase::put(conn, row).await,
        Change::DropCodebase { id } => codebase::drop_row(conn, *id, now).await,
        Change::StartSession(row) => session::start(conn, row).await,
        Change::EndSession { id, reason, at } => session::end(conn, *id, *reason, *at).await,
        Change::ResumeSession { id } => session::resume(conn, *id).await,
        Change::ForgetSession { id, at } => session::forget(conn, *id, *at).await,
        Change::AnnounceSession { id, assistant_session_id: known_as } => session::announce(conn, *id, known_as).await,
        Change::SetSessionMetadata { id, metadata } => session::set_metadata(conn, *id, metadata).await,
        Change::StartRun(row) => run::start(conn, row).await,
        Change::AdvanceRun { id, offset } => run::advance(conn, *id, *offset).await,
        Change::EndRun { id, at } => run::end(conn, *id, *at).await,
        Change::StartTurn(row) => turn::start(conn, row).await,
        Change::MoveTurn { id, run, spool_start } => turn::move_to(conn, *id, *run, *spool_start).await,
        Change::EndTurn { id, state, failure, at } => turn::end(conn, *id, (*state, failure.as_deref()), *at).await,
        Change::SetInbound { seq, state, at } => inbound::set(conn, *seq, *state, *at).await,
        Change::CountAttempt { seq } => inbound::count_attempt(conn, *seq).await,
        Change::Hold { seq, hold } => inbound::hold(conn, *seq, hold).await,
        Change::Offer { seq, state, hold, part, at } => {
            inbound::offer(conn, *seq, (*state, hold.as_ref(), *part), *at).await
        }
        Change::Rewrite { seq, content } => inbound::rewrite(conn, *seq, content).await,
        Change::TakeUp { seq } => inbound::take_up(conn, *seq).await,
        Change::ForgetOffers { conversation } => inbound::forget_offers(conn, *conversation).await,
        Change::Tell { seq, part } => inbound::tell(conn, *seq, *part).await,
        Change::Ask(row) => approval::ask(conn, row).await,
        Change::Pick { id, detail } => approval::pick(conn, *id, detail).await,
        Change::Await { id, awaits } => approval::await_words(conn, *id, awaits.as_ref()).await,
        Change::Settle { id, state } => approval::settle(conn, *id, state).await,
        Change::PutPart(part) => outbox::put(conn, part).await,
        Change::Sending { id } => outbox::sending(conn, *id, now).await,
        Change::Sent { id, revision, message } => outbox::sent(conn, *id, (*revision, message), now).await,
        Change::Shown { id, message } => outbox::shown(conn, *id, message, now).await,
        Change::Defer { id, error, due_at } => outbox::defer(conn, *id, (error, *due_at), now).await,
        Change::Abandon { id, error } => outbox::abandon(conn, *id, error, now).await,
        Change::BlankReply { turn } => outbox::blank_reply(conn, *turn).await,
        Change::AddUsage(row) => usage::add(conn, row).await,
        Change::Due { conversation, at } => lane::due(conn, *conversation, *at, (now, held)).await,
        Change::Release { conversation } => lane::release(conn, *conversation).await,
    }
}
