//! Reading.

use adjutant_core::approval::Approval;
use adjutant_core::codebase::Codebase;
use adjutant_core::conversation::Conversation;
use adjutant_core::id::{ApprovalId, ConversationId, PartId, SessionId};
use adjutant_core::kind::PlatformKind;
use adjutant_core::message::ConversationKey;
use adjutant_core::session::Session;
use chrono::{DateTime, Utc};

use super::{CodebaseLookup, Db, Store};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::record::{AllowedSender, Due, Inbound, OutboxRow, Run, Snapshot, UsageSum};
use crate::sql;

/// Under PostgreSQL's usual isolation every statement would see another moment. SQLite's readers never do.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Runs the body on a connection for reading.
macro_rules! reading {
    ($store:expr, $conn:ident => $body:expr) => {
        match &$store.inner.db {
            Db::Lite(lite) => {
                let mut pooled = lite.readers().acquire().await.map_err(no_connection)?;
                let $conn = &mut Conn::Lite(&mut pooled);
                $body
            }
            Db::Pg(pg) => {
                let mut pooled = pg.pool().acquire().await.map_err(no_connection)?;
                let $conn = &mut Conn::Pg(&mut pooled);
                $body
            }
        }
    };
}

impl Store {
    /// Everything an actor starts from, of one moment.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when there is no such conversation. See [`StoreError`].
    pub async fn snapshot(&self, conversation: ConversationId) -> Result<Snapshot, StoreError> {
        match &self.inner.db {
            Db::Lite(lite) => {
                let mut tx = lite.readers().begin().await.map_err(no_connection)?;
                let snapshot = sql::snapshot::read(&mut Conn::Lite(&mut tx), conversation).await?;
                tx.commit().await.map_err(no_connection)?;
                Ok(snapshot)
            }
            Db::Pg(pg) => {
                let mut tx = pg.pool().begin_with(SNAPSHOT).await.map_err(no_connection)?;
                let snapshot = sql::snapshot::read(&mut Conn::Pg(&mut tx), conversation).await?;
                tx.commit().await.map_err(no_connection)?;
                Ok(snapshot)
            }
        }
    }

