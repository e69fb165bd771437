//! Housekeeping: what has served its time goes, in slices small enough that nobody waits behind them.

use chrono::{DateTime, Duration, Utc};

use crate::conn::{Conn, execute, statements};
use crate::error::StoreError;
use crate::store::SweepReport;

/// Platforms repeat a delivery for a day at most (Telegram keeps updates for 24 hours, GitHub redelivers for three
/// days): delivery ids are kept far longer.
const KEEP_DELIVERIES: i64 = 30;

/// Rows of one slice.
pub(crate) const SLICE: i64 = 2_000;

statements! { "remote_agent_inbound";
    INBOUND:
        "DELETE FROM remote_agent_inbound WHERE seq IN (
           SELECT seq FROM remote_agent_inbound WHERE state IN ('done', 'dead') AND received_at < $1 LIMIT $2)";
    OUTBOX:
        "DELETE FROM remote_agent_outbox WHERE seq IN (
           SELECT seq FROM remote_agent_outbox o WHERE o.state IN ('sent', 'dead') AND o.updated_at < $1
             AND NOT EXISTS (SELECT 1 FROM remote_agent_approvals a
               WHERE a.conversation_id = o.conversation_id AND a.state = 'open' AND a.part_id = o.id)
           LIMIT $2)";
    APPROVALS:
        "DELETE FROM remote_agent_approvals WHERE id IN (
           SELECT id FROM remote_agent_approvals WHERE state <> 'open' AND created_at < $1 LIMIT $2)";
    /// A code also says when its stranger may get the next one: it stays for an hour at least.
    PAIRINGS: "DELETE FROM remote_agent_pairings WHERE expires_at < $1 AND created_at < $2";
    /// What nobody wanted to have tried again.
    OFFERS:
        "UPDATE remote_agent_inbound SET content = '', hold = NULL WHERE seq IN (
           SELECT seq FROM remote_agent_inbound
           WHERE state IN ('done', 'dead') AND content <> '' AND ended_at < $1 LIMIT $2)";
    /// The net below the blanking at delivery: whatever was delivered a day ago has no use for its text.
    BLANK:
        "UPDATE remote_agent_outbox SET body = '' WHERE seq IN (
           SELECT seq FROM remote_agent_outbox o WHERE o.body <> '' AND o.state IN ('sent', 'dead') AND o.updated_at < $1
             AND NOT EXISTS (SELECT 1 FROM remote_agent_approvals a
               WHERE a.conversation_id = o.conversation_id AND a.state = 'open' AND a.part_id = o.id)
             AND NOT EXISTS (SELECT 1 FROM remote_agent_turns t WHERE t.id = o.turn_id AND t.state = 'running')
           LIMIT $2)";
}

/// One slice of everything; the caller goes on while [`SweepReport::is_full`].
pub(crate) async fn slice(conn: &mut Conn<'_>, now: DateTime<Utc>) -> Result<SweepReport, StoreError> {
    let old = now - Duration::days(KEEP_DELIVERIES);
    let day = now - Duration::days(1);
    Ok(SweepReport {
        inbound: execute!(conn, INBOUND, old, SLICE)?,
        outbox: execute!(conn, OUTBOX, old, SLICE)?,
        approvals: execute!(conn, APPROVALS, old, SLICE)?,
        pairings: execute!(conn, PAIRINGS, now, now - Duration::hours(1))?,
        offers: execute!(conn, OFFERS, day, SLICE)?,
        blanked: execute!(conn, BLANK, day, SLICE)?,
        given_up: super::away::give_up(conn, old, SLICE, now).await?,
    })
}
