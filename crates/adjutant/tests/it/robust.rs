//! What the gateway stands on gives way for a while: nothing is lost, and everything goes on by itself.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection, SqliteConnection};

use crate::harness::{ANA, Database, Options, TestGateway, root};

/// Ends every connection of the gateway to its database, as a restart of the server does.
async fn cut_connections(gateway: &TestGateway) {
    let url = gateway.database.url().unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_that_is_restarted_under_a_turn_costs_nothing() {
    let gateway = TestGateway::start_with(Options { database: Database::postgres(), ..Options::default() }).await;
    gateway.telegram.says(ANA, ANA, "[[words:120,50]] [[text:the end of it]]");
    gateway.until_said("w3 ").await;
    cut_connections(&gateway).await;
    gateway.telegram.says(ANA, ANA, "/status");
    gateway.until_said("running: ").await;
    cut_connections(&gateway).await;
    gateway.telegram.says(ANA, ANA, "and then [[text:the next one]]");
    cut_connections(&gateway).await;
    gateway.until_said("the end of it").await;
    gateway.until_said("the next one").await;
    gateway.until_settled().await;
    assert_eq!(gateway.prompts().len(), 2, "{}", gateway.story());
    assert_eq!(gateway.get("/health/db").await.0, 200);
    let finals = gateway.telegram.texts(ANA).into_iter().filter(|text| text.contains("the next one"));
    assert_eq!(finals.count(), 1, "{}", gateway.story());
    gateway.finish().await;
}

/// A small file system of its own.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`: that is not allowed here.
    fn mount(at: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(&at).status();
        mounted.unwrap().success().then_some(Self(at))
    }

    /// Leaves no room, and gives what is in the way.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        for size in [1 << 16, 1 << 10, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_what_came_meanwhile_is_answered_when_there_is_room() {
    let mut gateway = TestGateway::prepare(Options::default()).await;
    let Some(disk) = SmallDisk::mount(gateway.data_dir()) else { return root::leave_out() };
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "[[text:answer one.]]");
    gateway.until_said("answer one.").await;
    gateway.until_settled().await;
    // What is written is brought into the database, so that the next write needs room.
    gateway.advance(Duration::from_secs(60)).await;
    let filler = disk.fill();
    gateway.telegram.says(ANA, ANA, "[[text:answer two.]]");
    let doctor = gateway.verb(&["doctor"]);
    assert!(doctor.code == Some(1) && doctor.out.contains("✗ Disk"), "{doctor:?}");
    gateway.until("the log says so", || gateway.log().contains("full")).await;
    std::fs::remove_file(filler).unwrap();
    gateway.telegram.says(ANA, ANA, "[[text:answer three.]]");
    gateway.until_said("answer three.").await;
    gateway.until_settled().await;
    let answers: Vec<String> = gateway.telegram.texts(ANA);
    let told = answers.iter().filter(|text| text.contains("answer two.") || text.starts_with('✗')).count();
    assert_eq!(told, 1, "{}", gateway.story());
    gateway.finish().await;
}

async fn write(data_dir: &Path, statement: &'static str) {
    let url = format!("sqlite://{}", data_dir.join("adjutant.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    connection.execute(statement).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rows_that_cannot_be_sent_hide_none_that_can() {
    let mut gateway = TestGateway::prepare(Options::default()).await;
    assert_eq!(gateway.verb(&["migrate"]).code, Some(0));
    // Left over by a platform that is switched off now.
    let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)
        INSERT INTO remote_agent_outbox
          (id, platform_type, platform_conversation_id, kind, body, state, created_at, updated_at)
        SELECT randomblob(16), 'slack', 'C' || i, 'notice', '{\"text\":\"waits\",\"form\":\"formatted\"}', 'pending',
               '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00' FROM n";
    write(&gateway.data_dir(), many).await;
    let one = "INSERT INTO remote_agent_outbox
          (id, platform_type, platform_conversation_id, kind, body, state, created_at, updated_at)
        VALUES (randomblob(16), 'telegram', '4001', 'notice', '{\"text\":\"left over\",\"form\":\"formatted\"}', 'pending',
               '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')";
    write(&gateway.data_dir(), one).await;
    gateway.launch().await;
    gateway.until_said("left over").await;
    gateway.telegram.says(ANA, ANA, "[[text:still here]]");
    gateway.until_said("still here").await;
    let waiting = "SELECT count(*) FROM remote_agent_outbox WHERE platform_type = 'slack' AND state = 'pending'";
    assert_eq!(gateway.database.number(&gateway.data_dir(), waiting).await, 10_001, "they wait for their platform");
    assert_eq!(gateway.terminate().await, Some(0));
    write(&gateway.data_dir(), "DELETE FROM remote_agent_outbox WHERE platform_type = 'slack'").await;
    gateway.finish().await;
}