    /// The conversation of this key.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn find_conversation(
        &self,
        platform: PlatformKind,
        key: &ConversationKey,
    ) -> Result<Option<Conversation>, StoreError> {
        reading!(self, conn => sql::conversation::find(conn, platform, key).await)
    }

    /// A platform's conversations in the order of their creation, from behind `after`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_conversations(
        &self,
        platform: PlatformKind,
        after: Option<ConversationId>,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        reading!(self, conn => sql::conversation::list(conn, platform, after, limit).await)
    }

    /// Free and own lanes that somebody has to look at, the longest waiting first: their time has come, or an
    /// epoch that is gone has left a turn running or a part undelivered in them.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_due(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<ConversationId>, StoreError> {
        let due = self.list_due_after(now, None, limit).await?;
        Ok(due.into_iter().map(|due| due.conversation).collect())
    }

    /// The same, behind one of an earlier page.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_due_after(
        &self,
        now: DateTime<Utc>,
        after: Option<Due>,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        reading!(self, conn => sql::lane::list_due(conn, &self.node(), now, (after, limit)).await)
    }

    /// Messages of a conversation whose turn failed and that may be tried again, in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_offered(&self, conversation: &Conversation) -> Result<Vec<Inbound>, StoreError> {
        reading!(self, conn => sql::inbound::list_offered(conn, conversation).await)
    }

    /// `Pending` and `Sending` parts of own lanes, free lanes and no lane, in order, from behind the row whose `seq` is
    /// `after`; 0: from the first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_undelivered(&self, after: i64, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        reading!(self, conn => sql::outbox::list(conn, &self.node(), (after, limit)).await)
    }

    /// `Pending` and `Sending` parts of a conversation, in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn undelivered_of(&self, conversation: ConversationId) -> Result<Vec<OutboxRow>, StoreError> {
        reading!(self, conn => sql::outbox::list_of(conn, conversation).await)
    }

    /// One part.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn part(&self, id: PartId) -> Result<Option<OutboxRow>, StoreError> {
        reading!(self, conn => sql::outbox::get(conn, id).await)
    }

    /// Every codebase, oldest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_codebases(&self) -> Result<Vec<Codebase>, StoreError> {
        reading!(self, conn => sql::codebase::list(conn).await)
    }

    /// A conversation's sessions, newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_sessions(&self, conversation: ConversationId, limit: u32) -> Result<Vec<Session>, StoreError> {
        reading!(self, conn => sql::session::list(conn, conversation, limit).await)
    }

    /// How many sessions a conversation ever had: the number of the newest.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn count_sessions(&self, conversation: ConversationId) -> Result<i64, StoreError> {
        reading!(self, conn => sql::session::count(conn, conversation).await)
    }

    /// The session of a conversation that has this number. The first one has number 1; numbers never change.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn nth_session(&self, conversation: ConversationId, number: u32) -> Result<Option<Session>, StoreError> {
        reading!(self, conn => sql::session::nth(conn, conversation, number).await)
    }

    /// One session.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        reading!(self, conn => sql::session::get(conn, id).await)
    }

    /// Runs that have not ended.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_live_runs(&self) -> Result<Vec<Run>, StoreError> {
        reading!(self, conn => sql::run::list_live(conn).await)
    }

    /// Every run that a session ever had.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_runs_of(&self, session: SessionId) -> Result<Vec<Run>, StoreError> {
        reading!(self, conn => sql::run::list_of(conn, session).await)
    }

    /// What time it is for PostgreSQL, whose clock decides about leases. `None` on SQLite, which has no clock.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn time(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        match &self.inner.db {
            Db::Lite(_) => Ok(None),
            Db::Pg(pg) => {
                let mut pooled = pg.pool().acquire().await.map_err(no_connection)?;
                sql::node::time(&mut Conn::Pg(&mut pooled)).await
            }
        }
    }

    /// One approval.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn find_approval(&self, id: ApprovalId) -> Result<Option<Approval>, StoreError> {
        reading!(self, conn => sql::approval::get(conn, id).await)
    }

    /// Approvals nobody has answered, by number.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_open_approvals(&self) -> Result<Vec<Approval>, StoreError> {
        reading!(self, conn => sql::approval::list_open(conn).await)
    }

    /// What turns consumed since then, of one conversation or of all.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn usage_since(
        &self,
        conversation: Option<ConversationId>,
        since: DateTime<Utc>,
    ) -> Result<UsageSum, StoreError> {
        reading!(self, conn => sql::usage::sum_since(conn, conversation, since).await)
    }

    /// What turns in a codebase consumed since then.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn usage_of_codebase(
        &self,
        codebase: adjutant_core::id::CodebaseId,
        since: DateTime<Utc>,
    ) -> Result<UsageSum, StoreError> {
        reading!(self, conn => sql::usage::sum_of_codebase(conn, codebase, since).await)
    }

    /// The allow-lists of every platform.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_allowed(&self) -> Result<Vec<AllowedSender>, StoreError> {
        reading!(self, conn => sql::sender::list(conn).await)
    }

    /// Until when strangers may ask for a code, even if that is past; `None`: never.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn pairing_open_until(&self, platform: PlatformKind) -> Result<Option<DateTime<Utc>>, StoreError> {
        reading!(self, conn => sql::pairing::open_until(conn, platform).await)
    }

    /// The codebase that matches; the oldest, should several.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn find_codebase(&self, by: CodebaseLookup<'_>) -> Result<Option<Codebase>, StoreError> {
        if let CodebaseLookup::Id(id) = by {
            return reading!(self, conn => sql::codebase::get(conn, id).await);
        }
        let all = self.list_codebases().await?;
        Ok(all.into_iter().find(|codebase| matches(codebase, by)))
    }
}

fn matches(codebase: &Codebase, by: CodebaseLookup<'_>) -> bool {
    match by {
        CodebaseLookup::Id(id) => codebase.id == id,
        CodebaseLookup::Name(name) => codebase.name == name,
        CodebaseLookup::ShortId(given) => {
            let short = codebase.id.short();
            short == given || short.rsplit('_').next() == Some(given)
        }
        CodebaseLookup::Url(url) => codebase.repository_url.as_deref() == Some(url),
        CodebaseLookup::Path(path) => codebase.default_cwd == path,
    }
}

fn no_connection(error: sqlx::Error) -> StoreError {
    StoreError::from_sqlx("database", error)
}
