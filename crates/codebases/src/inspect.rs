//! What a working tree is, found out without letting its configuration run anything.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use adjutant_core::kind::AssistantKind;

use crate::config::GitConfig;
use crate::git::Git;
use crate::paths::Beneath;
use crate::remote;

/// The most that is read of what Git prints.
const MOST: usize = 4 * 1024 * 1024;

/// Where commands are looked for, in this order.
const COMMAND_FOLDERS: &[&str] = &[".claude/commands", ".agents/commands"];

/// What was found out about a working tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// The address of `origin`, without credentials.
    pub remote: Option<String>,
    /// `None` where no branch is checked out.
    pub branch: Option<String>,
    /// Files with uncommitted changes; `None` where it could not be counted.
    pub dirty: Option<Dirty>,
    /// The assistant whose folder the repository brings.
    pub assistant: Option<AssistantKind>,
    /// The command folders there are, relative to the tree.
    pub command_folders: Vec<String>,
}

/// Uncommitted changes, in files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dirty {
    /// Changed or staged.
    pub changed: usize,
    /// Not known to Git; a folder of them counts once.
    pub untracked: usize,
}

impl Dirty {
    /// Whether there is nothing uncommitted.
    #[must_use]
    pub const fn is_clean(self) -> bool {
        self.changed == 0 && self.untracked == 0
    }
}

pub(crate) async fn inspect(config: &GitConfig, tree: &Path) -> Inspection {
    let (assistant, command_folders) = hints(tree);
    let mut seen = Inspection { branch: branch(tree), assistant, command_folders, ..Inspection::default() };
    let Some(settings) = settings(config, tree).await else {
        return seen;
    };
    seen.remote = settings.origin();
    let status = settings
        .quiet(Git::on_tree(config, tree))
        .arguments([
            "status",
            "--porcelain=v1",
            "-z",
            "--no-renames",
            "--untracked-files=normal",
            "--ignore-submodules=all",
        ])
        .output(config, MOST)
        .await;
    seen.dirty = status.ok().filter(|output| output.success).map(|output| count(&output.stdout));
    seen
}

/// The address of `origin`, without credentials.
pub(crate) async fn remote(config: &GitConfig, tree: &Path) -> Option<String> {
    settings(config, tree).await?.origin()
}

/// Reads `HEAD`, which is one line in one file.
pub(crate) fn branch(tree: &Path) -> Option<String> {
    let head = small_file(&git_folder(tree)?.join("HEAD"))?;
    let head = head.trim();
    match head.strip_prefix("ref:") {
        Some(name) => Some(name.trim().strip_prefix("refs/heads/").unwrap_or(name.trim()).to_owned()),
        None => head.bytes().all(|b| b.is_ascii_hexdigit()).then(|| head.chars().take(8).collect()),
    }
}

/// The commit that is checked out, or Git's empty tree before the first one: what a tree can be compared with.
pub(crate) async fn start(config: &GitConfig, tree: &Path) -> Option<String> {
    match id(config, tree, &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).await {
        Some(commit) => Some(commit),
        None => id(config, tree, &["hash-object", "-t", "tree", "/dev/null"]).await,
    }
}

/// The one object id that a call of Git prints.
pub(crate) async fn id(config: &GitConfig, tree: &Path, arguments: &[&str]) -> Option<String> {
    let output = Git::on_tree(config, tree).arguments(arguments.iter().copied()).output(config, 200).await.ok()?;
    let id = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.success && !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit())).then_some(id)
}

/// The commit that is checked out, read from files and without starting anything. `None` before the first commit, and
/// where references are not kept as files.
pub(crate) fn commit(tree: &Path) -> Option<String> {
    let git = git_folder(tree)?;
    let head = small_file(&git.join("HEAD"))?;
    let head = head.trim();
    let Some(name) = head.strip_prefix("ref:").map(str::trim) else {
        return object_id(head);
    };
    if !name.starts_with("refs/") || Path::new(name).components().any(|part| part.as_os_str() == "..") {
        return None;
    }
    // A linked worktree keeps its own `HEAD`; branches are kept by the repository it belongs to.
    let common = small_file(&git.join("commondir")).map_or_else(|| git.clone(), |path| git.join(path.trim()));
    small_file(&common.join(name)).and_then(|text| object_id(text.trim())).or_else(|| packed(&common, name))
}

