//! A gateway's end of an assistant, in front of real runners.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use adjutant_assistants::claude::{ClaudeAssistant, ClaudeConfig, RootPolicy};
use adjutant_core::assistant::{
    Assistant, AssistantEvent, OpenRun, Opening, Outcome, PermissionMode, PermissionRequest, RunEvent, SessionSpec,
};
use adjutant_core::clock::Clock;
use adjutant_core::id::{RunId, TurnId};
use adjutant_runner::Launcher;
use adjutant_testkit::scripted::{self, Received};
use futures_util::StreamExt as _;
use tempfile::TempDir;
use uuid::Uuid;

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program of this workspace, built first if it is missing or older than the sources of these crates. Asking Cargo
/// each time would make every test wait for its lock.
pub fn built(name: &str, crates: &[&str], arguments: &[&str]) -> PathBuf {
    // The test itself is target/<profile>/deps/it-<hash>.
    let test = std::env::current_exe().expect("the test knows its place");
    let target = test.parent().and_then(Path::parent).expect("a target directory");
    let program = target.join(name);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crates' directory");
    let newest = crates.iter().map(|of| newest(&sources.join(of).join("src"))).max().expect("a crate");
    if program.metadata().and_then(|metadata| metadata.modified()).is_ok_and(|built| built > newest) {
        return program;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(["build", "--quiet"]).args(arguments).status();
    assert!(status.expect("cargo runs").success(), "`{name}` could not be built");
    assert!(program.is_file(), "`{name}` is not in {}", target.display());
    program
}

/// When the youngest file below a directory was changed.
fn newest(dir: &Path) -> SystemTime {
    let entries = std::fs::read_dir(dir).expect("a crate has sources").map(|entry| entry.expect("it can be listed"));
    let changed = |path: PathBuf| path.metadata().and_then(|metadata| metadata.modified()).expect("files have times");
    let times = entries.map(|entry| if entry.path().is_dir() { newest(&entry.path()) } else { changed(entry.path()) });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn scripted_assistant() -> PathBuf {
    let arguments = ["--package", "adjutant-testkit", "--bin", "scripted-assistant"];
    built("scripted-assistant", &["testkit"], &arguments)
}

pub fn launcher() -> Launcher {
    let arguments = ["--package", "adjutant-runner", "--bin", "adjutant-runner"];
    Launcher::with_program(built("adjutant-runner", &["runner"], &arguments))
}

/// A data directory, a codebase, and an assistant.
pub struct Lab {
    _dir: TempDir,
    pub cwd: PathBuf,
    pub log: PathBuf,
    pub config: ClaudeConfig,
}

impl Lab {
    /// With the scripted assistant in Claude's place.
    pub fn scripted() -> Self {
        let mut lab = Self::new();
        lab.config.program = scripted_assistant();
        lab
    }

    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("adj").tempdir().expect("a directory");
        // The path as the assistant sees it, without links.
        let root = dir.path().canonicalize().expect("it is there");
        let (cwd, log) = (root.join("code"), root.join("prompts.jsonl"));
        std::fs::create_dir(&cwd).expect("a codebase");
        scripted::log_prompts(&root, &log).expect("a log");
        let path = std::env::var("PATH").expect("a PATH");
        let mut config = ClaudeConfig::new(root.join("data"), path);
        config.credential = Some(adjutant_assistants::claude::Credential::ApiKey("test-key-in-nobodys-log".into()));
        config.root = RootPolicy::Allowed;
        Self { _dir: dir, cwd, log, config }
    }

    /// The assistant as a gateway that has just started sees it.
    pub fn assistant(&self) -> ClaudeAssistant {
        ClaudeAssistant::new(self.config.clone(), launcher(), Clock::System)
    }

    pub fn spec(&self) -> SessionSpec {
        SessionSpec {
            folders: Vec::new(),
            run: RunId::generate(),
            cwd: self.cwd.clone(),
            resume: None,
            new_session: Uuid::new_v4(),
            system_prompt: "This is a test.".to_owned(),
            model: None,
            permission_mode: PermissionMode::Ask,
            trusted_codebase: false,
            environment: vec![("GIT_AUTHOR_NAME".to_owned(), "Ana".to_owned())],
        }
    }

    pub async fn start(&self) -> Session {
        self.start_with(&self.spec()).await
    }

    pub async fn start_with(&self, spec: &SessionSpec) -> Session {
        Session::new(self.assistant().open(spec, Opening::Start).await.expect("the run starts"))
    }

    pub fn received(&self) -> Vec<Received> {
        scripted::received(&self.log).expect("the log is readable")
    }
}

/// An open run and what it has said.
pub struct Session {
    pub run: OpenRun,
    pub said: Vec<RunEvent>,
}

impl Session {
    pub fn new(run: OpenRun) -> Self {
        Self { run, said: Vec::new() }
    }

    pub async fn prompt(&self, text: &str) -> TurnId {
        let turn = TurnId::generate();
        self.run.control.prompt(turn, text).await.expect("the prompt is taken");
        turn
    }

    /// The next event; fails the test when none comes.
    pub async fn next(&mut self) -> AssistantEvent {
        let next = tokio::time::timeout(PATIENCE, self.run.events.next()).await;
        let event = next.unwrap_or_else(|_| panic!("nothing came after {:?}", self.said));
        let event = event.unwrap_or_else(|| panic!("the events ended after {:?}", self.said));
        self.said.push(event.clone());
        event.event
    }

    /// The events up to one that is waited for.
    pub async fn until(&mut self, mut wanted: impl FnMut(&AssistantEvent) -> bool) -> AssistantEvent {
        loop {
            let event = self.next().await;
            if wanted(&event) {
                return event;
            }
        }
    }

    /// Waits for the end of the turn.
    pub async fn outcome(&mut self) -> Outcome {
        match self.until(|event| matches!(event, AssistantEvent::TurnEnded(_))).await {
            AssistantEvent::TurnEnded(outcome) => outcome,
            other => panic!("not an end: {other:?}"),
        }
    }

    /// Gives a prompt and waits for its end.
    pub async fn turn(&mut self, text: &str) -> Outcome {
        self.prompt(text).await;
        self.outcome().await
    }

    pub async fn question(&mut self) -> PermissionRequest {
        match self.until(|event| matches!(event, AssistantEvent::PermissionRequested(_))).await {
            AssistantEvent::PermissionRequested(request) => request,
            other => panic!("not a question: {other:?}"),
        }
    }

    /// Waits for the end of the run.
    pub async fn exited(&mut self) -> String {
        match self.until(|event| matches!(event, AssistantEvent::Exited { .. })).await {
            AssistantEvent::Exited { description } => description,
            other => panic!("not an end: {other:?}"),
        }
    }

    /// The finished blocks of text so far.
    pub fn blocks(&self) -> Vec<&str> {
        let events = self.said.iter();
        events
            .filter_map(|event| match &event.event {
                AssistantEvent::TextBlock(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The streamed text so far.
    pub fn streamed(&self) -> String {
        let events = self.said.iter();
        events
            .filter_map(|event| match &event.event {
                AssistantEvent::TextDelta(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    pub fn has(&self, wanted: impl Fn(&AssistantEvent) -> bool) -> bool {
        self.said.iter().any(|event| wanted(&event.event))
    }

    pub async fn end(self) {
        self.run.control.end().await;
    }
}

/// Whether a process lives. A zombie does not.
pub fn lives(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Waits for a condition, without hoping for a certain time.
pub async fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !condition() {
            Clock::System.sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("waited in vain: {what}"));
}
