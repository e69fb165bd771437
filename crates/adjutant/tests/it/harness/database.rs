//! The database of a test: a file, or a database of its own on a PostgreSQL server.

use std::path::Path;

use sqlx::{Connection, Executor, PgConnection, Row, SqliteConnection};

/// Where tests find PostgreSQL.
const SERVER: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// Which database a gateway gets.
#[derive(Debug, Clone)]
pub enum Database {
    /// The default: a file in the data directory.
    Sqlite,
    /// A database that is made for the test and dropped with it.
    Postgres { name: String },
}

/// Inbound messages that are not handled, and parts that are neither delivered nor given up; but for what is kept for a
/// conversation's return.
const UNSETTLED: &str = "SELECT
    (SELECT count(*) FROM remote_agent_inbound WHERE state NOT IN ('done', 'dead')
       AND conversation_id NOT IN (SELECT conversation_id FROM remote_agent_away))
  + (SELECT count(*) FROM remote_agent_outbox WHERE state NOT IN ('sent', 'dead')
       AND (conversation_id IS NULL OR conversation_id NOT IN (SELECT conversation_id FROM remote_agent_away)))
  + (SELECT count(*) FROM remote_agent_turns WHERE state = 'running')";

impl Database {
    /// A PostgreSQL database with a name of its own.
    pub fn postgres() -> Self {
        Self::Postgres { name: format!("adjutant_test_{}", uuid::Uuid::new_v4().simple()) }
    }

    pub async fn create(self) -> Self {
        if let Self::Postgres { name } = &self {
            let mut server =
                PgConnection::connect(&server()).await.expect("PostgreSQL answers; `./scripts/test` starts one");
            server.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        }
        self
    }

    /// What `DATABASE_URL` is set to.
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { name } => Some(server().rsplit_once('/').unwrap().0.to_owned() + "/" + name),
        }
    }

    /// One number.
    pub async fn number(&self, data_dir: &Path, query: &'static str) -> i64 {
        match self.url() {
            None => {
                let url = format!("sqlite://{}?mode=ro", data_dir.join("adjutant.db").display());
                let mut connection = SqliteConnection::connect(&url).await.unwrap();
                let row = connection.fetch_one(query).await.unwrap();
                row.get::<i64, _>(0)
            }
            Some(url) => {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                let row = connection.fetch_one(query).await.unwrap();
                row.get::<i64, _>(0)
            }
        }
    }

    pub async fn unsettled(&self, data_dir: &Path) -> i64 {
        self.number(data_dir, UNSETTLED).await
    }

    /// No unhandled message, no undelivered part, no running turn, no open approval.
    pub async fn assert_nothing_left(&self, data_dir: &Path) {
        assert_eq!(self.unsettled(data_dir).await, 0, "rows are left over");
        let open = "SELECT count(*) FROM remote_agent_approvals WHERE state = 'open'";
        assert_eq!(self.number(data_dir, open).await, 0, "approvals are left open");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Self::Postgres { name } = self else { return };
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        // A destructor cannot wait for an asynchronous client.
        let _ = std::process::Command::new("psql").args([&server(), "-qc", &drop]).output();
    }
}

fn server() -> String {
    std::env::var("TEST_DATABASE_URL").unwrap_or_else(|_| SERVER.to_owned())
}
