//! Configuration becomes implementations.

pub mod assistants;
pub mod context;
pub mod engine;
pub mod figures;
pub mod identity;
pub mod platforms;
pub mod retention;
pub mod root;
pub mod standing;
pub mod store;

use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use adjutant_assistants::claude::RootPolicy;

use crate::config::Config;

/// Makes the data directory, which only its owner may look into. Where assistants run as another user, that user's
/// group may pass through it to the folders that are the assistants' own.
///
/// # Errors
/// When it cannot be made; the message names it and the variable.
pub fn make_data_dir(config: &Config) -> anyhow::Result<()> {
    let path = &config.data_dir;
    let root = root::policy(&config.root)?;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.and_then(|()| close(path, &root)).map_err(|error| {
        anyhow::anyhow!(
            "The data directory `{}` cannot be used: {error}. Set `ADJUTANT_DATA_DIR` to another.",
            path.display()
        )
    })
}

fn close(path: &Path, root: &RootPolicy) -> std::io::Result<()> {
    let mode = match root {
        RootPolicy::RunAs(user) => {
            std::os::unix::fs::chown(path, None, Some(user.gid))?;
            0o710
        }
        RootPolicy::NotRoot | RootPolicy::Allowed | RootPolicy::Off => 0o700,
    };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

/// A variable of the system's own, such as `PATH`; no setting of ours.
#[expect(clippy::disallowed_methods, reason = "the system's own names are read here and nowhere else")]
#[must_use]
pub fn system(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
