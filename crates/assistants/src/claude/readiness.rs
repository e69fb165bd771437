//! Whether Claude can be used, and if not, why and what to do.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use adjutant_core::assistant::Readiness;
use adjutant_core::clock::Clock;
use tokio::sync::watch;

use super::config::{ClaudeConfig, Credential, RootPolicy};
use super::launch::Places;

/// How long a caller waits for the version: `claude --version` answers in a fraction of a second, but on a busy machine.
const CALLER_WAITS: Duration = Duration::from_secs(5);

/// A program that has not told its version by then is no program we know.
const PROGRAM_TAKES: Duration = Duration::from_secs(120);

/// Finds out, and remembers the version as long as the program's file stays the same.
#[derive(Debug, Default)]
pub struct Check {
    asked: Mutex<Option<Asked>>,
}

/// A program that was asked for its version.
#[derive(Debug)]
struct Asked {
    program: PathBuf,
    changed: SystemTime,
    answer: watch::Receiver<Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    NotYet,
    Version(String),
    /// It failed, or printed something else.
    None,
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
        if let Some(kept_out) = kept_out(config, places, &program) {
            return kept_out;
        }
        match self.version(&program, config, clock).await {
            Answer::Version(version) => Readiness::Ready { detail: format!("Claude Code {version}, {login}") },
            Answer::NotYet => Readiness::Checking {
                detail: format!("checking, `{} --version` takes long; {login}", program.display()),
            },
            Answer::None => off(
                format!("`{} --version` does not answer.", program.display()),
                "Run it by hand to see why, or set `CLAUDE_BIN` to a working program.",
            ),
        }
    }

    /// Waits a while for the answer; asking goes on without the caller.
    async fn version(&self, program: &Path, config: &ClaudeConfig, clock: &Clock) -> Answer {
        let mut answer = self.ask(program, config, clock);
        let answered = answer.wait_for(|answer| *answer != Answer::NotYet);
        tokio::select! {
            answered = answered => answered.map_or(Answer::None, |answer| answer.clone()),
            () = clock.sleep(CALLER_WAITS) => Answer::NotYet,
        }
    }

    /// Asks, unless this very program was asked and has not failed.
    fn ask(&self, program: &Path, config: &ClaudeConfig, clock: &Clock) -> watch::Receiver<Answer> {
        let changed = program.metadata().and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = asked.as_ref()
            && known.program == program
            && known.changed == changed
            && *known.answer.borrow() != Answer::None
        {
            return known.answer.clone();
        }
        let (tell, answer) = watch::channel(Answer::NotYet);
        let question = ask(program, config, clock.clone());
        tokio::spawn(async move {
            let version = question.await;
            tell.send_replace(version.map_or(Answer::None, Answer::Version));
        });
        *asked = Some(Asked { program: program.to_owned(), changed, answer: answer.clone() });
        answer
    }
}

/// What `ADJUTANT_RUN_AS` cannot reach.
fn kept_out(config: &ClaudeConfig, places: &Places, program: &Path) -> Option<Readiness> {
    let RootPolicy::RunAs(user) = &config.root else { return None };
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    if let Some(at) = user.kept_out_by(&real) {
        return Some(off(
            format!("`{}` (`ADJUTANT_RUN_AS`) may not run Claude Code: `{}` is closed to it.", user.name, at.display()),
            "Install it where every user may run it, such as `/usr/local/bin`, or set `CLAUDE_BIN`.",
        ));
    }
    let at = places.reached().into_iter().find_map(|path| user.kept_out_by(path))?;
    Some(off(
        format!("`{}` (`ADJUTANT_RUN_AS`) cannot reach its own files: `{}` is closed to it.", user.name, at.display()),
        "Set `ADJUTANT_DATA_DIR` to a folder outside of it, such as `/var/lib/adjutant`.",
    ))
}

/// Reads the first word of what `--version` prints.
fn ask(program: &Path, config: &ClaudeConfig, clock: Clock) -> impl Future<Output = Option<String>> + use<> {
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
    async move {
        let output = tokio::select! {
            output = command.output() => output.ok()?,
            () = clock.sleep(PROGRAM_TAKES) => return None,
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.split_whitespace().next()?;
        (output.status.success() && version.starts_with(|c: char| c.is_ascii_digit())).then(|| version.to_owned())
    }
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
