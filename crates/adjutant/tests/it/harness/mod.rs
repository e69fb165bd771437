//! [`TestGateway`]: the real binary in a folder of its own, with a fake Telegram and a scripted assistant.
//!
//! A test lets people say things and looks at what was said back. At its end [`TestGateway::finish`] asserts that
//! nothing is left over: no unhandled message, no undelivered part, no refused request, no living process.

mod database;
pub mod processes;
mod programs;
pub mod root;
mod verbs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use adjutant_core::clock::{Clock, ManualClock};
use adjutant_testkit::scripted::{self, Received};
use adjutant_testkit::telegram::FakeTelegram;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

pub use database::Database;
pub use processes::living_under;
pub use programs::{adjutant, real_claude, scripted_assistant};

/// The person on the allow-list, and their private chat.
pub const ANA: i64 = 4_001;
/// Somebody who is on no list.
pub const STRANGER: i64 = 6_006;
/// A secret that must never be seen anywhere.
pub const PLANTED_KEY: &str = "sk-ant-planted-0123456789abcdef";

/// How long anything may take before a test gives up. Generous: machines are shared and slow.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A gateway under test.
pub struct TestGateway {
    pub telegram: FakeTelegram,
    telegram_clock: ManualClock,
    pub database: Database,
    folder: TempDir,
    environment: BTreeMap<String, String>,
    process: Option<Child>,
    /// How often it was started; each life writes a log of its own.
    lives: u32,
}

/// What differs from test to test.
pub struct Options {
    pub database: Database,
    pub environment: Vec<(&'static str, String)>,
    /// The assistant: by default the scripted one.
    pub claude: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { database: Database::Sqlite, environment: Vec::new(), claude: None }
    }
}

