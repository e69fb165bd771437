//! Pairing of strangers: a window the operator opens, and one code per stranger and hour.

use adjutant_core::kind::PlatformKind;
use adjutant_core::message::Sender;
use chrono::{DateTime, Duration, Utc};
use sqlx::FromRow;

use super::codec::{Stored, clean, restore};
use crate::change::NewPart;
use crate::conn::{Conn, execute, optional, statements};
use crate::error::StoreError;
use crate::record::{AllowedSender, PairingCode};

const TABLE: &str = "remote_agent_pairings";

statements! { "remote_agent_pairings";
    OPEN:
        "INSERT INTO remote_agent_pairing_windows (platform_type, open_until) VALUES ($1, $2)
         ON CONFLICT (platform_type) DO UPDATE SET open_until = excluded.open_until";
    OPEN_UNTIL: "SELECT open_until FROM remote_agent_pairing_windows WHERE platform_type = $1";
    /// Writes nothing when this stranger got a code after `$7`.
    GIVE:
        "INSERT INTO remote_agent_pairings (platform_type, sender_id, sender_name, code, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (platform_type, sender_id) DO UPDATE SET
           sender_name = excluded.sender_name, code = excluded.code, created_at = excluded.created_at,
           expires_at = excluded.expires_at
         WHERE remote_agent_pairings.created_at <= $7";
    /// A code works once.
    REDEEM:
        "DELETE FROM remote_agent_pairings WHERE code = $1 AND expires_at > $2
         RETURNING platform_type, sender_id, sender_name";
}

#[derive(FromRow)]
struct Row {
    platform_type: String,
    sender_id: String,
    sender_name: String,
}

pub(crate) async fn open(conn: &mut Conn<'_>, platform: PlatformKind, until: DateTime<Utc>) -> Result<(), StoreError> {
    execute!(conn, OPEN, platform.stored(), until).map(drop)
}

/// When the window closes or closed; `None`: it was never open.
pub(crate) async fn open_until(
    conn: &mut Conn<'_>,
    platform: PlatformKind,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(optional!(conn, OPEN_UNTIL, (DateTime<Utc>,), platform.stored())?.map(|(until,)| until))
}

/// Keeps the code and the line that tells it. `false`: the stranger got one within the hour, nothing is written.
pub(crate) async fn give(conn: &mut Conn<'_>, code: &PairingCode, part: &NewPart) -> Result<bool, StoreError> {
    let hour_ago = code.created_at - Duration::hours(1);
    let (id, name) = (clean(&code.sender.id), clean(&code.sender.name));
    let given = execute!(
        conn,
        GIVE,
        code.platform.stored(),
        id.as_ref(),
        name.as_ref(),
        &code.code,
        code.created_at,
        code.expires_at,
        hour_ago,
    )?;
    if given == 0 {
        return Ok(false);
    }
    super::outbox::put(conn, part).await?;
    Ok(true)
}

/// Moves the stranger to the allow-list.
pub(crate) async fn redeem(
    conn: &mut Conn<'_>,
    code: &str,
    now: DateTime<Utc>,
) -> Result<Option<AllowedSender>, StoreError> {
    let Some(row) = optional!(conn, REDEEM, Row, code, now)? else { return Ok(None) };
    let allowed = AllowedSender {
        platform: restore(TABLE, "platform_type", &row.platform_type)?,
        sender: Sender { id: row.sender_id, name: row.sender_name },
        allowed_at: now,
    };
    super::sender::allow(conn, &allowed).await?;
    Ok(Some(allowed))
}
