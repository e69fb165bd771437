//! People on an allow-list.

use adjutant_core::message::Sender;
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::codec::{Stored, clean, restore};
use crate::conn::{Conn, execute, rows, statements};
use crate::error::StoreError;
use crate::record::AllowedSender;

const TABLE: &str = "remote_agent_senders";

statements! { "remote_agent_senders";
    ALLOW:
        "INSERT INTO remote_agent_senders (platform_type, sender_id, sender_name, allowed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (platform_type, sender_id) DO UPDATE SET sender_name = excluded.sender_name";
    LIST:
        "SELECT platform_type, sender_id, sender_name, allowed_at FROM remote_agent_senders
         ORDER BY platform_type, allowed_at, sender_id";
}

#[derive(FromRow)]
struct Row {
    platform_type: String,
    sender_id: String,
    sender_name: String,
    allowed_at: DateTime<Utc>,
}

pub(crate) async fn allow(conn: &mut Conn<'_>, allowed: &AllowedSender) -> Result<(), StoreError> {
    let sender = &allowed.sender;
    let (id, name) = (clean(&sender.id), clean(&sender.name));
    execute!(conn, ALLOW, allowed.platform.stored(), id.as_ref(), name.as_ref(), allowed.allowed_at).map(drop)
}

pub(crate) async fn list(conn: &mut Conn<'_>) -> Result<Vec<AllowedSender>, StoreError> {
    let found = rows!(conn, LIST, Row)?;
    found
        .into_iter()
        .map(|row| {
            Ok(AllowedSender {
                platform: restore(TABLE, "platform_type", &row.platform_type)?,
                sender: Sender { id: row.sender_id, name: row.sender_name },
                allowed_at: row.allowed_at,
            })
        })
        .collect()
}
