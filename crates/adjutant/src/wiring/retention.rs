//! Old transcripts, spools and files that people sent go: at the start, and once a day.

use std::path::PathBuf;
use std::time::Duration;

use adjutant_core::clock::Clock;
use adjutant_orchestrator::uploads::Uploads;
use adjutant_server::ConsolePlatform;
use adjutant_store::store::Store;
use chrono::TimeDelta;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What holds people's and assistants' words outside the database.
pub struct Kept {
    pub data_dir: PathBuf,
    /// `TRANSCRIPT_DAYS`.
    pub days: u32,
    pub store: Store,
    pub console: ConsolePlatform,
    pub uploads: Uploads,
    /// Those that people got.
    pub outgoing: Uploads,
    pub clock: Clock,
}

impl Kept {
    /// Deletes what is too old, again and again.
    pub async fn prune_daily(self) {
        loop {
            match self.console.prune(self.days).await {
                Ok(0) => {}
                Ok(deleted) => tracing::info!(deleted, "{deleted} old transcripts deleted"),
                Err(error) => tracing::warn!(%error, "old transcripts cannot be deleted: {error}"),
            }
            match self.prune_runs().await {
                Ok(0) => {}
                Ok(deleted) => tracing::info!(deleted, "{deleted} old runs deleted"),
                Err(error) => tracing::warn!(%error, "old runs cannot be deleted: {error}"),
            }
            match self.prune_uploads().await {
                Ok(0) => {}
                Ok(deleted) => tracing::info!(deleted, "{deleted} old files of people deleted"),
                Err(error) => tracing::warn!(%error, "old files of people cannot be deleted: {error}"),
            }
            self.clock.sleep(DAY).await;
        }
    }

    async fn prune_uploads(&self) -> anyhow::Result<usize> {
        let before = self.clock.now() - TimeDelta::days(self.days.into());
        let (uploads, outgoing) = (self.uploads.clone(), self.outgoing.clone());
        let work = move || Ok::<_, std::io::Error>(uploads.prune(before)? + outgoing.prune(before)?);
        Ok(tokio::task::spawn_blocking(work).await??)
    }

    async fn prune_runs(&self) -> anyhow::Result<usize> {
        // What has no end in the database may still be read, however old it is.
        let needed = self.store.list_live_runs().await?.into_iter().map(|run| run.id).collect();
        let before = self.clock.now() - TimeDelta::days(self.days.into());
        let data_dir = self.data_dir.clone();
        let work = move || {
            let sessions = adjutant_assistants::demo::retention::prune_sessions(&data_dir, before)?;
            adjutant_assistants::held::retention::prune_runs(&data_dir, before, &needed).map(|runs| runs + sessions)
        };
        Ok(tokio::task::spawn_blocking(work).await??)
    }
}
