//! A conversation in which everything is there that sentences speak of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use adjutant_codebases::{GitConfig, Workspace};
use adjutant_core::assistant::PermissionMode;
use adjutant_core::clock::Clock;
use adjutant_core::codebase::{Codebase, RegisteredCommand};
use adjutant_core::conversation::Conversation;
use adjutant_core::id::{CodebaseId, ConversationId, SessionId};
use adjutant_core::kind::{AssistantKind, PlatformKind};
use adjutant_core::mask::Mask;
use adjutant_core::message::{ConversationKey, Sender};
use adjutant_core::session::{Session, SessionMetadata};
use adjutant_orchestrator::assistants::Assistants;
use adjutant_orchestrator::commands::{Call, TurnView};
use adjutant_orchestrator::context::Context;
use adjutant_orchestrator::delivery::Delivery;
use adjutant_orchestrator::directories::Directories;
use adjutant_orchestrator::live::LiveRuns;
use adjutant_orchestrator::metrics::Metrics;
use adjutant_orchestrator::people::People;
use adjutant_orchestrator::settings::{Settings, Watchdogs};
use adjutant_orchestrator::slots::Slots;
use adjutant_orchestrator::uploads::Uploads;
use adjutant_store::store::{Store, StoreOptions};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::delivery_fakes::{FakePlatform, capabilities};

/// The folder that all of it lies in, and what commands see.
pub struct Stage {
    _folder: tempfile::TempDir,
    pub call: Call,
}

/// Noon of some day.
pub fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).expect("a time")
}

/// The codebase, with a command.
pub fn shop(folder: &std::path::Path) -> Codebase {
    let plan = RegisteredCommand { path: ".claude/commands/plan.md".to_owned(), description: "Plan it".to_owned() };
    Codebase {
        id: CodebaseId(Uuid::from_u128(0xabc123)),
        name: "shop".to_owned(),
        repository_url: Some("https://example.org/ana/shop".to_owned()),
        default_cwd: folder.join("workspace/shop").to_string_lossy().into_owned(),
        assistant: None,
        commands: BTreeMap::from([("plan".to_owned(), plan)]),
        trusted: false,
        created_at: noon(),
        updated_at: noon(),
    }
}

/// A session of two hours ago with 14 turns.
pub fn session() -> Session {
    Session {
        id: SessionId(Uuid::from_u128(7)),
        conversation: ConversationId(Uuid::from_u128(1)),
        codebase: None,
        assistant: AssistantKind::Claude,
        assistant_session_id: None,
        active: true,
        metadata: SessionMetadata {
            last_command: Some("plan".to_owned()),
            phases: BTreeMap::new(),
            tainted: false,
            turns: 14,
        },
        predecessor: None,
        started_at: noon() - chrono::Duration::hours(2),
        ended_at: None,
        end_reason: None,
    }
}

/// A turn of half a minute ago.
pub fn turn() -> TurnView {
    TurnView {
        title: "add dark mode".to_owned(),
        since: noon() - chrono::Duration::seconds(34),
        tool: Some("Bash: `npm test`".to_owned()),
        waits_for_approval: false,
    }
}

impl Stage {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a folder");
        std::fs::create_dir_all(root.join("workspace/shop/api")).expect("folders");
        std::fs::create_dir_all(root.join("workspace/shop/.git")).expect("folders");
        std::fs::write(root.join("workspace/shop/.git/HEAD"), "ref: refs/heads/main\n").expect("a branch");
        let codebase = shop(&root);
        let platform = Arc::new(FakePlatform::new(capabilities()));
        let conversation = Conversation {
            id: ConversationId(Uuid::from_u128(1)),
            platform: PlatformKind::Telegram,
            key: ConversationKey("4001".to_owned()),
            codebase: Some(codebase.id),
            cwd: Some(format!("{}/api", codebase.default_cwd)),
            assistant: None,
            mode: None,
            model: None,
            created_at: noon(),
            updated_at: noon(),
        };
        let call = Call {
            context: Arc::new(context(&root, &platform).await),
            platform,
            conversation,
            codebase: Some(codebase),
            session: Some(session()),
            model: Some("opus".to_owned()),
            turn: None,
            hold: None,
            queue: Vec::new(),
            approvals: Vec::new(),
            sender: Sender { id: "4001".to_owned(), name: "Ana".to_owned() },
            now: noon(),
            progress: Arc::new(|_| {}),
        };
        Self { _folder: folder, call }
    }
}

async fn context(root: &std::path::Path, platform: &Arc<FakePlatform>) -> Context {
    let url = format!("sqlite://{}", root.join("store.db").display());
    let options = StoreOptions { url, node: "node".to_owned(), clock: Clock::System, readers: 1 };
    let store = Store::open(options).await.expect("a store");
    store.migrate().await.expect("a schema");
    let (delivery, _) = Delivery::new(Arc::new(store.clone()), vec![platform.clone()], Clock::System, Mask::default());
    Context {
        store,
        delivery,
        platforms: BTreeMap::new(),
        assistants: Assistants::new(Vec::new(), None, None, Clock::System),
        samples: BTreeMap::new(),
        workspace: Workspace::new(&root.join("workspace"), GitConfig::default()).expect("a workspace"),
        uploads: Uploads::new(root.join("uploads"), None),
        outgoing: Uploads::new(root.join("outgoing"), None),
        clock: Clock::System,
        mask: Mask::default(),
        people: People::new(&BTreeMap::new(), 120),
        metrics: Metrics::new(),
        slots: Slots::new(10),
        directories: Directories::default(),
        live: LiveRuns::new(6),
        recovering: AtomicBool::new(false),
        default_codebase: std::sync::OnceLock::new(),
        recording: tokio::sync::Mutex::default(),
        settings: settings(),
    }
}

fn settings() -> Settings {
    Settings {
        default_assistant: None,
        default_codebase: None,
        max_turns: 10,
        max_live: 6,
        idle: Duration::from_secs(300),
        turn_max: Duration::from_secs(7200),
        permission_mode: PermissionMode::Ask,
        trust_allowed: false,
        per_codebase: BTreeMap::new(),
        queue_limit: 20,
        messages_per_hour: 120,
        fresh_context_pairs: Vec::new(),
        environment: Vec::new(),
        platforms: BTreeMap::new(),
        footer: true,
        watchdogs: Watchdogs::default(),
        shared_store: false,
    }
}
