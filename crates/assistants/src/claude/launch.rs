//! How the program is started: arguments, environment, and what lies on disk for it.
//!
//! Flags and variables were measured with version 2.1.329. Four of the program's defaults are unsafe for text that comes
//! from a chat and are switched off here: `@file` expansion and slash commands in user text (`client_composed` in the
//! protocol, and a variable), hooks and settings of the project (`--setting-sources`), its servers
//! (`--strict-mcp-config`), and sessions that talk to each other (`--tools`).

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adjutant_core::assistant::{FailureClass, OpenError, PermissionMode, SessionSpec, is_model_name};
use adjutant_runner::{KeyedLine, RunAs, RunSpec};
use secrecy::ExposeSecret as _;
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};

use super::asking::read_inside;
use super::config::{ClaudeConfig, Credential, RootPolicy, User};
use super::protocol::{Request, Written};

/// The tools offered; all others, peer messaging and timers among them, do not exist for the model.
const TOOLS: &str = "Read,Write,Edit,Bash,WebFetch,WebSearch,AskUserQuestion";

/// Bounds the program's retries (otherwise about three minutes), and switches off what a gateway has to do itself.
const CONSTANT: [(&str, &str); 11] = [
    ("CLAUDE_CODE_MAX_RETRIES", "3"),
    ("API_TIMEOUT_MS", "60000"),
    ("CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS", "60000"),
    ("CLAUDE_CODE_DISABLE_FILE_MENTIONS", "1"),
    ("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1"),
    ("CLAUDE_CODE_DISABLE_CRON", "1"),
    ("CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS", "1"),
    ("CLAUDE_CODE_STARTUP_FAILURE_RESULTS", "1"),
    ("ENABLE_TOOL_SEARCH", "false"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
];

/// Sessions share so many lock files, by their ids. The files stay: making one for each start, and removing it, would
/// cost more than the rest of the start.
const LOCKS: usize = 64;

/// More of the repository's instructions is not put into the system prompt, in bytes.
const INSTRUCTIONS: usize = 64 << 10;

/// How long a run that nobody attaches to is kept at first.
const KEEP: chrono::Duration = chrono::Duration::minutes(10);

/// The directories the program works with.
#[derive(Debug, Clone)]
pub struct Places {
    /// `HOME`.
    home: PathBuf,
    /// `CLAUDE_CONFIG_DIR`; `None`: the operator's own, found by `HOME`.
    config: Option<PathBuf>,
    tmp: PathBuf,
    /// Lock files that are held while a session is being started.
    locks: PathBuf,
    /// Who in this process may take which of them.
    starts: Arc<[Mutex<()>; LOCKS]>,
}

impl Places {
    /// Where things lie for this configuration.
    pub fn of(config: &ClaudeConfig) -> Self {
        let private = config.data_dir.join("claude");
        let home = match &config.root {
            // Service users are often given a home that does not exist.
            RootPolicy::RunAs(user) => Some(user.home.clone()).filter(|home| home.is_dir()),
            _ => config.operator_home.clone(),
        };
        let own_login = config.credential.is_none() && home.is_some();
        Self {
            home: home.unwrap_or_else(|| private.join("home")),
            config: (!own_login).then(|| private.join("config")),
            tmp: private.join("tmp"),
            locks: private.join("sessions"),
            starts: Arc::new([const { Mutex::const_new(()) }; LOCKS]),
        }
    }

    /// Where the login is kept that is used when no credential is configured.
    pub fn login(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(|| self.home.join(".claude")).join(".credentials.json")
    }

    /// The program's own settings file, which names a login kept elsewhere (in the keychain of macOS).
    pub fn settings(&self) -> PathBuf {
        self.config.as_deref().unwrap_or(&self.home).join(".claude.json")
    }

    /// Where the program keeps what belongs to its sessions.
    pub fn memory(&self) -> [PathBuf; 2] {
        [self.config.clone().unwrap_or_else(|| self.home.join(".claude")), self.tmp.clone()]
    }

    /// What the user the program runs as has to reach.
    pub fn reached(&self) -> [&Path; 2] {
        [self.config.as_deref().unwrap_or(&self.home), &self.tmp]
    }

    /// Makes the private directories, owned by the user the program runs as.
    pub fn prepare(&self, config: &ClaudeConfig) -> io::Result<()> {
        let private = config.data_dir.join("claude");
        make(&private)?;
        make(&self.locks)?;
        let mut dirs = vec![self.tmp.as_path()];
        dirs.extend(self.config.as_deref());
        if self.home.starts_with(&private) {
            dirs.push(&self.home);
        }
        for dir in dirs {
            make(dir)?;
            if let RootPolicy::RunAs(user) = &config.root {
                // That user's group passes through to what is its own, and nobody else does.
                std::os::unix::fs::chown(&private, None, Some(user.gid))?;
                fs::set_permissions(&private, fs::Permissions::from_mode(0o710))?;
                std::os::unix::fs::chown(dir, Some(user.uid), Some(user.gid))?;
            }
        }
        Ok(())
    }

    /// Locks a session for the time of a start.
    ///
    /// The program has no lock of its own, and two processes on one session lose each other's messages. That a session
    /// has one process is the caller's duty; this catches two gateways that start it at the same moment.
    pub async fn lock(&self, session: uuid::Uuid) -> Result<SessionLock<'_>, OpenError> {
        // The last byte is random in every version of UUID.
        let place = usize::from(session.as_bytes()[15]) % LOCKS;
        let turn = self.starts[place].lock().await;
        let path = self.locks.join(place.to_string());
        let mut options = fs::OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let file = options.open(path).map_err(unprepared)?;
        match file.try_lock() {
            Ok(()) => Ok(SessionLock { _file: file, _turn: turn }),
            Err(_) => Err(failed("Another gateway is starting a session at this moment. Try again.")),
        }
    }
}

