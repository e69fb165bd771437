//! The socket file.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use crate::serve::ServeError;

const NAME: &str = "control.sock";

/// Linux allows 108 bytes with the final zero, macOS 104; longer paths go through a directory handle.
const LONGEST: usize = 100;

/// Makes the socket, in the place of one that a dead gateway left behind.
pub(crate) async fn bind(data_dir: &Path) -> Result<UnixListener, ServeError> {
    if connect(data_dir).await.is_ok() {
        return Err(ServeError::DataDirTaken { data_dir: data_dir.to_owned() });
    }
    bind_beside(data_dir).map_err(|source| ServeError::Control { data_dir: data_dir.to_owned(), source })
}

/// Connects to the gateway that runs on this data directory.
pub(super) async fn connect(data_dir: &Path) -> io::Result<UnixStream> {
    let (path, _handle) = short(data_dir, NAME)?;
    UnixStream::connect(path).await
}

/// Removes the socket at the end. A file that cannot be removed is replaced at the next start.
pub(crate) fn remove(data_dir: &Path) {
    if let Err(error) = fs::remove_file(data_dir.join(NAME)) {
        tracing::debug!(%error, "the control socket stays behind");
    }
}

/// Bound under another name, made private, and only then put in its place: at no moment can others connect.
fn bind_beside(data_dir: &Path) -> io::Result<UnixListener> {
    let beside = format!("{NAME}.{}", std::process::id());
    let at = data_dir.join(&beside);
    match fs::remove_file(&at) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let (path, _handle) = short(data_dir, &beside)?;
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(&at, Permissions::from_mode(0o600))?;
    fs::rename(&at, data_dir.join(NAME))?;
    Ok(listener)
}

/// A path that a socket address can hold, and the handle that must stay open while it is used.
fn short(data_dir: &Path, name: &str) -> io::Result<(PathBuf, Option<File>)> {
    let direct = data_dir.join(name);
    if direct.as_os_str().len() <= LONGEST {
        return Ok((direct, None));
    }
    let handle = File::open(data_dir)?;
    let through = PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()));
    if !through.exists() {
        let reason = format!("the path of the data directory is longer than {LONGEST} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    Ok((through.join(name), Some(handle)))
}
