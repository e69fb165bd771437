//! A fresh database per test, and a look at it past the store.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use adjutant_core::clock::{Clock, ManualClock};
use adjutant_store::store::{Store, StoreOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;

/// Cheap to clone; the database goes when [`Database::run`] is done with it.
#[derive(Clone)]
pub struct Database {
    pub url: String,
    pub clock: ManualClock,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Lite { folder: Arc<TempDir> },
    Pg { admin: String, name: String },
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = Arc::new(TempDir::new().expect("a temporary folder"));
        let url = format!("sqlite://{}", folder.path().join("data/adjutant.db").display());
        Self { url, clock: ManualClock::default(), kind: Kind::Lite { folder } }
    }

    #[expect(clippy::disallowed_methods, reason = "the test's own setting: which server to use")]
    pub async fn postgres() -> Self {
        let admin = std::env::var("TEST_DATABASE_URL")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
        let name = format!("adjutant_store_{}", uuid::Uuid::new_v4().simple());
        let mut conn = PgConnection::connect(&admin)
            .await
            .expect("PostgreSQL must be reachable: start one, or set TEST_DATABASE_URL to its address");
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut conn).await.expect("a new database");
        let (server, _) = admin.rsplit_once('/').expect("an address with a database");
        Self { url: format!("{server}/{name}"), clock: ManualClock::default(), kind: Kind::Pg { admin, name } }
    }

    /// Runs one case and removes the database, however the case ends.
    pub async fn run<F, T>(self, case: F)
    where
        F: FnOnce(Database) -> T,
        T: Future<Output = ()> + Send + 'static,
    {
        let outcome = tokio::spawn(case(self.clone())).await;
        if let Kind::Pg { admin, name } = &self.kind {
            let mut conn = PgConnection::connect(admin).await.expect("PostgreSQL");
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            sqlx::query(AssertSqlSafe(drop)).execute(&mut conn).await.expect("the database is dropped");
        }
        if let Err(error) = outcome {
            std::panic::resume_unwind(error.into_panic());
        }
    }

    pub const fn is_sqlite(&self) -> bool {
        matches!(self.kind, Kind::Lite { .. })
    }

    /// The SQLite file.
    pub fn path(&self) -> PathBuf {
        match &self.kind {
            Kind::Lite { folder } => folder.path().join("data/adjutant.db"),
            Kind::Pg { .. } => panic!("not a file"),
        }
    }

    pub fn options(&self, node: &str) -> StoreOptions {
        StoreOptions {
            url: self.url.clone(),
            node: node.to_owned(),
            clock: Clock::Manual(self.clock.clone()),
            readers: 2,
        }
    }

    /// Opened and migrated.
    pub async fn open(&self) -> Store {
        self.open_as("node-a").await
    }

    pub async fn open_as(&self, node: &str) -> Store {
        let store = Store::open(self.options(node)).await.expect("the store opens");
        store.migrate().await.expect("the schema is brought up to date");
        store
    }

    /// As after `kill -9`: everything of the old process is gone, nothing was given back.
    pub async fn reopen(&self, store: Store) -> Store {
        drop(store);
        self.open().await
    }

    /// Runs a statement past the store.
    pub async fn execute(&self, sql: &str) {
        match self.kind {
            Kind::Lite { .. } => {
                let mut conn = self.lite().await;
                sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.expect("the statement runs");
            }
            Kind::Pg { .. } => {
                let mut conn = self.pg().await;
                sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.expect("the statement runs");
            }
        }
    }

    /// The first column of every row, as text.
    pub async fn column(&self, sql: &str) -> Vec<String> {
        match self.kind {
            Kind::Lite { .. } => {
                let mut conn = self.lite().await;
                let rows =
                    sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut conn).await.expect("the query runs");
                rows.iter().map(|row| row.get::<String, _>(0)).collect()
            }
            Kind::Pg { .. } => {
                let mut conn = self.pg().await;
                let rows =
                    sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut conn).await.expect("the query runs");
                rows.iter().map(|row| row.get::<String, _>(0)).collect()
            }
        }
    }

    /// `table.column` of everything in the schema, sorted.
    pub async fn columns(&self) -> Vec<String> {
        let sql = if self.is_sqlite() {
            "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
             WHERE m.type IN ('table', 'view') AND m.name LIKE 'remote_agent_%' ORDER BY 1"
        } else {
            "SELECT table_name || '.' || column_name FROM information_schema.columns
             WHERE table_name LIKE 'remote_agent_%' ORDER BY 1"
        };
        let mut columns = self.column(sql).await;
        columns.sort();
        columns
    }

    /// `table.column` of every place whose stored value contains the text.
    pub async fn places_of(&self, needle: &str) -> Vec<String> {
        let look = |place: &String| {
            let (table, column) = place.split_once('.').expect("table and column");
            format!(
                "SELECT '{place}' WHERE EXISTS (SELECT 1 FROM {table} WHERE CAST({column} AS TEXT) LIKE '%{needle}%')"
            )
        };
        let looks: Vec<_> = self.columns().await.iter().map(look).collect();
        self.column(&looks.join(" UNION ALL ")).await
    }

    pub async fn lite(&self) -> SqliteConnection {
        SqliteConnection::connect(&self.url).await.expect("the file opens")
    }

    pub async fn pg(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("the database opens")
    }
}
