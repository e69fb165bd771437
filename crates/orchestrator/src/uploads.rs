//! What people send: files in a private folder of their conversation, beside the database, that the assistant is told of.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use adjutant_core::id::{ConversationId, InboundSeq};
use chrono::{DateTime, Utc};

/// Longer names are cut; their ending stays.
const NAME: usize = 80;

/// The folders of all conversations.
#[derive(Debug, Clone)]
pub struct Uploads {
    root: PathBuf,
    /// The user assistants run as, if it is another one: user and group.
    owner: Option<(u32, u32)>,
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub path: PathBuf,
    /// As the person called it.
    pub name: String,
}

impl Uploads {
    #[must_use]
    pub fn new(root: PathBuf, owner: Option<(u32, u32)>) -> Self {
        Self { root, owner }
    }

    /// The folder of a conversation, whether or not it exists.
    #[must_use]
    pub fn folder(&self, conversation: ConversationId) -> PathBuf {
        self.root.join(conversation.0.simple().to_string())
    }

    /// Makes the folder of a conversation, which nobody but the assistant's user may look into.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(&self, conversation: ConversationId) -> io::Result<PathBuf> {
        let folder = self.folder(conversation);
        make_private(&self.root)?;
        make_private(&folder)?;
        if let Some((user, group)) = self.owner {
            // The group passes through to what is that user's own, and nobody else does.
            chown(&self.root, None, Some(group))?;
            std::fs::set_permissions(&self.root, Permissions::from_mode(0o710))?;
            chown(&folder, Some(user), Some(group))?;
        }
        Ok(folder)
    }

    /// Where a file of a message lies, if it was put there before.
    #[must_use]
    pub fn path(&self, conversation: ConversationId, seq: InboundSeq, place: usize, name: &str) -> PathBuf {
        self.folder(conversation).join(format!("{}-{}-{}", seq.0, place + 1, plain_name(name)))
    }

    /// Puts a file there. It appears whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".part");
        let partial = PathBuf::from(partial);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        file.write_all(bytes)?;
        if let Some((user, group)) = self.owner {
            chown(&partial, Some(user), Some(group))?;
        }
        std::fs::rename(&partial, path)
    }

    /// How many files of a conversation's people are there.
    #[must_use]
    pub fn count(&self, conversation: ConversationId) -> usize {
        entries(&self.folder(conversation)).map_or(0, |files| files.len())
    }

    /// Deletes everything that a conversation's people sent.
    ///
    /// # Errors
    /// When something stays.
    pub fn forget(&self, conversation: ConversationId) -> io::Result<()> {
        match std::fs::remove_dir_all(self.folder(conversation)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Deletes files that were sent before this, and folders that are empty then. Says how many files.
    ///
    /// # Errors
    /// When something cannot be read or deleted.
    pub fn prune(&self, before: DateTime<Utc>) -> io::Result<usize> {
        let mut deleted = 0;
        for folder in entries(&self.root)? {
            for file in entries(&folder)? {
                if DateTime::<Utc>::from(file.symlink_metadata()?.modified()?) < before {
                    std::fs::remove_file(&file)?;
                    deleted += 1;
                }
            }
            // It is not empty as long as something newer is in it.
            let _ = std::fs::remove_dir(&folder);
        }
        Ok(deleted)
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match std::fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// A name that is one plain word in every shell and on every file system.
fn plain_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let name: String = name.trim().chars().map(safe).collect();
    let name = name.trim_start_matches(['.', '-']);
    let over = name.chars().count().saturating_sub(NAME);
    let name: String = name.chars().skip(over).collect();
    if name.is_empty() { "file".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path_and_keeps_its_ending() {
        for (name, plain) in [
            ("shot 1.png", "shot_1.png"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("-rf", "rf"),
            ("…", "_"),
            ("", "file"),
            ("a;b$(c)\n.sh", "a_b__c__.sh"),
        ] {
            assert_eq!(plain_name(name), plain);
        }
        let long = plain_name(&format!("{}.pdf", "x".repeat(300)));
        assert!(long.ends_with(".pdf") && long.len() == NAME, "{long}");
    }

    #[test]
    fn files_are_private_appear_whole_and_go_with_age() {
        let folder = tempfile::tempdir().unwrap();
        let uploads = Uploads::new(folder.path().join("uploads"), None);
        let conversation = ConversationId::generate();
        let made = uploads.make(conversation).unwrap();
        let path = uploads.path(conversation, InboundSeq(7), 0, "shot 1.png");
        assert_eq!(path, made.join("7-1-shot_1.png"));
        uploads.put(&path, b"png").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"png");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(uploads.count(conversation), 1);
        assert_eq!(uploads.prune(DateTime::UNIX_EPOCH).unwrap(), 0);
        assert_eq!(uploads.prune(DateTime::<Utc>::MAX_UTC).unwrap(), 1);
        assert!(!made.exists(), "an empty folder goes, too");
        uploads.forget(conversation).unwrap();
    }
}
