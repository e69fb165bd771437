//! The database, and how long words are kept outside of it.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::env::Reader;

/// The database's file in the data directory.
const FILE: &str = "adjutant.db";

/// Which database, and how long words are kept outside of it.
#[derive(Debug, Clone)]
pub struct Store {
    /// `DATABASE_URL`, `sqlite://<data directory>/adjutant.db`; otherwise `postgres://…`. May hold a password.
    pub url: SecretString,
    /// `TRANSCRIPT_DAYS`, 30: how long transcripts of the console and spools of ended runs are kept.
    pub transcript_days: u32,
}

impl Store {
    pub fn read(reader: &mut Reader<'_>, data_dir: &Path) -> Self {
        let transcript_days = reader.number("TRANSCRIPT_DAYS", 1..=36_500).unwrap_or(30);
        let Some(url) = reader.secret("DATABASE_URL") else {
            return Self { url: default(data_dir).into(), transcript_days };
        };
        if !is_known(url.expose_secret()) {
            // The value is not shown: it may hold a password.
            reader.problem("DATABASE_URL", "has to start with `sqlite://`, `postgresql://` or `postgres://`");
        }
        Self { url, transcript_days }
    }

    /// The password in the address, if there is one.
    #[must_use]
    pub fn password(&self) -> Option<SecretString> {
        let url = Url::parse(self.url.expose_secret()).ok()?;
        url.password().map(|password| SecretString::from(password.to_owned()))
    }
}

fn is_known(url: &str) -> bool {
    ["sqlite:", "postgresql://", "postgres://"].iter().any(|scheme| url.starts_with(scheme))
}

/// The database without a setting: a file in the data directory.
pub fn default(data_dir: &Path) -> String {
    // The two characters that mean something in such an address.
    let path = data_dir.join(FILE).display().to_string().replace('%', "%25").replace('?', "%3F");
    format!("sqlite://{path}")
}
