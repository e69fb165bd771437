//! One Git process.
//!
//! A repository's configuration is code, and repositories come from strangers. So every call starts without a shell,
//! with an empty environment, without the system's and the user's configuration, and with settings that switch off
//! what a repository could bring: hooks, a file system monitor, helpers of the transport, submodules. Settings go in as
//! `GIT_CONFIG_COUNT` and its like, because `-c name=value` is ambiguous when a name contains `=`.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::config::GitConfig;

/// What no call of Git may do, by setting.
const OVERRIDES: &[(&str, &str)] = &[
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.askPass", ""),
    ("core.pager", "cat"),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    ("credential.helper", ""),
    ("protocol.ext.allow", "never"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("safe.bareRepository", "explicit"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    // A redirect could lead to a host that is reachable only from this machine.
    ("http.followRedirects", "false"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
];

/// Asks nothing, waits for nobody, and takes the key of a host it has never seen.
const SSH: &str = "ssh -oBatchMode=yes -oStrictHostKeyChecking=accept-new -oConnectTimeout=20 -oControlMaster=no";

/// Where programs are when the configuration does not say.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A call of Git that is being put together.
#[derive(Debug)]
pub struct Git {
    program: PathBuf,
    folder: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(String, OsString)>,
    settings: Vec<(OsString, OsString)>,
    run_as: Option<crate::config::RunAs>,
}

/// What a bounded call gave. One that printed too much has not succeeded, and `stdout` is longer than was asked for.
#[derive(Debug)]
pub struct Output {
    pub success: bool,
    pub stdout: Vec<u8>,
    /// The beginning of what it complained about.
    pub stderr: Vec<u8>,
}

/// How much is kept of what Git complains about.
const COMPLAINT: usize = 4 * 1024;

impl Git {
    /// A call in a folder that may speak no protocol at all.
    pub fn new(config: &GitConfig, folder: &Path) -> Self {
        let mut git = Self {
            program: config.program.clone(),
            folder: folder.to_path_buf(),
            arguments: Vec::new(),
            environment: config.environment.clone(),
            settings: OVERRIDES.iter().map(|&(name, value)| (name.into(), value.into())).collect(),
            run_as: config.run_as,
        };
        if !git.environment.iter().any(|(name, _)| name == "PATH") {
            git = git.variable("PATH", USUAL_PATH);
        }
        git.variable("LC_ALL", "C")
            .variable("HOME", "/nonexistent")
            .variable("GIT_CONFIG_NOSYSTEM", "1")
            .variable("GIT_CONFIG_GLOBAL", "/dev/null")
            .variable("GIT_ATTR_NOSYSTEM", "1")
            .variable("GIT_TERMINAL_PROMPT", "0")
            .variable("GIT_ASKPASS", "/bin/false")
            .variable("SSH_ASKPASS_REQUIRE", "never")
            .variable("GIT_SSH_COMMAND", SSH)
            .variable("GIT_SSH_VARIANT", "ssh")
            .variable("GIT_OPTIONAL_LOCKS", "0")
            .variable("GIT_NO_LAZY_FETCH", "1")
            .variable("GIT_NO_REPLACE_OBJECTS", "1")
            .variable("GIT_ALLOW_PROTOCOL", "none")
    }

    /// A call on one working tree. Its place is given outright, so that neither `core.worktree` nor a search upwards
    /// leads anywhere else.
    pub fn on_tree(config: &GitConfig, tree: &Path) -> Self {
        Self::new(config, tree)
            .variable("GIT_DIR", tree.join(".git"))
            .variable("GIT_WORK_TREE", tree)
            .setting("safe.directory", tree)
    }

    pub fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    pub fn setting(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    pub fn arguments<I, A>(mut self, arguments: I) -> Self
    where
        I: IntoIterator<Item = A>,
        A: Into<OsString>,
    {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Starts it in a process group of its own.
    pub fn spawn(self) -> std::io::Result<Running> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that starts Git")]
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment)
            .env("GIT_CONFIG_COUNT", self.settings.len().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        for (number, (name, value)) in self.settings.into_iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{number}"), name).env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        if let Some(user) = self.run_as {
            // As root, setting the user also drops the supplementary groups.
            command.uid(user.uid).gid(user.gid);
        }
        let child = command.spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Running { child, group })
    }

    /// Runs it to its end. Reads at most `most` bytes of what it prints; a call that prints more counts as failed.
    pub async fn output(self, config: &GitConfig, most: usize) -> std::io::Result<Output> {
        self.output_within(config, most, config.inspect_timeout).await
    }

    /// As [`Git::output`], with a time of its own: what writes files may take longer than what only looks.
    pub async fn output_within(self, config: &GitConfig, most: usize, limit: Duration) -> std::io::Result<Output> {
        let mut running = self.spawn()?;
        let stdout = running.child.stdout.take();
        let stderr = running.child.stderr.take();
        let work = async {
            let (stdout, stderr) = tokio::join!(bounded(stdout, most), drained(stderr));
            let (stdout, stderr) = (stdout?, stderr?);
            let complete = stdout.len() <= most;
            if !complete {
                running.kill();
            }
            let success = running.wait().await?;
            Ok(Output { success: success && complete, stdout, stderr })
        };
        tokio::select! {
            output = work => output,
            () = config.clock.sleep(limit) => Err(std::io::ErrorKind::TimedOut.into()),
        }
    }
}

/// A Git process with all its children. Dropping it ends them.
#[derive(Debug)]
pub struct Running {
    pub child: Child,
    group: Option<Pid>,
}

impl Running {
    /// Waits for its end and says whether it went well.
    pub async fn wait(&mut self) -> std::io::Result<bool> {
        let status = self.child.wait().await?;
        // From now on the number may belong to somebody else.
        self.group = None;
        if let Some(signal) = status.signal() {
            tracing::debug!(signal, "git was ended by signal {signal}");
        }
        Ok(status.success())
    }

    /// Ends it and its children at once.
    pub fn kill(&self) {
        if let Some(group) = self.group {
            // It fails only when all of them have ended.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads up to one byte more than `most`, so that the caller sees whether there was more.
async fn bounded<R: AsyncRead + Unpin>(pipe: Option<R>, most: usize) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(most as u64 + 1).read_to_end(&mut kept).await?;
    }
    Ok(kept)
}

/// Reads everything and keeps the beginning: a full pipe would stop the writer.
async fn drained<R: AsyncRead + Unpin>(pipe: Option<R>) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    if let Some(mut pipe) = pipe {
        (&mut pipe).take(COMPLAINT as u64).read_to_end(&mut kept).await?;
        tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await?;
    }
    Ok(kept)
}
