//! Reading and writing one file of a codebase.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use adjutant_core::error::UserError;
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Uid, fchmod, fchown, fstat, mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::{Beneath, check};
use crate::shown::shown;

/// Reads a file of a codebase, at most `most` bytes.
///
/// # Errors
/// A sentence for the person: it leaves the codebase, is missing, is no file, or is too large.
pub fn read_file(root: &Path, path: &str, most: usize) -> Result<Vec<u8>, UserError> {
    let clean = check::inside(root, path)?;
    open_root(root)?.read(&clean, most).map_err(|error| match error {
        Errno::FBIG => UserError::new(
            format!("`{}` is larger than {} kB.", shown(path), most / 1024),
            "Split it, or name another file.",
        ),
        other => explain(other, path),
    })
}

/// Why a file beneath a folder was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    TooLarge,
    /// It is not there, is no file, leads out of the folder, or cannot be opened.
    NoFile,
}

/// Reads a file beneath a folder, at most `most` bytes. The path leads nowhere else, whatever it says.
///
/// # Errors
/// See [`Unread`].
pub fn read_beneath(root: &Path, path: &Path, most: usize) -> Result<Vec<u8>, Unread> {
    let beneath = Beneath::open(root).map_err(|_| Unread::NoFile)?;
    beneath.read(path, most).map_err(|error| if error == Errno::FBIG { Unread::TooLarge } else { Unread::NoFile })
}

/// Writes a file of a codebase as a whole, with the folders above it. Gives whether there was one before.
///
/// # Errors
/// A sentence for the person: it leaves the codebase, or is a link or a folder.
pub fn write_file(root: &Path, path: &str, bytes: &[u8]) -> Result<bool, UserError> {
    let clean = check::inside(root, path)?;
    let Some(name) = clean.file_name() else {
        return Err(UserError::new(format!("`{}` names no file.", shown(path)), "Give the name of a file."));
    };
    let beneath = open_root(root)?;
    let owner = Owner::of(&beneath).map_err(|error| explain(error, path))?;
    let folder = make_folders(&beneath, clean.parent().unwrap_or(Path::new("")), owner);
    let folder = folder.map_err(|error| explain(error, path))?;
    replace(&folder, name, bytes, owner).map_err(|error| explain(error, path))
}

/// Whoever owns the codebase also owns what is added to it: as root the gateway would otherwise leave files that the
/// assistant, which is another user, cannot change.
#[derive(Debug, Clone, Copy)]
struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    fn of(beneath: &Beneath) -> Result<Self, Errno> {
        let root = fstat(beneath.handle())?;
        Ok(Self { uid: root.st_uid, gid: root.st_gid })
    }

    fn give(self, handle: &OwnedFd) -> Result<(), Errno> {
        if !rustix::process::geteuid().is_root() {
            return Ok(());
        }
        fchown(handle, Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.gid)))
    }
}

fn make_folders(beneath: &Beneath, path: &Path, owner: Owner) -> Result<OwnedFd, Errno> {
    let mut at = beneath.dir(Path::new(""))?;
    let mut upto = std::path::PathBuf::new();
    for name in path {
        upto.push(name);
        at = match beneath.dir(&upto) {
            Err(Errno::NOENT) => {
                match mkdirat(&at, name, Mode::from_raw_mode(0o755)) {
                    // A link that leads nowhere is "there" for the one call and missing for the other.
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error),
                }
                let made = beneath.dir(&upto)?;
                owner.give(&made)?;
                made
            }
            opened => opened?,
        };
    }
    Ok(at)
}

/// Writes beside the file and renames, so that a reader sees the old text or the new one.
fn replace(folder: &OwnedFd, name: &OsStr, bytes: &[u8], owner: Owner) -> Result<bool, Errno> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);

    let before = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => Some(Mode::from_raw_mode(found.st_mode & 0o777)),
            FileType::Symlink => return Err(Errno::LOOP),
            FileType::Directory => return Err(Errno::ISDIR),
            _ => return Err(Errno::INVAL),
        },
        Err(Errno::NOENT) => None,
        Err(error) => return Err(error),
    };
    let beside = format!(".adjutant-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = openat(folder, &beside, flags, Mode::from_raw_mode(0o644))?;
    let written = owner
        .give(&handle)
        .and_then(|()| before.map_or(Ok(()), |mode| fchmod(&handle, mode)))
        .and_then(|()| File::from(handle).write_all(bytes).map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::IO)))
        .and_then(|()| renameat(folder, &beside, folder, name));
    if let Err(error) = written {
        let _ = unlinkat(folder, &beside, AtFlags::empty());
        return Err(error);
    }
    Ok(before.is_some())
}

pub(super) fn open_root(root: &Path) -> Result<Beneath, UserError> {
    Beneath::open(root).map_err(|error| {
        UserError::new(
            format!("The codebase's folder `{}` cannot be opened: {error}.", shown(&root.to_string_lossy())),
            "`/repos` lists what is there.",
        )
    })
}

pub(super) fn explain(error: Errno, path: &str) -> UserError {
    let path_shown = shown(path);
    match error {
        Errno::XDEV => check::leaves(path),
        Errno::LOOP => UserError::new(format!("`{path_shown}` is a link."), "Name the file it leads to."),
        Errno::NOENT => UserError::new(format!("`{path_shown}` is not in the codebase."), "Check the spelling."),
        Errno::NOTDIR => UserError::new(format!("A folder in `{path_shown}` is a file."), "Check the spelling."),
        Errno::ISDIR => UserError::new(format!("`{path_shown}` is a folder."), "Name a file."),
        Errno::INVAL => UserError::new(format!("`{path_shown}` is no ordinary file."), "Name a text file."),
        Errno::ACCESS | Errno::PERM => {
            UserError::new(format!("`{path_shown}` cannot be opened: permission denied."), "Check its owner.")
        }
        other => {
            UserError::new(format!("`{path_shown}` cannot be opened: {other}."), "Check the disk of the workspace.")
        }
    }
}