/// A session that is being started; dropping it unlocks.
#[derive(Debug)]
pub struct SessionLock<'a> {
    /// Unlocked before somebody else in this process has their turn.
    _file: fs::File,
    _turn: MutexGuard<'a, ()>,
}

/// The run of a session.
pub fn run_spec(
    config: &ClaudeConfig,
    places: &Places,
    spec: &SessionSpec,
    (dir, now): (PathBuf, chrono::DateTime<chrono::Utc>),
) -> Result<RunSpec, OpenError> {
    Ok(RunSpec {
        dir,
        program: config.program.clone(),
        args: arguments(config, places, spec)?,
        env: environment(config, places, spec),
        cwd: spec.cwd.clone(),
        run_as: run_as(&config.root),
        first_lines: vec![KeyedLine { key: "initialize".to_owned(), line: initialize(spec)? }],
        keep_until_ms: (now + KEEP).timestamp_millis(),
        limits: adjutant_runner::Limits::default(),
    })
}

fn run_as(root: &RootPolicy) -> Option<RunAs> {
    let RootPolicy::RunAs(user) = root else { return None };
    Some(RunAs { uid: user.uid, gid: user.gid, groups: user.groups.clone() })
}

/// No text of users and no secret is ever among them.
fn arguments(config: &ClaudeConfig, places: &Places, spec: &SessionSpec) -> Result<Vec<String>, OpenError> {
    let mut args: Vec<String> = Vec::with_capacity(32);
    let mut add = |words: &[&str]| args.extend(words.iter().map(|&word| word.to_owned()));
    add(&["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"]);
    add(&["--include-partial-messages", "--permission-prompt-tool", "stdio"]);
    add(&["--permission-mode", permission_mode(spec.permission_mode, &config.root)?]);
    if let Some(model) = spec.model.as_deref().or(config.model.as_deref()) {
        add(&["--model", checked_model(model)?]);
    }
    add(&["--tools", TOOLS]);
    if spec.trusted_codebase {
        add(&["--setting-sources", "user,project,local"]);
    } else {
        add(&["--strict-mcp-config", "--setting-sources", ""]);
    }
    add(&["--settings", &settings(places)]);
    for folder in &spec.folders {
        add(&["--add-dir", &folder.display().to_string()]);
    }
    // Otherwise the addition to the system prompt is frozen at the first turn of a session.
    add(&["--system-prompt-snapshot", "off"]);
    match &spec.resume {
        Some(id) => add(&["--resume", &session_id(id)?.to_string()]),
        None => add(&["--session-id", &spec.new_session.to_string()]),
    }
    Ok(args)
}

/// The session to go on with. The program would look for anything but a UUID among titles.
pub fn session_id(id: &str) -> Result<uuid::Uuid, OpenError> {
    id.parse().map_err(|_| OpenError::Failed {
        class: FailureClass::SessionLost,
        message: "Claude does not know this session. /new starts a fresh one.".to_owned(),
    })
}

fn permission_mode(mode: PermissionMode, root: &RootPolicy) -> Result<&'static str, OpenError> {
    match mode {
        // Asks for every change. A rule that asks for every command would also outvote "allow for this session".
        PermissionMode::Ask => Ok("default"),
        PermissionMode::AcceptEdits => Ok("acceptEdits"),
        PermissionMode::Plan => Ok("plan"),
        PermissionMode::Trust if matches!(root, RootPolicy::NotRoot | RootPolicy::RunAs(User { uid: 1.., .. })) => {
            Ok("bypassPermissions")
        }
        PermissionMode::Trust => Err(failed(
            "Permission mode `trust` is not possible as root. Choose another mode, or set `ADJUTANT_RUN_AS`.",
        )),
    }
}

