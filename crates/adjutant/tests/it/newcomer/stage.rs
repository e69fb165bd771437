//! A gateway that nobody has configured: no platform, no assistant, an empty home.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{PATIENCE, adjutant, living_under, signal};

/// The gateway of somebody who has just built it.
pub struct Newcomer {
    folder: TempDir,
    process: Option<Child>,
    lives: u32,
    /// The system's choice in the first life; kept, so that an open page finds the gateway again.
    port: u16,
    environment: Vec<(&'static str, String)>,
}

impl Newcomer {
    pub async fn start() -> Self {
        Self::start_with(Vec::new()).await
    }

    pub async fn start_with(environment: Vec<(&'static str, String)>) -> Self {
        let folder = TempDir::new().unwrap();
        let mut newcomer = Self { folder, process: None, lives: 0, port: 0, environment };
        newcomer.launch().await;
        newcomer
    }

    /// Starts the process and waits for the link it prints.
    pub async fn launch(&mut self) {
        assert!(self.process.is_none(), "the gateway runs already");
        self.lives += 1;
        let log = std::fs::File::create(self.log_path()).unwrap();
        let mut command = self.command("serve");
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(command.spawn().unwrap());
        self.until("the gateway prints its link", |newcomer| newcomer.log().contains("/login?code=")).await;
        self.port = self.link().split(['/', ':']).nth(4).unwrap().parse().unwrap();
    }

    /// The program as a newcomer calls it.
    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(adjutant());
        command
            .arg(verb)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("PORT", self.port.to_string())
            .env("CLAUDE_BIN", self.folder.path().join("nothing-here"))
            .envs(self.environment.iter().map(|(name, value)| (*name, value)))
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// What a verb prints, on both outputs.
    pub fn run(&self, verb: &str) -> String {
        let output = self.command(verb).output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    /// `adjutant chat` with these arguments, and its input and outputs at hand.
    pub fn chat(&self, arguments: &[&str]) -> Child {
        let mut command = self.command("chat");
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    pub fn kill(&mut self) {
        let mut child = self.process.take().expect("the gateway does not run");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub async fn terminate(&mut self) {
        let mut child = self.process.take().expect("the gateway does not run");
        signal(child.id(), "-TERM");
        let mut status = None;
        self.until("the gateway ends", |_| {
            status = child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        assert!(status.unwrap().success(), "{}", self.log());
    }

    /// What this life has printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// The link that this life has printed.
    pub fn link(&self) -> String {
        link_in(&self.log())
    }

    /// The link of `adjutant token`.
    pub fn fresh_link(&self) -> String {
        link_in(&self.run("token"))
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join(".local/share/adjutant")
    }

    /// A file of the sample codebase; empty while it is not there.
    pub fn sample(&self, name: &str) -> String {
        std::fs::read_to_string(self.data_dir().join("workspace/sample").join(name)).unwrap_or_default()
    }

    pub async fn until(&self, what: &str, mut so: impl FnMut(&Self) -> bool) {
        let started = Instant::now();
        while !so(self) {
            assert!(started.elapsed() < PATIENCE, "waited in vain for: {what}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join(format!("gateway-{}.log", self.lives))
    }

    /// The API of this gateway.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let token = std::fs::read_to_string(self.data_dir().join("api-token")).unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.request(method, format!("http://127.0.0.1:{}/api/v1/{path}", self.port)).bearer_auth(token.trim())
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.request(reqwest::Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Posts, as often as it takes until a gateway answers.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let started = Instant::now();
        loop {
            match self.request(reqwest::Method::POST, path).json(body).send().await {
                Ok(answer) => {
                    assert!(answer.status().is_success(), "{path}: {}", answer.status());
                    return answer.json().await.unwrap();
                }
                Err(error) => assert!(started.elapsed() < PATIENCE, "{path}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Newcomer {
    fn drop(&mut self) {
        if let Some(mut child) = self.process.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        // Runners outlive their gateway, as they should.
        for process in living_under(self.folder.path()) {
            let pid = process.split_once(':').and_then(|(pid, _)| pid.parse().ok());
            signal(pid.expect("a process id"), "-KILL");
        }
    }
}

fn link_in(text: &str) -> String {
    text.split_whitespace().find(|word| word.contains("/login?code=")).expect("a link").to_owned()
}
