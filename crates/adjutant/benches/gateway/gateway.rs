//! The shipped binary between the lean Telegram and a scripted assistant.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process;
use crate::telegram::LeanTelegram;

/// People on the list; every message goes to a chat of its own.
const PEOPLE: i64 = 2_000;

/// A gateway that is measured.
pub struct Gateway {
    pub telegram: LeanTelegram,
    folder: TempDir,
    environment: BTreeMap<String, String>,
    child: Option<Child>,
    next_person: i64,
}

/// The shipped binary, built by `cargo xtask bench`.
pub fn program() -> PathBuf {
    target().join("dist/adjutant")
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("target")
}

impl Gateway {
    pub async fn prepare() -> Self {
        let telegram = LeanTelegram::start().await;
        let folder = TempDir::new_in(target()).unwrap();
        let shop = folder.path().join("workspace/shop");
        std::fs::create_dir_all(&shop).unwrap();
        for arguments in [
            &["init", "-q", "-b", "main"][..],
            &["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"],
        ] {
            assert!(Command::new("git").args(arguments).current_dir(&shop).status().unwrap().success());
        }
        let people: Vec<String> = (1..=PEOPLE).map(|id| id.to_string()).collect();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let environment = BTreeMap::from(
            [
                ("HOME", path("")),
                ("PATH", std::env::var("PATH").unwrap()),
                ("ADJUTANT_DATA_DIR", path("data")),
                ("WORKSPACE_PATH", path("workspace")),
                ("ADJUTANT_ALLOW_ROOT", "true".to_owned()),
                ("DEFAULT_CODEBASE", "shop".to_owned()),
                // All conversations share one directory, which only turns that write have for themselves.
                ("PERMISSION_MODE", "plan".to_owned()),
                ("PORT", "0".to_owned()),
                ("TELEGRAM_BOT_TOKEN", "1:bench".to_owned()),
                ("TELEGRAM_API_URL", telegram.url.clone()),
                ("TELEGRAM_ALLOWED_USERS", people.join(",")),
                ("TELEGRAM_MESSAGES_PER_SECOND", "1000".to_owned()),
                ("CLAUDE_BIN", target().join("release/scripted-assistant").display().to_string()),
                ("CLAUDE_API_KEY", "sk-bench-0123456789".to_owned()),
                ("RUST_LOG", "warn".to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        Self { telegram, folder, environment, child: None, next_person: 1 }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn database(&self) -> PathBuf {
        self.folder().join("data/adjutant.db")
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    pub fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    /// Starts it; how long until its first poll.
    pub async fn launch(&mut self) -> Duration {
        let before = self.telegram.polls();
        let start = Instant::now();
        self.spawn();
        self.telegram.polled_after(before).await;
        start.elapsed()
    }

    /// Starts it without Telegram; the console's port.
    pub async fn launch_console(&mut self) -> u16 {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        self.set("PORT", &port.to_string());
        self.spawn();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        port
    }

    /// Writes hello in the console; how long until a text of the gateway stands there.
    pub async fn hello(&self, port: u16) -> Duration {
        let token = std::fs::read_to_string(self.folder().join("data/api-token")).unwrap();
        let base = format!("http://127.0.0.1:{port}/api/v1/conversations/{}", uuid::Uuid::new_v4());
        let client = reqwest::Client::new();
        let start = Instant::now();
        let said = client.post(format!("{base}/messages")).bearer_auth(token.trim());
        let said = said.json(&serde_json::json!({"text": "hello"})).send().await.unwrap();
        assert!(said.status().is_success());
        loop {
            let transcript = client.get(format!("{base}/transcript")).bearer_auth(token.trim()).send().await.unwrap();
            if transcript.text().await.unwrap().contains("demo assistant") {
                return start.elapsed();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// One message to a new conversation; how long until its reply.
    pub async fn message(&mut self, text: &str) -> Duration {
        self.message_until(text, "hello").await
    }

    pub async fn message_until(&mut self, text: &str, wanted: &str) -> Duration {
        let person = self.next_person;
        self.next_person += 1;
        assert!(person <= PEOPLE);
        tokio::time::timeout(Duration::from_secs(30), self.telegram.ask(person, text, wanted)).await.expect("no reply")
    }

    /// One message to this person's conversation; how long until its reply.
    pub async fn ask(&self, person: i64, text: &str, wanted: &str) -> Duration {
        assert!(person <= PEOPLE);
        let patience = Duration::from_secs(120);
        tokio::time::timeout(patience, self.telegram.ask(person, text, wanted)).await.expect("no reply")
    }

    pub async fn warm_up(&mut self, messages: usize) {
        for _ in 0..messages {
            self.message("[[text:hello]]").await;
        }
    }

    /// CPU of the gateway, its fork server included.
    pub fn cpu(&self) -> Duration {
        self.own().into_iter().map(process::cpu).sum()
    }

    pub fn runner_cpu(&self) -> Duration {
        process::below(&self.folder().join("data/runs")).into_iter().map(process::cpu).sum()
    }

    /// Memory of the gateway, its fork server included, in kB.
    pub fn pss(&self) -> u64 {
        self.own().into_iter().map(process::pss).sum()
    }

    /// The most memory it ever had resident, in kB.
    pub fn peak(&self) -> u64 {
        process::status(self.child.as_ref().unwrap().id(), "VmHWM")
    }

    /// Descriptors, threads, and children that nobody has asked for their end.
    pub fn resources(&self) -> (usize, u64, usize) {
        let pid = self.child.as_ref().unwrap().id();
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
        (descriptors, process::status(pid, "Threads"), process::zombies(pid))
    }

    fn own(&self) -> Vec<u32> {
        let pid = self.child.as_ref().unwrap().id();
        let mut own = vec![pid];
        own.extend(process::children(pid));
        own
    }

    /// SIGTERM; how long until it is gone.
    pub async fn terminate(&mut self) -> Duration {
        let mut child = self.child.take().unwrap();
        let start = Instant::now();
        assert!(Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap().success());
        let took = tokio::task::spawn_blocking(move || {
            child.wait().unwrap();
            start.elapsed()
        });
        let took = took.await.unwrap();
        self.end_runs();
        took
    }

    pub fn kill(&mut self) {
        self.kill_alone();
        self.end_runs();
    }

    /// Kills it; its assistants go on.
    pub fn kill_alone(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn spawn(&mut self) {
        let log = std::fs::File::create(self.folder().join("gateway.log")).unwrap();
        let child = Command::new(program())
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask bench` builds it", program().display()));
        self.child = Some(child);
    }

    fn end_runs(&self) {
        for pid in process::below(&self.folder().join("data/runs")) {
            let _ = Command::new("kill").arg("-TERM").arg(pid.to_string()).stderr(Stdio::null()).status();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        self.end_runs();
    }
}
