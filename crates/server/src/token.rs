//! The API token: made at the first start, kept in a private file, compared in constant time.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The file in the data directory.
pub const TOKEN_FILE: &str = "api-token";

/// Shorter tokens are refused: they could be guessed.
const SHORTEST: usize = 16;

/// The token that programs send as `Authorization: Bearer …`.
#[derive(Debug, Clone)]
pub struct ApiToken {
    secret: SecretString,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("The token file `{path}` cannot be used: {source}.")]
    File { path: PathBuf, source: io::Error },
    #[error(
        "The API token in {origin} is shorter than {SHORTEST} characters or holds spaces. Use a long random one, for example from `openssl rand -hex 32`."
    )]
    Unusable { origin: String },
}

impl ApiToken {
    /// The token of the environment (`ADJUTANT_API_TOKEN`), else that of the file, else a new one that is written there.
    ///
    /// # Errors
    /// When the file cannot be read or made, or the token is too weak.
    pub fn load_or_create(data_dir: &Path, from_env: Option<SecretString>) -> Result<Self, TokenError> {
        if let Some(secret) = from_env {
            return Self::checked(secret.expose_secret(), "`ADJUTANT_API_TOKEN`");
        }
        let path = data_dir.join(TOKEN_FILE);
        match read_or_create(&path) {
            Ok(text) => Self::checked(&text, &format!("`{}`", path.display())),
            Err(source) => Err(TokenError::File { path, source }),
        }
    }

    /// The token itself, for `adjutant token` and for masking.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// Whether this is the token. Takes the same time however much of it is right.
    #[must_use]
    pub fn matches(&self, given: &str) -> bool {
        self.secret.expose_secret().as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// A signature over `message` with a key made from the token for this `purpose` alone, so that a signature for
    /// one purpose is worth nothing for another and all end with the token.
    pub(crate) fn sign(&self, purpose: &str, message: &str) -> String {
        let key = mac(self.secret.expose_secret().as_bytes(), purpose.as_bytes());
        hex::encode(mac(&key, message.as_bytes()))
    }

    fn checked(text: &str, origin: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.len() < SHORTEST || text.contains(|c: char| !c.is_ascii_graphic()) {
            return Err(TokenError::Unusable { origin: origin.to_owned() });
        }
        Ok(Self { secret: text.into() })
    }
}

/// 244 random bits as hex digits.
pub(crate) fn random_secret() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length, so this arm is never taken; an empty key would still only refuse everybody.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

fn read_or_create(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) => {
            // A file that was copied or restored may have become readable for others.
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            Ok(text)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
        Err(error) => Err(error),
    }
}

/// Written beside and linked into place: whoever reads the file finds it whole, and of two that start at once both use
/// the same token.
fn create(path: &Path) -> io::Result<String> {
    let token = random_secret();
    let beside = path.with_extension(Uuid::new_v4().simple().to_string());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let linked = file
        .write_all(format!("{token}\n").as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&beside, path));
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::read_to_string(path),
        other => other.map(|()| token),
    }
}
