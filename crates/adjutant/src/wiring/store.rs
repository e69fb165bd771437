//! Opening the store.

use adjutant_core::clock::Clock;
use adjutant_store::error::StoreError;
use adjutant_store::store::{Store, StoreOptions};
use secrecy::ExposeSecret;

use crate::config::Config;

/// Connections for reading. Each costs memory; a person's gateway reads little at a time.
const READERS: u32 = 2;

/// What the store is opened with.
#[must_use]
pub fn options(config: &Config, clock: &Clock) -> StoreOptions {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    StoreOptions {
        url: config.store.url.expose_secret().to_owned(),
        node: format!("{host}:{}", config.data_dir.display()),
        clock: clock.clone(),
        readers: READERS,
    }
}

/// Whether several gateways may share this database.
#[must_use]
pub fn is_shared(config: &Config) -> bool {
    !config.store.url.expose_secret().starts_with("sqlite:")
}

/// Opens the store and brings its schema up to date.
///
/// # Errors
/// One sentence that names the variable.
pub async fn open(config: &Config, clock: &Clock) -> anyhow::Result<Store> {
    let store = Store::open(options(config, clock)).await.map_err(explain)?;
    store.migrate().await.map_err(explain)?;
    Ok(store)
}

/// A store's error as a sentence for the operator.
#[must_use]
pub fn explain(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Taken { holder } => anyhow::anyhow!(
            "Another gateway uses this database: {holder}. Stop it, or set `ADJUTANT_DATA_DIR` or `DATABASE_URL` to another."
        ),
        error => anyhow::anyhow!("The database (`DATABASE_URL`) cannot be used: {error}."),
    }
}
