//! A folder as a handle. Everything is opened relative to it and the kernel refuses whatever leads out, so there is no
//! moment between a check and its use.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, fstat, open, openat};
use rustix::io::Errno;

/// A folder; paths are relative to it and cannot leave it.
#[derive(Debug)]
pub struct Beneath {
    root: OwnedFd,
}

impl Beneath {
    /// Opens the folder itself, wherever that is.
    ///
    /// # Errors
    /// When it is not there or no folder.
    pub fn open(root: &Path) -> io::Result<Self> {
        Ok(Self { root: open(root, OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())? })
    }

    /// The handle of the folder itself.
    #[must_use]
    pub fn handle(&self) -> &OwnedFd {
        &self.root
    }

    /// Opens something beneath. A link is followed as long as it stays beneath.
    ///
    /// # Errors
    /// `EXDEV` for a path that leaves the folder; otherwise what the kernel says.
    pub fn open_at(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        // Without this a FIFO that somebody put there would hold the gateway.
        let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK;
        match resolve(&self.root, path, flags) {
            // Kernels before 5.6, and sandboxes that do not know the call.
            Err(Errno::NOSYS | Errno::PERM) => walk(&self.root, path, flags),
            opened => opened,
        }
    }

    /// Opens a folder beneath.
    ///
    /// # Errors
    /// As [`Beneath::open_at`].
    pub fn dir(&self, path: &Path) -> Result<OwnedFd, Errno> {
        self.open_at(path, OFlags::DIRECTORY | OFlags::RDONLY)
    }

    /// Whether there is such a folder beneath.
    #[must_use]
    pub fn is_dir(&self, path: &Path) -> bool {
        self.dir(path).is_ok()
    }

    /// Opens a regular file beneath for reading.
    ///
    /// # Errors
    /// As [`Beneath::open_at`]; `EISDIR` for a folder, `EINVAL` for anything else that is no file.
    pub fn file(&self, path: &Path) -> Result<File, Errno> {
        let opened = self.open_at(path, OFlags::RDONLY | OFlags::NOCTTY)?;
        match FileType::from_raw_mode(fstat(&opened)?.st_mode) {
            FileType::RegularFile => Ok(File::from(opened)),
            FileType::Directory => Err(Errno::ISDIR),
            _ => Err(Errno::INVAL),
        }
    }

    /// Reads a regular file beneath.
    ///
    /// # Errors
    /// As [`Beneath::file`]; `EFBIG` for more than `most` bytes.
    pub fn read(&self, path: &Path, most: usize) -> Result<Vec<u8>, Errno> {
        let mut bytes = Vec::new();
        let file = self.file(path)?;
        file.take(most as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::IO))?;
        if bytes.len() > most { Err(Errno::FBIG) } else { Ok(bytes) }
    }
}

#[cfg(target_os = "linux")]
fn resolve(root: &OwnedFd, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};

    let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    // The kernel answers EAGAIN when something was renamed while it looked at `..`.
    for _ in 0..32 {
        match openat2(root, path, flags, Mode::empty(), beneath) {
            Err(Errno::AGAIN) => {}
            opened => return opened,
        }
    }
    Err(Errno::AGAIN)
}

#[cfg(not(target_os = "linux"))]
fn resolve(_root: &OwnedFd, _path: &Path, _flags: OFlags) -> Result<OwnedFd, Errno> {
    Err(Errno::NOSYS)
}

/// One component after the other, without following any link: stricter than the kernel's way, and as safe.
fn walk(root: &OwnedFd, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let folder = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut names: Vec<&std::ffi::OsStr> = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => names.push(name),
            // Since no link is followed, `..` is the folder before.
            Component::ParentDir => names.pop().map(|_| ()).ok_or(Errno::XDEV)?,
            Component::RootDir | Component::Prefix(_) => return Err(Errno::XDEV),
        }
    }
    let Some((last, above)) = names.split_last() else {
        return openat(root, ".", flags, Mode::empty());
    };
    let mut at = openat(root, ".", folder, Mode::empty())?;
    for name in above {
        at = openat(&at, *name, folder, Mode::empty())?;
    }
    openat(&at, *last, flags | OFlags::NOFOLLOW, Mode::empty())
}

/// Where an opened folder really is.
pub(super) fn real_path(opened: &OwnedFd, otherwise: &Path) -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        use std::os::fd::AsRawFd;
        let link = format!("/proc/self/fd/{}", opened.as_raw_fd());
        return std::fs::read_link(link);
    }
    otherwise.canonicalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_without_the_kernels_help_refuses_links_and_everything_that_leaves() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("root");
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(outer.path().join("secret"), "s").unwrap();
        std::fs::write(root.join("a/b/file"), "f").unwrap();
        std::os::unix::fs::symlink("..", root.join("up")).unwrap();
        std::os::unix::fs::symlink("a/b/file", root.join("link")).unwrap();
        let beneath = Beneath::open(&root).unwrap();
        let walked = |path: &str| walk(&beneath.root, Path::new(path), OFlags::RDONLY).map(|_| ());
        assert_eq!(walked("a/b/file"), Ok(()));
        assert_eq!(walked("a/b/../b/./file"), Ok(()));
        assert_eq!(walked("."), Ok(()));
        assert_eq!(walked("../secret"), Err(Errno::XDEV));
        assert_eq!(walked("a/../../secret"), Err(Errno::XDEV));
        assert_eq!(walked("/etc/passwd"), Err(Errno::XDEV));
        assert!(walked("up/secret").is_err());
        assert_eq!(walked("link"), Err(Errno::LOOP));
    }
}
