//! What a run is started with.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One run: the program, its surroundings, and what it hears first.
///
/// It crosses to the runner as JSON, so every path must be UTF-8. Its `Debug` shows neither environment nor lines.
#[derive(Clone, Serialize, Deserialize)]
pub struct RunSpec {
    /// The run's directory; made with mode 0700, its parents too. The last part of the path is the run's id.
    pub dir: PathBuf,
    /// The program. Without a slash it is looked for in the `PATH` of `env`.
    pub program: PathBuf,
    pub args: Vec<String>,
    /// The child's complete environment: nothing of the gateway's is added.
    pub env: Vec<(String, String)>,
    pub cwd: PathBuf,
    /// Whom the child runs as; `None` is the gateway's own user. The run's directory stays with that user.
    pub run_as: Option<RunAs>,
    /// Written to the child's stdin at once, in this order.
    pub first_lines: Vec<KeyedLine>,
    /// Unix time in milliseconds after which the run ends by itself while nobody is attached.
    pub keep_until_ms: i64,
    #[serde(default)]
    pub limits: Limits,
}

impl std::fmt::Debug for RunSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunSpec")
            .field("dir", &self.dir)
            .field("program", &self.program)
            .field("cwd", &self.cwd)
            .finish_non_exhaustive()
    }
}

/// A user and groups to change to before the program starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunAs {
    pub uid: u32,
    pub gid: u32,
    /// The supplementary groups, all of them.
    pub groups: Vec<u32>,
}

/// A line for the child's stdin, written once per key. The newline is added if it is missing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyedLine {
    /// At most 256 bytes, without control characters: `prompt:<turn id>`.
    pub key: String,
    pub line: String,
}

impl std::fmt::Debug for KeyedLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyedLine").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The bounds of a run. The defaults are the product's; tests make them small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes per spool file.
    pub segment_bytes: u64,
    /// Bytes of a line, its newline not counted; what follows in that line is dropped.
    pub line_bytes: u64,
    /// Bytes nobody has taken after which the child's output is not read any more.
    pub untaken_bytes: u64,
    /// Bytes of the end of stderr that are kept.
    pub stderr_bytes: usize,
    /// Bytes waiting for the child's stdin after which further lines wait with their sender.
    pub stdin_bytes: usize,
    /// From the closing of stdin to SIGTERM, in milliseconds: an idle assistant ends by itself.
    pub close_grace_ms: u64,
    /// From SIGTERM to SIGKILL, in milliseconds.
    pub term_grace_ms: u64,
    /// From SIGTERM to SIGKILL for what the child has left behind, in milliseconds.
    pub leftover_grace_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            segment_bytes: 8 << 20,
            line_bytes: 16 << 20,
            untaken_bytes: 256 << 20,
            stderr_bytes: 64 << 10,
            stdin_bytes: 1 << 20,
            close_grace_ms: 200,
            term_grace_ms: 5_000,
            leftover_grace_ms: 500,
        }
    }
}
