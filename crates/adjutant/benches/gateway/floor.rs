//! F1: what any gateway has to do for one message: three durable commits, one spawn, two round trips.

use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, Executor};

/// The floor, on the same file system as the gateway's database.
pub struct Floor {
    database: SqliteConnection,
    client: reqwest::Client,
    url: String,
    pub taken: Vec<Duration>,
}

impl Floor {
    pub async fn new(folder: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(folder.join("floor.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut database = SqliteConnection::connect_with(&options).await.unwrap();
        database.execute("CREATE TABLE floor (id INTEGER PRIMARY KEY, text TEXT)").await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let app = Router::new().route("/", post(|body: String| async move { body }));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { database, client: reqwest::Client::new(), url, taken: Vec::new() }
    }

    /// Once, and how long it took.
    pub async fn once(&mut self) -> Duration {
        let start = Instant::now();
        for _ in 0..3 {
            self.database.execute("INSERT INTO floor (text) VALUES ('a message of ordinary length')").await.unwrap();
        }
        let status = std::process::Command::new("/bin/true").status().unwrap();
        assert!(status.success());
        for _ in 0..2 {
            self.client
                .post(&self.url)
                .body("{\"chat_id\":1,\"text\":\"hello\"}")
                .send()
                .await
                .unwrap()
                .bytes()
                .await
                .unwrap();
        }
        let took = start.elapsed();
        self.taken.push(took);
        took
    }
}
