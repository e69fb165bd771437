//! The small codebase that comes with the demo.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Stdio;

/// Where Git is looked for; the gateway's own environment is not passed on.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";

const FILES: [(&str, &str); 7] = [
    ("README.md", README),
    ("greeting.py", GREETING),
    ("test_greeting.py", TEST),
    (".claude/commands/prime.md", PRIME),
    (".claude/commands/plan.md", PLAN),
    (".claude/commands/execute.md", EXECUTE),
    (".claude/commands/commit.md", COMMIT),
];

const README: &str = "# Greeter\n\nA very small program, here to be changed.\n\n```\npython3 greeting.py Ana\n```\n";

const GREETING: &str = "import sys\n\n\ndef greet(name):\n    return f\"Hello, {name}\"\n\n\n\
                        if __name__ == \"__main__\":\n    print(greet(\" \".join(sys.argv[1:])))\n";

const TEST: &str =
    "from greeting import greet\n\n\ndef test_greets_by_name():\n    assert greet(\"Ana\") == \"Hello, Ana\"\n";

const PRIME: &str = "---\ndescription: Get to know this codebase\n---\n\
                     Get to know this codebase: read the README and the code, then say in a few sentences what it does.\n";

const PLAN: &str = "---\ndescription: Plan a change without making it\n---\n\
                    Write a plan for this change, without making it: $ARGUMENTS\n";

const EXECUTE: &str =
    "---\ndescription: Carry out the plan\n---\nCarry out this plan, then say what changed:\n\n$PLAN\n";

const COMMIT: &str =
    "---\ndescription: Commit the work\n---\nCommit the work with a short message in the imperative.\n";

/// Writes the sample codebase with its commands into `dir`, as a Git repository with one commit. A directory that is a
/// repository already is left as it is.
///
/// # Errors
/// Whatever the file system says; and when Git is missing or fails.
pub fn make_sample_codebase(dir: &Path) -> io::Result<()> {
    if dir.join(".git").exists() {
        return Ok(());
    }
    for (name, text) in FILES {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    git(dir, &["init", "--quiet", "--initial-branch=main"])?;
    git(dir, &["add", "--all"])?;
    git(dir, &["commit", "--quiet", "--message", "Begin"])
}

fn git(dir: &Path, args: &[&str]) -> io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "fixed arguments on files of our own, with an empty environment")]
    let mut command = std::process::Command::new("git");
    command.env_clear().env("PATH", PATH).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(["-c", "user.name=Adjutant", "-c", "user.email=adjutant@localhost"]);
    let output = command.args(args).current_dir(dir).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("`git {}` failed: {}", args.first().unwrap_or(&""), said.trim())))
}