fn packed(common: &Path, name: &str) -> Option<String> {
    let file = std::fs::File::open(common.join("packed-refs")).ok()?;
    file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut text = String::new();
    file.take(MOST as u64).read_to_string(&mut text).ok()?;
    text.lines().find_map(|line| object_id(line.strip_suffix(name)?.strip_suffix(' ')?))
}

fn object_id(text: &str) -> Option<String> {
    (matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())).then(|| text.to_owned())
}

/// The folder with a tree's `HEAD`. In a linked worktree `.git` is a file that names it.
fn git_folder(tree: &Path) -> Option<PathBuf> {
    let git = tree.join(".git");
    if !git.is_file() {
        return Some(git);
    }
    let link = small_file(&git)?;
    Some(tree.join(link.strip_prefix("gitdir:")?.trim()))
}

fn small_file(path: &Path) -> Option<String> {
    let mut text = String::new();
    // A FIFO would block for ever.
    path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    std::fs::File::open(path).ok()?.take(4096).read_to_string(&mut text).ok()?;
    (!text.trim().is_empty()).then_some(text)
}

/// A repository's own settings, as far as they matter here.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    origin: Option<String>,
    /// Settings that would start a program when Git reads a file, with the value that prevents it. Names are bytes:
    /// one that is no UTF-8 must be switched off too.
    programs: Vec<(OsString, &'static str)>,
}

impl Settings {
    fn origin(&self) -> Option<String> {
        self.origin.as_deref().map(|url| remote_without_credentials(url).unwrap_or_else(|| remote::mask(url)))
    }

    /// Switches off what this repository would start. `.gitattributes` decides which files a filter is for, and a
    /// filter may have any name, so their names have to be known first.
    pub fn quiet(&self, git: Git) -> Git {
        self.programs.iter().fold(git, |git, (name, value)| git.setting(name, value))
    }
}

/// Reads a repository's settings; `None` where there is no repository. `git config` starts nothing.
pub(crate) async fn settings(config: &GitConfig, tree: &Path) -> Option<Settings> {
    tree.join(".git").symlink_metadata().ok()?;
    let listed = Git::on_tree(config, tree).arguments(["config", "--list", "-z"]).output(config, MOST).await.ok()?;
    if !listed.success {
        return None;
    }
    let mut settings = Settings::default();
    for entry in listed.stdout.split(|&byte| byte == 0) {
        let end = entry.iter().position(|&byte| byte == b'\n').unwrap_or(entry.len());
        let (name, value) = entry.split_at(end);
        if name == b"remote.origin.url" {
            settings.origin = Some(String::from_utf8_lossy(value).trim_start().to_owned());
        }
        if let Some(harmless) = harmless(name) {
            settings.programs.push((OsString::from_vec(name.to_vec()), harmless));
        }
    }
    Some(settings)
}

/// The value that keeps a setting from starting a program; `None` for a setting that starts none.
fn harmless(name: &[u8]) -> Option<&'static str> {
    let key = name.rsplit(|&byte| byte == b'.').next()?;
    match (name.starts_with(b"filter."), name.starts_with(b"diff."), key) {
        (true, _, b"clean" | b"smudge" | b"process") | (_, true, b"command" | b"textconv") => Some(""),
        (true, _, b"required") => Some("false"),
        _ => None,
    }
}

fn remote_without_credentials(url: &str) -> Option<String> {
    use crate::config::Protocol::{File, Git, Http, Https, Ssh};
    remote::RemoteUrl::parse(url, &[Https, Ssh, Http, Git, File]).ok().map(|url| url.clean())
}

fn count(status: &[u8]) -> Dirty {
    let mut dirty = Dirty::default();
    for entry in status.split(|&byte| byte == 0).filter(|entry| !entry.is_empty()) {
        if entry.starts_with(b"??") {
            dirty.untracked += 1;
        } else {
            dirty.changed += 1;
        }
    }
    dirty
}

fn hints(tree: &Path) -> (Option<AssistantKind>, Vec<String>) {
    let Ok(beneath) = Beneath::open(tree) else {
        return (None, Vec::new());
    };
    let has = |folder: &str| beneath.is_dir(&PathBuf::from(folder));
    let assistant = match (has(".codex"), has(".claude")) {
        (true, _) => Some(AssistantKind::Codex),
        (false, true) => Some(AssistantKind::Claude),
        (false, false) => None,
    };
    let folders = COMMAND_FOLDERS.iter().filter(|folder| has(folder)).map(|&folder| folder.to_owned()).collect();
    (assistant, folders)
}
