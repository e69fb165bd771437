//! A running server with a stub of the gateway, and ways to talk to it.

use std::sync::{Arc, Mutex};

use adjutant_core::approval::{Approval, ApprovalState};
use adjutant_core::assistant::{PermissionDetail, PermissionRequest, ToolTitle};
use adjutant_core::clock::{Clock, ManualClock};
use adjutant_core::codebase::Codebase;
use adjutant_core::error::UserError;
use adjutant_core::id::{ApprovalId, CodebaseId, ConversationId, PartId, RunId, TurnId};
use adjutant_core::intake::{Intake, IntakeClosed};
use adjutant_core::kind::PlatformKind;
use adjutant_core::message::{ConversationKey, InboundMessage};
use adjutant_core::platform::{Part, Platform};
use adjutant_server::engine::{CommandHint, Concurrency, Feature, Overview};
use adjutant_server::standing::Standing;
use adjutant_server::{ApiToken, ConsolePlatform, Engine, EngineError, Server, ServerConfig};
use async_trait::async_trait;
use reqwest::{Client, RequestBuilder, Response};
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running server.
pub struct Stage {
    pub data: TempDir,
    pub console: ConsolePlatform,
    pub gateway: Arc<StubGateway>,
    pub clock: ManualClock,
    pub token: String,
    pub port: u16,
    pub link: String,
    pub shutdown: CancellationToken,
    running: JoinHandle<()>,
}

/// The gateway behind the server: remembers what came in.
#[derive(Default)]
pub struct StubGateway {
    pub received: Mutex<Vec<InboundMessage>>,
    /// Why nothing is accepted, if nothing is.
    pub closed: Mutex<Option<String>>,
    /// Where every message is answered while it is still being accepted.
    pub answers: Mutex<Option<ConsolePlatform>>,
    /// Where every conversation stands.
    pub standing: Mutex<Standing>,
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let clock = ManualClock::default();
        let token = ApiToken::load_or_create(data.path(), None).expect("a token");
        let mut config = ServerConfig::new(data.path().to_owned(), token.clone());
        (config.port, config.clock) = (0, Clock::Manual(clock.clone()));
        change(&mut config);
        let console = ConsolePlatform::new(data.path(), config.clock.clone()).expect("a console");
        let gateway = Arc::new(StubGateway::default());
        let server = Server::bind(config).await.expect("a free port");
        let (port, link) = (server.address().port(), server.login_link());
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(server.run(gateway.clone(), gateway.clone(), console.clone(), shutdown.clone()));
        let token = token.secret().expose_secret().to_owned();
        Self { data, console, gateway, clock, token, port, link, shutdown, running }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Without token or cookie.
    pub fn get(&self, path: &str) -> RequestBuilder {
        client().get(self.url(path))
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        client().post(self.url(path)).header("content-type", "application/json").body(body.to_string())
    }

    pub async fn get_json(&self, path: &str) -> Value {
        let answer = self.get(path).bearer_auth(&self.token).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.expect("json")
    }

    pub async fn say(&self, conversation: &str, body: Value) -> Response {
        let path = format!("/api/v1/conversations/{conversation}/messages");
        self.post(&path, &body).bearer_auth(&self.token).send().await.expect("an answer")
    }

    /// The session cookie that a one-time link leaves.
    pub async fn cookie(&self, link: &str) -> Option<String> {
        let answer = client().get(link).send().await.expect("an answer");
        let cookie = answer.headers().get("set-cookie")?.to_str().expect("text");
        Some(cookie.split(';').next().expect("a pair").to_owned())
    }

    /// Sends bytes as they are, and returns everything that comes back until the server closes.
    pub async fn raw(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.expect("written");
        read_all(stream).await
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.expect("connected")
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        self.running.await.expect("the server ends");
    }
}

