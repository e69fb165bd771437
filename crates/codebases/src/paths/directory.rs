//! `/setcwd`: the folder a person means.

use std::path::{Path, PathBuf};

use adjutant_core::error::UserError;
use rustix::io::Errno;

use super::beneath::real_path;
use super::{Beneath, check};
use crate::incoming;
use crate::shown::shown;

/// The folder a person means by a path, seen from `cwd` (the workspace itself if `None`), absolute and without links.
///
/// # Errors
/// A sentence for the person: it leaves the workspace, is missing, or is no folder.
pub fn resolve_dir(workspace: &Path, cwd: Option<&Path>, text: &str) -> Result<PathBuf, UserError> {
    let text = check::text(text)?;
    let here = cwd.and_then(|cwd| cwd.strip_prefix(workspace).ok()).unwrap_or(Path::new(""));
    if text.is_empty() {
        return Err(UserError::new("No directory given.", start(here)));
    }
    let relative = match Path::new(text) {
        absolute if absolute.is_absolute() => match absolute.strip_prefix(workspace) {
            Ok(inside) => inside.to_path_buf(),
            Err(_) => return Err(leaves(text, here)),
        },
        relative => here.join(relative),
    };
    let opened = open(workspace, &relative).map_err(|error| explain(error, text, here))?;
    let Some(found) = opened else {
        return Err(leaves(text, here));
    };
    if found.starts_with(workspace.join(incoming::FOLDER)) {
        return Err(explain(Errno::NOENT, text, here));
    }
    Ok(found)
}

/// The real path of a folder beneath the workspace; `None` when it is not beneath.
fn open(workspace: &Path, relative: &Path) -> Result<Option<PathBuf>, Errno> {
    let beneath = Beneath::open(workspace).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    let joined = workspace.join(relative);
    let opened = match beneath.dir(relative) {
        // The kernel refuses absolute links outright, also those that come back. Such a link is resolved by hand, and
        // the result opened in the same strict way.
        Err(Errno::XDEV | Errno::LOOP) => {
            let real = joined.canonicalize().map_err(|_| Errno::XDEV)?;
            let inside = real.strip_prefix(workspace).map_err(|_| Errno::XDEV)?;
            beneath.dir(inside)?
        }
        opened => opened?,
    };
    let found = real_path(&opened, &joined).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(found.starts_with(workspace).then_some(found))
}

fn explain(error: Errno, text: &str, here: &Path) -> UserError {
    match error {
        Errno::XDEV | Errno::LOOP => leaves(text, here),
        Errno::NOTDIR => UserError::new(format!("`{}` is a file.", shown(text)), start(here)),
        Errno::NOENT => UserError::new(format!("There is no directory `{}`.", shown(text)), start(here)),
        other => UserError::new(format!("`{}` cannot be opened: {other}.", shown(text)), start(here)),
    }
}

fn leaves(text: &str, here: &Path) -> UserError {
    UserError::new(format!("`{}` leaves the workspace.", shown(text)), start(here))
}

fn start(here: &Path) -> String {
    if here.as_os_str().is_empty() {
        return "Paths start in the workspace; /repos lists what is there.".to_owned();
    }
    format!("Paths start in `{}/`; /repos lists what is there.", shown(&here.to_string_lossy()))
}
