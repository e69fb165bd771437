//! Fetching a repository: whole, or not at all.

use std::io;
use std::path::{Path, PathBuf};

use adjutant_core::error::UserError;
use adjutant_core::mask::Mask;
use tokio::io::AsyncReadExt;

use crate::config::{GitConfig, HostCredential, Protocol};
use crate::failure;
use crate::git::Git;
use crate::incoming::{self, Incoming};
use crate::inspect;
use crate::progress::Printed;
use crate::remote::{RemoteUrl, Suffix};
use crate::shown::shown;

/// What `/clone` has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cloned {
    /// The repository was fetched.
    New { path: PathBuf },
    /// It was there already. Nothing in it was changed.
    Linked { path: PathBuf },
}

impl Cloned {
    /// The working tree.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::New { path } | Self::Linked { path } => path,
        }
    }
}

/// How far a clone is, in percent. Called from the task that clones.
pub type Progress<'a> = &'a (dyn Fn(u8) + Send + Sync);

/// Clones into `<workspace>/<owner>/<repo>`. Dropping the future ends Git and removes what it wrote.
pub(crate) async fn clone(
    root: &Path,
    config: &GitConfig,
    url: &RemoteUrl,
    progress: Progress<'_>,
) -> Result<Cloned, UserError> {
    incoming::sweep(root);
    let target = place(root, url);
    if let Some(there) = already_there(config, url, &target).await? {
        return Ok(there);
    }
    let incoming = Incoming::open(root, config.run_as).map_err(|error| unwritable(&error))?;
    fetch(config, url, &incoming, progress).await?;
    let owner = target.parent().unwrap_or(root);
    incoming::make_folder(owner, config.run_as).map_err(|error| unwritable(&error))?;
    match std::fs::rename(incoming.tree(), &target) {
        Ok(()) => Ok(Cloned::New { path: target }),
        // Somebody else was quicker: two people may clone the same repository at once.
        Err(error) if is_occupied(&error) => {
            already_there(config, url, &target).await?.ok_or_else(|| unwritable(&error))
        }
        Err(error) => Err(unwritable(&error)),
    }
}

/// The folder of a repository. One that differs only in case is taken for the same, as the large hosts do.
fn place(root: &Path, url: &RemoteUrl) -> PathBuf {
    let owner = spelled(root, &url.owner());
    spelled(&owner, url.repo())
}

fn spelled(folder: &Path, name: &str) -> PathBuf {
    let exact = folder.join(name);
    if exact.symlink_metadata().is_ok() {
        return exact;
    }
    let similar = std::fs::read_dir(folder).ok().and_then(|entries| {
        let mut entries = entries.flatten();
        entries.find(|entry| entry.file_name().to_str().is_some_and(|other| other.eq_ignore_ascii_case(name)))
    });
    similar.map_or(exact, |entry| entry.path())
}

/// The folder that is in the way, if it is the same repository; an error if it is something else.
async fn already_there(config: &GitConfig, url: &RemoteUrl, target: &Path) -> Result<Option<Cloned>, UserError> {
    let Ok(found) = target.symlink_metadata() else {
        return Ok(None);
    };
    let is_empty = || std::fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_none());
    if found.is_dir() && is_empty() {
        return Ok(None);
    }
    let name = format!("{}/{}", url.owner(), url.repo());
    let remote = if found.is_dir() { inspect::remote(config, target).await } else { None };
    let all = [Protocol::Https, Protocol::Ssh, Protocol::Http, Protocol::Git, Protocol::File];
    let parsed = remote.as_deref().and_then(|remote| RemoteUrl::parse(remote, &all).ok());
    if parsed.is_some_and(|remote| remote.same_remote(url)) {
        return Ok(Some(Cloned::Linked { path: target.to_path_buf() }));
    }
    let (message, hint) = match remote {
        Some(remote) => (
            format!("`{name}` is already in the workspace, cloned from `{}`.", shown(&remote)),
            format!("`/codebase-switch {name}` works in it; to have the other one, move that folder away first."),
        ),
        None => (
            format!("`{name}` is already in the workspace, and it is no clone of `{}`.", shown(&url.clean())),
            format!("`/setcwd {name}` works in it; to have the clone, move that folder away first."),
        ),
    };
    Err(UserError::new(message, hint))
}

