//! Configuration becomes implementations.

pub mod assistants;
pub mod context;
pub mod engine;
pub mod figures;
pub mod identity;
pub mod platforms;
pub mod retention;
pub mod root;
pub mod store;

use std::path::Path;

/// Makes the data directory, which only its owner may look into.
///
/// # Errors
/// When it cannot be made; the message names it and the variable.
pub fn make_data_dir(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    let private = made.and_then(|()| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)));
    private.map_err(|error| {
        anyhow::anyhow!(
            "The data directory `{}` cannot be used: {error}. Set `ADJUTANT_DATA_DIR` to another.",
            path.display()
        )
    })
}

/// A variable of the system's own, such as `PATH`; no setting of ours.
#[expect(clippy::disallowed_methods, reason = "the system's own names are read here and nowhere else")]
#[must_use]
pub fn system(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
