//! Every `.md` file below a folder of a codebase.

use std::collections::BTreeSet;
use std::path::Path;

use adjutant_core::error::UserError;
use rustix::fs::{Dir, FileType, OFlags, fstat};
use rustix::io::Errno;

use super::{Beneath, check, file};

/// More entries than these are not looked at.
const MOST_ENTRIES: usize = 20_000;
const MOST_FILES: usize = 1_000;
const DEEPEST: usize = 16;

/// The files that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Relative to the codebase, sorted.
    pub files: Vec<String>,
    /// What was left out because it leads out of the codebase or cannot be read, sorted.
    pub refused: Vec<String>,
    /// Whether there was more than is looked at.
    pub cut: bool,
}

/// Lists the `.md` files below a folder of a codebase. Hidden folders below it are skipped, and links that leave the
/// codebase.
///
/// # Errors
/// A sentence for the person: the folder leaves the codebase, is missing, or is no folder.
pub fn list_markdown(root: &Path, folder: &str) -> Result<Listing, UserError> {
    let clean = check::inside(root, folder)?;
    let beneath = file::open_root(root)?;
    beneath.dir(&clean).map_err(|error| match error {
        Errno::NOTDIR => UserError::new(format!("`{}` is a file.", crate::shown::shown(folder)), "Name its folder."),
        other => file::explain(other, folder),
    })?;
    let mut walk = Walk { beneath: &beneath, listing: Listing::default(), seen: BTreeSet::new(), entries: 0 };
    walk.folder(&clean, 0);
    walk.listing.files.sort();
    walk.listing.refused.sort();
    Ok(walk.listing)
}

#[derive(Debug)]
struct Walk<'a> {
    beneath: &'a Beneath,
    listing: Listing,
    /// Folders by device and number: links may lead in circles.
    seen: BTreeSet<(u64, u64)>,
    entries: usize,
}

impl Walk<'_> {
    fn folder(&mut self, path: &Path, depth: usize) {
        if depth > DEEPEST {
            self.listing.cut = true;
            return;
        }
        for name in self.names(path) {
            let entry = path.join(&name);
            let is_markdown = name.len() > 3 && name.to_ascii_lowercase().ends_with(".md");
            match self.kind(&entry) {
                Ok(FileType::Directory) if !name.starts_with('.') => self.folder(&entry, depth + 1),
                Ok(FileType::RegularFile) if is_markdown && !name.starts_with('.') => self.file(&entry),
                Ok(_) => {}
                Err(_) if is_markdown => self.listing.refused.push(entry.to_string_lossy().into_owned()),
                Err(_) => {}
            }
        }
    }

    fn file(&mut self, path: &Path) {
        if self.listing.files.len() >= MOST_FILES {
            self.listing.cut = true;
        } else if let Some(path) = path.to_str() {
            self.listing.files.push(path.to_owned());
        }
    }

    fn kind(&self, path: &Path) -> Result<FileType, Errno> {
        let opened = self.beneath.open_at(path, OFlags::RDONLY | OFlags::NOCTTY)?;
        Ok(FileType::from_raw_mode(fstat(&opened)?.st_mode))
    }

    /// The names in a folder that was not seen before, sorted. A name that is no UTF-8 cannot be typed in a chat.
    fn names(&mut self, path: &Path) -> Vec<String> {
        let Ok(handle) = self.beneath.dir(path) else {
            return Vec::new();
        };
        let Ok(found) = fstat(&handle) else {
            return Vec::new();
        };
        if !self.seen.insert((found.st_dev, found.st_ino)) {
            return Vec::new();
        }
        let Ok(folder) = Dir::new(handle) else {
            return Vec::new();
        };
        let mut names = Vec::new();
        for entry in folder.flatten() {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                self.listing.cut = true;
                break;
            }
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => names.push(name.to_owned()),
            }
        }
        names.sort();
        names
    }
}
