//! The programs that tests run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The gateway.
pub fn adjutant() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_adjutant"))
}

/// A scripted assistant of the test's own, which finds its log from the folder it lies in.
pub fn scripted_assistant(folder: &Path) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(build_scripted_assistant);
    let own = folder.join("scripted-assistant");
    std::os::unix::fs::symlink(built, &own).unwrap();
    own
}

/// The real program, put there by `scripts/test`.
pub fn real_claude() -> PathBuf {
    let from_environment = std::env::var_os("ADJUTANT_TEST_CLAUDE").map(PathBuf::from);
    let path = from_environment.unwrap_or_else(|| {
        let platform = format!("claude-code-linux-{}", if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" });
        target().join("tools/claude/node_modules/@anthropic-ai").join(platform).join("claude")
    });
    assert!(
        path.exists(),
        "the real Claude Code program is not at {}: `./scripts/test` installs it, or name one in `ADJUTANT_TEST_CLAUDE`",
        path.display()
    );
    path
}

fn build_scripted_assistant() -> PathBuf {
    let built = adjutant().with_file_name("scripted-assistant");
    if !built.exists() {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "adjutant-testkit", "--bins"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(status.success() && built.exists(), "the scripted assistant does not build");
    }
    built
}

fn target() -> PathBuf {
    // The binary lies in `target/debug`.
    adjutant().ancestors().nth(2).unwrap().to_owned()
}
