//! What the checks look at: the repository's text files and what cargo knows of its crates.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A path, with a line where there is one, or the name of a crate.
    pub at: String,
    pub text: String,
}

impl Finding {
    pub fn new(at: impl Into<String>, text: impl Into<String>) -> Self {
        Self { at: at.into(), text: text.into() }
    }

    pub fn line(path: &str, line: usize, text: impl Into<String>) -> Self {
        Self::new(format!("{path}:{line}"), text)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.text)
    }
}

/// The repository as the checks see it. Tests make one by hand.
#[derive(Debug, Default)]
pub struct Project {
    /// Text files by path from the root, with forward slashes. Ignored files are not here.
    pub files: BTreeMap<String, String>,
    pub metadata: Metadata,
}

/// The part of `cargo metadata` that is used.
#[derive(Debug, Default, Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    pub workspace_members: Vec<String>,
    pub resolve: Resolve,
}

#[derive(Debug, Default, Deserialize)]
pub struct Package {
    pub id: String,
    pub name: String,
    /// `None`: a crate of this repository.
    pub source: Option<String>,
    pub license: Option<String>,
    pub dependencies: Vec<Dependency>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Dependency {
    pub name: String,
    /// `None`: an ordinary one; otherwise `dev` or `build`.
    pub kind: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Resolve {
    pub nodes: Vec<Node>,
}

/// A crate that is really built, and what it uses.
#[derive(Debug, Default, Deserialize)]
pub struct Node {
    pub id: String,
    pub dependencies: Vec<String>,
}

impl Project {
    /// Reads the repository this program was built from.
    pub fn read() -> Result<Self> {
        let root = root();
        Ok(Self { files: files(&root)?, metadata: metadata(&root)? })
    }

    pub fn file(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// The crates of this repository.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.metadata.packages.iter().filter(|package| self.metadata.workspace_members.contains(&package.id))
    }

    /// Whether a file or folder of this path is there.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }

    #[cfg(test)]
    pub fn with(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self { files, ..Self::default() }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file that git tracks or would track.
fn files(root: &Path) -> Result<BTreeMap<String, String>> {
    let listed = output(Command::new("git").current_dir(root).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]))?;
    let mut files = BTreeMap::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        match std::fs::read(root.join(path)) {
            // What is no text is here by name only.
            Ok(bytes) => files.insert(path.to_owned(), String::from_utf8(bytes).unwrap_or_default()),
            // Deleted and not committed yet.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).context(path.to_owned()),
        };
    }
    Ok(files)
}

/// Only this machine's platform is resolved: the others' crates would have to be downloaded.
fn metadata(root: &Path) -> Result<Metadata> {
    let version = output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("`rustc -vV` names no host")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let text = output(Command::new(cargo).current_dir(root).args([
        "metadata",
        "--format-version=1",
        "--filter-platform",
        host,
    ]))?;
    serde_json::from_str(&text).context("`cargo metadata` printed something unexpected")
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