fn checked_model(model: &str) -> Result<&str, OpenError> {
    if is_model_name(model) {
        return Ok(model);
    }
    Err(OpenError::Failed {
        class: FailureClass::ModelUnknown,
        message: format!("`{}` is not a model's name. Set `CLAUDE_MODEL` to one.", model.escape_debug()),
    })
}

/// The program's own credentials are nobody's business, in no permission mode.
fn settings(places: &Places) -> String {
    let denied: Vec<_> = [places.login(), places.settings()]
        .iter()
        .flat_map(|file| [format!("Read(/{})", file.display()), format!("Edit(/{})", file.display())])
        .collect();
    json!({ "permissions": { "deny": denied } }).to_string()
}

/// The complete environment: the child gets its own credential and no other secret of the gateway.
fn environment(config: &ClaudeConfig, places: &Places, spec: &SessionSpec) -> Vec<(String, String)> {
    let mut env = vec![
        ("PATH".to_owned(), config.path.clone()),
        ("HOME".to_owned(), places.home.display().to_string()),
        ("LANG".to_owned(), config.lang.clone()),
        ("TMPDIR".to_owned(), places.tmp.display().to_string()),
    ];
    env.extend(CONSTANT.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let asked = spec.environment.iter();
    env.extend(asked.filter(|(name, _)| !is_ours(name) && !env_has(&CONSTANT, name)).cloned());
    if let Some(dir) = &places.config {
        env.push(("CLAUDE_CONFIG_DIR".to_owned(), dir.display().to_string()));
    }
    if let Some(url) = &config.base_url {
        env.push(("ANTHROPIC_BASE_URL".to_owned(), url.as_str().trim_end_matches('/').to_owned()));
    }
    match &config.credential {
        Some(Credential::ApiKey(key)) => env.push(("ANTHROPIC_API_KEY".to_owned(), key.expose_secret().to_owned())),
        Some(Credential::OAuthToken(token)) => {
            env.push(("CLAUDE_CODE_OAUTH_TOKEN".to_owned(), token.expose_secret().to_owned()));
        }
        None => {}
    }
    env
}

/// What a session's environment cannot change. `IS_SANDBOX` would lift the program's own guard against root.
fn is_ours(name: &str) -> bool {
    ["PATH", "HOME", "TMPDIR", "IS_SANDBOX"].contains(&name)
        || name.starts_with("CLAUDE")
        || name.starts_with("ANTHROPIC")
}

fn env_has(env: &[(&str, &str)], name: &str) -> bool {
    env.iter().any(|(known, _)| *known == name)
}

/// The first line: what is added to the system prompt.
fn initialize(spec: &SessionSpec) -> Result<String, OpenError> {
    let mut prompt = spec.system_prompt.clone();
    // Without the project's settings the program does not read its instructions either.
    if let Some(instructions) = (!spec.trusted_codebase).then(|| instructions(&spec.cwd)).flatten() {
        prompt.push_str("\n\nInstructions of this repository, from its own files:\n\n");
        prompt.push_str(&instructions);
    }
    let request = Request::Initialize { append_system_prompt: prompt.trim() };
    serde_json::to_string(&Written::ControlRequest { request_id: "initialize", request })
        .map_err(|error| failed(format!("The session could not be described: {error}.")))
}

/// The repository's instructions for assistants, bounded.
fn instructions(cwd: &Path) -> Option<String> {
    let files = ["CLAUDE.md", ".claude/CLAUDE.md", "AGENTS.md"];
    let mut text = files.iter().find_map(|file| read_inside(&cwd.join(file), cwd))?;
    if text.len() > INSTRUCTIONS {
        text.truncate(text.floor_char_boundary(INSTRUCTIONS));
        text.push_str("\n[the rest is left out]");
    }
    Some(text)
}

fn make(dir: &Path) -> io::Result<()> {
    if dir.is_dir() { Ok(()) } else { fs::DirBuilder::new().recursive(true).mode(0o700).create(dir) }
}

/// The private directories could not be made.
pub fn unprepared(error: io::Error) -> OpenError {
    failed(format!("Claude's private directory could not be prepared: {error}."))
}

fn failed(message: impl Into<String>) -> OpenError {
    OpenError::Failed { class: FailureClass::Other, message: message.into() }
}
