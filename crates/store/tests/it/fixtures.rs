//! Rows with everything filled in.

use std::collections::BTreeMap;

use adjutant_core::approval::{Approval, ApprovalState};
use adjutant_core::assistant::{PermissionDetail, PermissionRequest, SpoolOffset, ToolTitle};
use adjutant_core::codebase::{Codebase, RegisteredCommand};
use adjutant_core::id::{ApprovalId, CodebaseId, ConversationId, InboundSeq, PartId, RunId, SessionId, TurnId};
use adjutant_core::kind::{AssistantKind, PlatformKind};
use adjutant_core::message::{
    Author, ConversationKey, DeliveryId, InboundContent, InboundMessage, IncomingFile, MessageRef, Sender,
};
use adjutant_core::platform::Part;
use adjutant_core::session::{Session, SessionMetadata};
use adjutant_core::turn::{Turn, TurnState};
use adjutant_store::change::{Change, NewPart};
use adjutant_store::record::{Accepted, InboundState, Lane, PartKind, PartState, Run};
use adjutant_store::store::Store;
use chrono::{DateTime, TimeZone, Utc};

/// A round moment, in whole microseconds as both databases keep it.
pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).single().expect("a time") + chrono::Duration::microseconds(123_456)
}

pub fn sender() -> Sender {
    Sender { id: "1001".to_owned(), name: "Ada".to_owned() }
}

pub fn message(key: &str, delivery: &str, text: &str) -> InboundMessage {
    InboundMessage {
        platform: PlatformKind::Telegram,
        delivery: DeliveryId(delivery.to_owned()),
        conversation: ConversationKey(key.to_owned()),
        sender: sender(),
        message: Some(MessageRef("42".to_owned())),
        sent_at: noon(),
        content: InboundContent::Text {
            text: text.to_owned(),
            quote: Some("quoted".to_owned()),
            quoted: Some("Ben".to_owned()),
            author: Author::Person("1002".to_owned()),
            files: vec![IncomingFile { name: "a.png".to_owned(), reference: "file-1".to_owned(), size: Some(7) }],
        },
    }
}

/// One accepted message of a new conversation, and its lane.
pub async fn accept(store: &Store, key: &str, delivery: &str, text: &str) -> (Accepted, Lane) {
    let accepted = store.accept(vec![message(key, delivery, text)]).await.expect("accepted").remove(0);
    let lane = accepted.lane.expect("the lane is ours");
    (accepted, lane)
}

pub fn codebase(name: &str) -> Codebase {
    let command = RegisteredCommand { path: ".claude/commands/plan.md".to_owned(), description: "Plan".to_owned() };
    Codebase {
        id: CodebaseId::generate(),
        name: name.to_owned(),
        repository_url: Some(format!("https://example.com/{name}.git")),
        default_cwd: format!("/workspace/{name}"),
        assistant: Some(AssistantKind::Claude),
        commands: BTreeMap::from([("plan".to_owned(), command)]),
        trusted: true,
        created_at: noon(),
        updated_at: noon(),
    }
}

pub fn session(conversation: ConversationId) -> Session {
    Session {
        id: SessionId::generate(),
        conversation,
        codebase: None,
        assistant: AssistantKind::Claude,
        assistant_session_id: None,
        active: true,
        metadata: SessionMetadata::default(),
        predecessor: None,
        started_at: noon(),
        ended_at: None,
        end_reason: None,
    }
}

pub fn run(session: &Session) -> Run {
    Run {
        id: RunId::generate(),
        conversation: session.conversation,
        session: session.id,
        assistant: session.assistant,
        offset: SpoolOffset(0),
        started_at: noon(),
        ended_at: None,
    }
}

pub fn turn(run: &Run, inbound: InboundSeq) -> Turn {
    Turn {
        id: TurnId::generate(),
        conversation: run.conversation,
        session: run.session,
        run: run.id,
        inbound,
        command: Some("plan".to_owned()),
        state: TurnState::Running,
        spool_start: SpoolOffset(7),
        started_at: noon(),
        ended_at: None,
    }
}

pub fn approval(id: ApprovalId, turn: &Turn, part: PartId, detail: &str) -> Approval {
    Approval {
        id,
        conversation: turn.conversation,
        turn: turn.id,
        run: turn.run,
        request: PermissionRequest {
            request: "req-1".to_owned(),
            title: ToolTitle { tool: "Edit".to_owned(), detail: "src/main.rs".to_owned() },
            detail: PermissionDetail::Diff { path: "src/main.rs".to_owned(), diff: detail.to_owned() },
            raw: format!("{{\"input\":\"{detail}\"}}"),
        },
        state: ApprovalState::Open,
        part,
        created_at: noon(),
        expires_at: noon() + chrono::Duration::hours(1),
        awaits: None,
    }
}

pub fn part(conversation: Option<ConversationId>, kind: PartKind, text: &str, state: PartState) -> NewPart {
    NewPart {
        id: PartId::generate(),
        platform: PlatformKind::Telegram,
        to: ConversationKey("chat".to_owned()),
        conversation,
        turn: None,
        kind,
        part: Part::text(text),
        state,
        at: noon(),
    }
}

/// A conversation with a running turn.
pub struct Running {
    pub lane: Lane,
    pub session: Session,
    pub run: Run,
    pub turn: Turn,
}

impl Running {
    pub async fn start(store: &Store, key: &str) -> Self {
        let (accepted, lane) = accept(store, key, &format!("start-{key}"), "Hello").await;
        let session = session(accepted.conversation);
        let run = run(&session);
        let seq = accepted.seq.expect("a new message");
        let turn = turn(&run, seq);
        let changes = vec![
            Change::StartSession(session.clone()),
            Change::StartRun(run.clone()),
            Change::StartTurn(turn.clone()),
            Change::SetInbound { seq, state: InboundState::Running, at: noon() },
            Change::Due { conversation: accepted.conversation, at: None },
        ];
        store.commit(Some(lane), changes).await.expect("the turn starts");
        Self { lane, session, run, turn }
    }

    pub fn reply(&self, ordinal: u32, text: &str, state: PartState) -> NewPart {
        let mut part = part(Some(self.turn.conversation), PartKind::Reply, text, state);
        part.turn = Some((self.turn.id, ordinal));
        part
    }

    pub fn end(&self) -> Change {
        Change::EndTurn { id: self.turn.id, state: TurnState::Completed, failure: None, at: noon() }
    }
}