impl TestGateway {
    /// A gateway that runs, with `shop` as its default codebase and Ana on its list.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        let mut gateway = Self::prepare(options).await;
        gateway.launch().await;
        gateway
    }

    /// Everything but the gateway's process.
    pub async fn prepare(options: Options) -> Self {
        let telegram_clock = ManualClock::default();
        let telegram = FakeTelegram::start_with(Clock::Manual(telegram_clock.clone())).await;
        telegram.user(ANA, "Ana");
        telegram.user(STRANGER, "Mallory");
        let folder = TempDir::new().unwrap();
        make_repository(&folder.path().join("workspace/shop"));
        let claude = match options.claude {
            Some(claude) => claude,
            None => scripted_assistant(folder.path()),
        };
        scripted::log_prompts(folder.path(), &folder.path().join("prompts.jsonl")).unwrap();
        let database = options.database.create().await;
        let mut environment = BTreeMap::from([
            ("HOME".to_owned(), folder.path().display().to_string()),
            ("PATH".to_owned(), std::env::var("PATH").unwrap()),
            ("ADJUTANT_DATA_DIR".to_owned(), folder.path().join("data").display().to_string()),
            ("ADJUTANT_TEST_CLOCK".to_owned(), folder.path().join("clock.sock").display().to_string()),
            ("ADJUTANT_ALLOW_ROOT".to_owned(), "true".to_owned()),
            ("WORKSPACE_PATH".to_owned(), folder.path().join("workspace").display().to_string()),
            ("DEFAULT_CODEBASE".to_owned(), "shop".to_owned()),
            ("PORT".to_owned(), "0".to_owned()),
            ("TELEGRAM_BOT_TOKEN".to_owned(), telegram.token().to_owned()),
            ("TELEGRAM_API_URL".to_owned(), telegram.url()),
            ("TELEGRAM_ALLOWED_USERS".to_owned(), ANA.to_string()),
            ("CLAUDE_BIN".to_owned(), claude.display().to_string()),
            ("CLAUDE_API_KEY".to_owned(), PLANTED_KEY.to_owned()),
            // Times are no part of what most tests compare.
            ("REPLY_FOOTER".to_owned(), "false".to_owned()),
            ("RUST_LOG".to_owned(), "debug".to_owned()),
        ]);
        if let Some(url) = database.url() {
            environment.insert("DATABASE_URL".to_owned(), url);
        }
        environment.extend(options.environment.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Self { telegram, telegram_clock, database, folder, environment, process: None, lives: 0 }
    }

    /// The folder everything lies in: `data`, `workspace`, `prompts.jsonl`, one log per life.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// The codebase.
    pub fn shop(&self) -> PathBuf {
        self.folder().join("workspace/shop")
    }

    /// Changes one variable for the next life.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    pub fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    /// Starts the process without waiting for anything.
    pub fn spawn(&mut self) {
        assert!(self.process.is_none(), "the gateway runs already");
        self.lives += 1;
        let log = std::fs::File::create(self.log_path(self.lives)).unwrap();
        let child = Command::new(adjutant())
            .arg("serve")
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.process = Some(child);
    }

    /// Starts the process and waits for its first poll.
    pub async fn launch(&mut self) {
        let before = self.telegram.calls("getUpdates");
        self.spawn();
        let log = self.log_path(self.lives);
        let child = self.process.as_mut().unwrap();
        let started = std::time::Instant::now();
        while self.telegram.calls("getUpdates") == before {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the gateway ended with {status}:\n{}", std::fs::read_to_string(&log).unwrap_or_default());
            }
            assert!(started.elapsed() < PATIENCE, "the gateway does not poll");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The process ends at once, in the middle of whatever it does.
    pub fn kill(&mut self) {
        let mut child = self.process.take().expect("the gateway does not run");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, and its exit code.
    pub async fn terminate(&mut self) -> Option<i32> {
        let mut child = self.process.take().expect("the gateway does not run");
        signal(child.id(), "-TERM");
        let started = std::time::Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            if started.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("the gateway does not end on SIGTERM:\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("the gateway does not run").id()
    }

    /// Everything the lives so far wrote to their logs.
    pub fn log(&self) -> String {
        (1..=self.lives).map(|life| std::fs::read_to_string(self.log_path(life)).unwrap_or_default()).collect()
    }

    /// Every prompt that reached a scripted assistant, in order.
    pub fn prompts(&self) -> Vec<Received> {
        scripted::received(&self.folder().join("prompts.jsonl")).unwrap()
    }

    /// Moves the gateway's clock forward, and Telegram's with it.
    pub async fn advance(&self, by: Duration) {
        self.telegram_clock.advance(by);
        let stream = tokio::net::UnixStream::connect(self.folder().join("clock.sock")).await.unwrap();
        let (read, mut write) = stream.into_split();
        write.write_all(format!("advance {}\n", by.as_millis()).as_bytes()).await.unwrap();
        let answer = BufReader::new(read).lines().next_line().await.unwrap();
        assert_eq!(answer.as_deref(), Some("ok"));
    }

    /// Waits until something is so.
    pub async fn until(&self, what: &str, mut so: impl FnMut() -> bool) {
        let started = std::time::Instant::now();
        while !so() {
            assert!(started.elapsed() < PATIENCE, "waited in vain for: {what}\n{}", self.story());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until a query gives this number.
    pub async fn until_number(&self, query: &'static str, wanted: i64) {
        let started = std::time::Instant::now();
        while self.database.number(&self.data_dir(), query).await != wanted {
            assert!(started.elapsed() < PATIENCE, "never {wanted}: {query}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until so many prompts have reached the assistant; gives up only when nothing moves any more.
    pub async fn until_prompted(&self, wanted: usize) {
        let (mut seen, mut since) = (0, std::time::Instant::now());
        while seen < wanted {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let now = self.prompts().len();
            if now > seen {
                (seen, since) = (now, std::time::Instant::now());
            }
            assert!(since.elapsed() < PATIENCE, "stuck at {seen} of {wanted} prompts\n{}", self.log());
        }
    }

    /// Waits until Ana sees this text, in a message or in what is still being written, and gives the last such text.
    pub async fn until_said(&self, text: &str) -> String {
        let seen = |fake: &FakeTelegram| {
            let said = fake.texts(ANA).into_iter().rev().find(|said| said.contains(text));
            said.or_else(|| fake.draft(ANA).filter(|draft| draft.contains(text)))
        };
        self.telegram.wait_until(text, seen).await
    }

    /// Waits until Ana sees the assistant write these words; the message comes later.
    pub async fn until_drafted(&self, text: &str) {
        self.telegram.wait_for_draft(ANA, text).await;
    }

    /// Gives a chat a directory of its own, as an allowed person who is in it: Ana, or whose private chat it is.
    pub async fn set_directory(&self, chat: i64, name: &str) {
        make_repository(&self.folder().join("workspace").join(name));
        let person = if chat > 0 { chat } else { ANA };
        self.telegram.says(chat, person, &format!("/setcwd@adjutant_test_bot {name}"));
        self.telegram
            .wait_for(chat, |messages| messages.iter().any(|m| m.text.contains("Working directory set")))
            .await;
    }

    /// Ana's chat and the log, for a failed assertion.
    pub fn story(&self) -> String {
        format!("--- chat\n{}\n--- log\n{}", self.telegram.transcript(ANA), self.log())
    }

    /// Ends the gateway and asserts that nothing is left over.
    pub async fn finish(mut self) {
        if self.process.is_some() {
            self.until_settled().await;
            assert_eq!(self.terminate().await, Some(0), "{}", self.story());
        }
        // After a restart the last edit is repeated where its answer was not recorded; Telegram refuses a text that
        // is the same, which counts as success.
        let mut refused = self.telegram.take_unexpected();
        refused.retain(|request| self.lives < 2 || !request.contains("message is not modified"));
        assert_eq!(refused, Vec::<String>::new(), "{}", self.story());
        self.database.assert_nothing_left(&self.data_dir()).await;
        self.end_runs();
        assert_eq!(living_under(self.folder()), Vec::<String>::new());
    }

    /// Waits until every message is handled and every part delivered.
    pub async fn until_settled(&self) {
        let started = std::time::Instant::now();
        loop {
            let open = self.database.unsettled(&self.data_dir()).await;
            if open == 0 {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{open} rows are not settled\n{}", self.story());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Idle processes are kept for the next message; at the end of a test there is none.
    fn end_runs(&self) {
        let started = std::time::Instant::now();
        while !living_under(self.folder()).is_empty() && started.elapsed() < PATIENCE {
            for pid in processes::pids_under(&self.data_dir().join("runs")) {
                signal(pid, "-TERM");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn log_path(&self, life: u32) -> PathBuf {
        self.folder().join(format!("gateway-{life}.log"))
    }
}

impl Drop for TestGateway {
    fn drop(&mut self) {
        if let Some(mut child) = self.process.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        for pid in processes::pids_under(self.folder()) {
            signal(pid, "-KILL");
        }
    }
}

/// Sends a signal to a process that a test started.
pub fn signal(pid: u32, signal: &str) {
    let _ = Command::new("kill").arg(signal).arg(pid.to_string()).stderr(Stdio::null()).status();
}

/// A repository with one commit.
pub fn make_repository(path: &Path) {
    std::fs::create_dir_all(path).unwrap();
    std::fs::write(path.join("README.md"), "# Shop\n").unwrap();
    for arguments in [
        &["init", "-q", "-b", "main"][..],
        &["config", "user.name", "Ana"],
        &["config", "user.email", "ana@example.org"],
        &["add", "."],
        &["commit", "-q", "-m", "First"],
    ] {
        let status = Command::new("git").args(arguments).current_dir(path).status().unwrap();
        assert!(status.success(), "git {arguments:?}");
    }
}