async fn fetch(
    config: &GitConfig,
    url: &RemoteUrl,
    incoming: &Incoming,
    progress: Progress<'_>,
) -> Result<(), UserError> {
    let credentials = credentials(config, url);
    incoming.put_credentials(url.protocol().as_str(), &credentials).map_err(|error| unwritable(&error))?;
    let mask = Mask::new(credentials.into_iter().map(|credential| credential.secret).collect());
    let messages = match attempt(config, url, url.suffix(), incoming, progress).await? {
        Ok(()) => return Ok(()),
        Err(messages) => messages,
    };
    // Some servers redirect an address to the same one with `.git`. That one redirect is harmless.
    let again = url.suffix() == Suffix::Absent && failure::is_redirect(&messages);
    let messages = match again {
        true => match attempt(config, url, Suffix::Written, incoming, progress).await? {
            Ok(()) => return Ok(()),
            Err(messages) => messages,
        },
        false => messages,
    };
    Err(failure::explain(url, &messages, &mask))
}

/// What may be offered to the host of this address: what stood in it, else what is configured for exactly this host.
fn credentials(config: &GitConfig, url: &RemoteUrl) -> Vec<HostCredential> {
    let host = url.authority();
    if let Some(own) = url.credential() {
        return vec![HostCredential { host, username: own.username.clone(), secret: own.secret.clone() }];
    }
    let configured = config.credentials.iter().filter(|credential| credential.host.eq_ignore_ascii_case(&host));
    match url.protocol() {
        // A configured token never goes over a line that others can read.
        Protocol::Https => configured.cloned().collect(),
        _ => Vec::new(),
    }
}

/// One try. The inner error is what Git printed.
async fn attempt(
    config: &GitConfig,
    url: &RemoteUrl,
    suffix: Suffix,
    incoming: &Incoming,
    progress: Progress<'_>,
) -> Result<Result<(), String>, UserError> {
    let git = Git::new(config, incoming.folder())
        .variable("HOME", incoming.home())
        .variable("GIT_ALLOW_PROTOCOL", url.protocol().as_str())
        .setting("credential.helper", "store")
        .arguments(["clone", "--progress", "--no-recurse-submodules", "--template=", "--origin=origin", "--"])
        .arguments([url.for_git(suffix), "tree".to_owned()]);
    let mut running = git.spawn().map_err(|error| {
        UserError::new(
            format!("Git could not be started: {error}."),
            format!("The operator installs it, or names it; looked for `{}`.", config.program.display()),
        )
    })?;
    let mut printed = Printed::default();
    let work = async {
        if let Some(mut stderr) = running.child.stderr.take() {
            let mut buffer = [0; 4096];
            loop {
                let count = stderr.read(&mut buffer).await?;
                if count == 0 {
                    break;
                }
                if let Some(percent) = printed.take(&buffer[..count]) {
                    progress(percent);
                }
            }
        }
        running.wait().await
    };
    let ended = tokio::select! {
        ended = work => ended,
        () = config.clock.sleep(config.clone_timeout) => return Err(too_slow(config, url)),
    };
    match ended {
        Ok(true) => Ok(Ok(())),
        Ok(false) => Ok(Err(printed.messages())),
        Err(error) => Ok(Err(format!("fatal: {error}"))),
    }
}

fn too_slow(config: &GitConfig, url: &RemoteUrl) -> UserError {
    UserError::new(
        format!("`{}` was not cloned within {} min.", shown(&url.clean()), config.clone_timeout.as_secs().div_ceil(60)),
        "Nothing was kept. Clone it on the machine itself; `/repos` then finds it.",
    )
}

fn is_occupied(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory
    )
}

fn unwritable(error: &io::Error) -> UserError {
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        return failure::full("send `/clone` again");
    }
    UserError::new(
        format!("The workspace cannot be written: {error}."),
        "The operator checks `WORKSPACE_PATH`, its owner and the free space.",
    )
}