pub async fn read_all(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

pub fn client() -> Client {
    Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

pub fn conversation() -> String {
    uuid::Uuid::new_v4().to_string()
}

pub fn key(conversation: &str) -> ConversationKey {
    ConversationKey(conversation.to_owned())
}

/// Checks an error answer and returns its detail.
pub async fn problem(answer: Response, status: u16) -> String {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let body: Value = answer.json().await.expect("json");
    assert_eq!(body["status"], status);
    body["detail"].as_str().expect("a detail").to_owned()
}

#[async_trait]
impl Intake for StubGateway {
    async fn accept(&self, batch: Vec<InboundMessage>) -> Result<(), IntakeClosed> {
        if let Some(reason) = self.closed.lock().expect("lock").clone() {
            return Err(IntakeClosed { reason });
        }
        let answers = self.answers.lock().expect("lock").clone();
        if let Some(console) = answers {
            let to = batch[0].conversation.clone();
            tokio::spawn(async move { console.send(&to, &Part::text("answer")).await });
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        }
        self.received.lock().expect("lock").extend(batch);
        Ok(())
    }
}

#[async_trait]
impl Engine for StubGateway {
    async fn health_db(&self) -> Result<(), EngineError> {
        match self.closed.lock().expect("lock").clone() {
            Some(reason) => Err(EngineError::Away(reason)),
            None => Ok(()),
        }
    }

    fn concurrency(&self) -> Concurrency {
        Concurrency { active: 1, queued: 2, max: 10 }
    }

    fn metrics_text(&self) -> String {
        "# TYPE adjutant_turns counter\nadjutant_turns_total 3\n# EOF\n".to_owned()
    }

    async fn approvals(&self, _conversation: Option<&ConversationKey>) -> Result<Vec<Approval>, EngineError> {
        let clock = Clock::System;
        let title = ToolTitle { tool: "Bash".to_owned(), detail: "cargo test".to_owned() };
        let detail = PermissionDetail::Command { command: "cargo test".to_owned() };
        let request = PermissionRequest { request: "r1".to_owned(), title, detail, raw: "protocol data".to_owned() };
        Ok(vec![Approval {
            id: ApprovalId(7),
            conversation: ConversationId::generate(),
            turn: TurnId::generate(),
            run: RunId::generate(),
            request,
            state: ApprovalState::Open,
            part: PartId::generate(),
            created_at: clock.now(),
            expires_at: clock.now(),
            awaits: None,
        }])
    }

    async fn codebases(&self) -> Result<Vec<Codebase>, EngineError> {
        Ok(vec![Codebase {
            id: CodebaseId::generate(),
            name: "shop".to_owned(),
            repository_url: None,
            default_cwd: "/srv/shop".to_owned(),
            assistant: None,
            commands: [("plan".to_owned(), Default::default())]
                .map(|(name, ()): (String, ())| {
                    let description = "Plan a feature".to_owned();
                    (name, adjutant_core::codebase::RegisteredCommand { path: "plan.md".to_owned(), description })
                })
                .into(),
            trusted: false,
            created_at: Clock::System.now(),
            updated_at: Clock::System.now(),
        }])
    }

    async fn standing(&self, _conversation: &ConversationKey) -> Result<Standing, EngineError> {
        Ok(self.standing.lock().expect("lock").clone())
    }

    async fn allow(&self, code: &str) -> Result<String, EngineError> {
        match code {
            "K7M2" => Ok("Ana (Telegram) is allowed.".to_owned()),
            _ => Err(UserError::new(format!("No pairing code `{code}`."), "Codes work for an hour.").into()),
        }
    }

    async fn pair(&self, platform: PlatformKind) -> Result<String, EngineError> {
        Ok(format!("{} gives pairing codes for ten minutes.", platform.shown()))
    }

    async fn trust(&self, codebase: &str) -> Result<String, EngineError> {
        Ok(format!("`{codebase}` is trusted."))
    }

    fn overview(&self) -> Overview {
        let off = "no login: set `CLAUDE_API_KEY` or log in once with `claude`".to_owned();
        Overview {
            version: "0.1.0".to_owned(),
            database: "sqlite".to_owned(),
            assistant: Some("Demo".to_owned()),
            demo: true,
            assistants: vec![Feature { name: "Claude".to_owned(), on: false, detail: off }],
            platforms: vec![Feature { name: "Console".to_owned(), on: true, detail: String::new() }],
            commands: [
                ("help", "", "All commands"),
                ("status", "", "What runs here"),
                ("stop", "", "Ends the running turn"),
                ("clone", "<url>", "Clones a repository and works in it"),
                ("reset", "", "Starts a fresh session"),
                ("repos", "", "The codebases there are"),
            ]
            .map(|(name, arguments, summary)| CommandHint {
                name: name.to_owned(),
                arguments: arguments.to_owned(),
                summary: summary.to_owned(),
            })
            .into(),
        }
    }
}
