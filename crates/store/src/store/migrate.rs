//! Bringing the schema up to date.

use sqlx::migrate::{Migrate, MigrateError, Migrator};

use super::{Db, Store};
use crate::error::StoreError;

static LITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static PG: Migrator = sqlx::migrate!("../../migrations/postgres");

/// What migrating did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MigrationReport {
    /// Migrations applied now; 0: the schema was up to date.
    pub applied: usize,
    /// The schema's version now.
    pub version: i64,
}

impl Store {
    /// Brings the schema up to date. Every migration is a transaction; several nodes take turns.
    ///
    /// # Errors
    /// [`StoreError::Migration`] when one fails, or when the schema is newer than this program.
    pub async fn migrate(&self) -> Result<MigrationReport, StoreError> {
        match &self.inner.db {
            Db::Lite(lite) => {
                let mut conn = lite.connect().await?;
                let report = run(&LITE, &mut conn).await;
                // A connection that is not closed well is rolled back by the next one.
                let _ = sqlx::Connection::close(conn).await;
                report
            }
            Db::Pg(pg) => {
                let mut conn = pg.pool().acquire().await.map_err(|e| StoreError::from_sqlx("database", e))?;
                run(&PG, &mut *conn).await
            }
        }
    }
}

async fn run<C: Migrate>(migrator: &'static Migrator, conn: &mut C) -> Result<MigrationReport, StoreError> {
    let table = &migrator.table_name;
    conn.ensure_migrations_table(table).await.map_err(failed)?;
    let before = conn.list_applied_migrations(table).await.map_err(failed)?.len();
    migrator.run_direct(None, conn, false).await.map_err(failed)?;
    let after = conn.list_applied_migrations(table).await.map_err(failed)?;
    let version = after.iter().map(|migration| migration.version).max().unwrap_or_default();
    Ok(MigrationReport { applied: after.len().saturating_sub(before), version })
}

fn failed(error: MigrateError) -> StoreError {
    match error {
        // A locked file or a lost connection is no fault of the schema.
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            match StoreError::from_sqlx("_sqlx_migrations", error) {
                StoreError::Refused { reason, .. } => StoreError::Migration { reason },
                other => other,
            }
        }
        MigrateError::VersionMissing(version) => StoreError::Migration {
            reason: format!("it is at version {version}, which this version of the program does not know"),
        },
        other => StoreError::Migration { reason: other.to_string() },
    }
}
