//! Whether Claude can be used, and if not, why and what to do.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use adjutant_core::assistant::Readiness;
use adjutant_core::clock::Clock;
use tokio::sync::Mutex;

use super::config::{ClaudeConfig, Credential, RootPolicy};
use super::launch::Places;

/// `claude --version` answers in a fraction of a second; a program that does not is no program we know.
const VERSION_TAKES: Duration = Duration::from_secs(5);

/// Finds out, and remembers the version as long as the program's file stays the same.
#[derive(Debug, Default)]
pub struct Check {
    version: Mutex<Option<(PathBuf, SystemTime, String)>>,
}

impl Check {
    pub async fn readiness(&self, config: &ClaudeConfig, places: &Places, clock: &Clock) -> Readiness {
        if config.root == RootPolicy::Off {
            return off(
                "Adjutant runs as root, and assistants do not.",
                "Set `ADJUTANT_RUN_AS` to a user without privileges, or `ADJUTANT_ALLOW_ROOT=true` in a container.",
            );
        }
        let Some(program) = find(&config.program, &config.path) else {
            return off(
                format!("Claude Code is not installed: `{}` was not found.", config.program.display()),
                "Install it, or set `CLAUDE_BIN` to its path.",
            );
        };
        let Some(login) = login(config, places) else {
            return off(
                "Claude is not logged in on this machine.",
                "Set `CLAUDE_API_KEY` or `CLAUDE_OAUTH_TOKEN`, or log in once with `claude`.",
            );
        };
        match self.version(&program, config, clock).await {
            Some(version) => Readiness::Ready { detail: format!("Claude Code {version}, {login}") },
            None => off(
                format!("`{} --version` does not answer.", program.display()),
                "Run it by hand to see why, or set `CLAUDE_BIN` to a working program.",
            ),
        }
    }

    async fn version(&self, program: &Path, config: &ClaudeConfig, clock: &Clock) -> Option<String> {
        let changed = program.metadata().and_then(|metadata| metadata.modified()).ok()?;
        let mut known = self.version.lock().await;
        if let Some((path, at, version)) = known.as_ref()
            && path == program
            && *at == changed
        {
            return Some(version.clone());
        }
        let version = ask(program, config, clock).await?;
        *known = Some((program.to_owned(), changed, version.clone()));
        Some(version)
    }
}

/// Reads the first word of what `--version` prints.
async fn ask(program: &Path, config: &ClaudeConfig, clock: &Clock) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a bounded question to the program itself, with an empty environment"
    )]
    let mut command = tokio::process::Command::new(program);
    command.arg("--version").env_clear().env("PATH", &config.path).env("DISABLE_AUTOUPDATER", "1");
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).current_dir("/");
    if let RootPolicy::RunAs(user) = &config.root {
        command.uid(user.uid).gid(user.gid);
    }
    let output = tokio::select! {
        output = command.output() => output.ok()?,
        () = clock.sleep(VERSION_TAKES) => return None,
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_whitespace().next()?;
    (output.status.success() && version.starts_with(|c: char| c.is_ascii_digit())).then(|| version.to_owned())
}

/// What it signs in with, in words; `None`: with nothing.
fn login(config: &ClaudeConfig, places: &Places) -> Option<String> {
    match &config.credential {
        Some(Credential::ApiKey(_)) => Some("API key".to_owned()),
        Some(Credential::OAuthToken(_)) => Some("subscription token".to_owned()),
        None => {
            let file = places.login();
            let kept_elsewhere = || {
                std::fs::read_to_string(places.settings()).is_ok_and(|settings| settings.contains("\"oauthAccount\""))
            };
            let found = file.metadata().is_ok_and(|metadata| metadata.len() > 2) || kept_elsewhere();
            found.then(|| {
                format!("the login of this machine's operator in {}", file.parent().unwrap_or(&file).display())
            })
        }
    }
}

/// The program as a shell would find it.
fn find(program: &Path, path: &str) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return is_executable(program).then(|| program.to_owned());
    }
    std::env::split_paths(path).map(|dir| dir.join(program)).find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn off(reason: impl Into<String>, hint: &str) -> Readiness {
    Readiness::Off { reason: reason.into(), hint: hint.to_owned() }
}
