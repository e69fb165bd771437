//! Where a conversation of the console stands, read from the rows.

use adjutant_core::kind::PlatformKind;
use adjutant_core::message::ConversationKey;
use adjutant_core::session::Session;
use adjutant_orchestrator::buttons;
use adjutant_orchestrator::context::Context;
use adjutant_orchestrator::language::parse::{self, Input};
use adjutant_orchestrator::words::one_line;
use adjutant_server::standing::{PastSession, QueuedMessage, SessionStanding, Standing, TurnStanding, UsageStanding};
use adjutant_store::error::StoreError;
use adjutant_store::record::{Inbound, InboundState, Snapshot, UsageSum};
use chrono::{Duration, Timelike};

/// Sessions that are shown.
const SESSIONS: u32 = 20;

/// Characters that are shown of a message.
const TITLE: usize = 120;

/// Reads it.
///
/// # Errors
/// When the store is away.
pub async fn read(context: &Context, key: &ConversationKey) -> Result<Standing, StoreError> {
    let store = &context.store;
    let Some(conversation) = store.find_conversation(PlatformKind::Console, key).await? else {
        return Ok(Standing { settled: true, ..Standing::default() });
    };
    let snapshot = store.snapshot(conversation.id).await?;
    let now = context.clock.now();
    let midnight = now - Duration::seconds(i64::from(now.num_seconds_from_midnight()));
    let today = store.usage_since(Some(conversation.id), midnight).await?;
    let assistant = match &snapshot.session {
        Some(session) => Some(session.assistant),
        None => context.assistants.choose(conversation.assistant, snapshot.codebase.as_ref()).await.ok(),
    };
    let cwd = snapshot.conversation.cwd.as_deref().map(std::path::Path::new);
    Ok(Standing {
        codebase: snapshot.codebase.as_ref().map(|codebase| codebase.name.clone()),
        directory: cwd.and_then(|cwd| context.workspace.shown(cwd)),
        branch: cwd.and_then(|cwd| context.workspace.branch(&context.workspace.tree_of(cwd)?)),
        assistant: assistant.map(|kind| kind.shown().to_owned()),
        session: snapshot.session.as_ref().map(|session| SessionStanding {
            id: session.id.short(),
            started_at: session.started_at,
            turns: session.metadata.turns,
        }),
        turn: turn(&snapshot),
        settled: snapshot.inbound.is_empty() && store.undelivered_of(conversation.id).await?.is_empty(),
        queue: queue(&snapshot),
        today: usage(&today),
        sessions: sessions(context, &snapshot).await?,
    })
}

/// The newest sessions, numbered as `/sessions` does.
async fn sessions(context: &Context, snapshot: &Snapshot) -> Result<Vec<PastSession>, StoreError> {
    let id = snapshot.conversation.id;
    let found = context.store.list_sessions(id, SESSIONS).await?;
    let total = context.store.count_sessions(id).await?;
    let past = |(number, session): (i64, Session)| PastSession {
        number,
        assistant: session.assistant.shown().to_owned(),
        resumable: !session.active && session.assistant_session_id.is_some(),
        command: session.metadata.last_command,
        turns: session.metadata.turns,
        started_at: session.started_at,
        active: session.active,
    };
    Ok((1..=total).rev().zip(found).map(past).collect())
}

fn turn(snapshot: &Snapshot) -> Option<TurnStanding> {
    let turn = snapshot.turn.as_ref()?;
    let prompt = snapshot.inbound.iter().find(|inbound| inbound.seq == turn.inbound);
    let text = prompt.and_then(|inbound| inbound.message.content.text()).unwrap_or_default();
    let open = adjutant_core::approval::ApprovalState::Open;
    Some(TurnStanding {
        title: one_line(text, TITLE),
        started_at: turn.started_at,
        waits_for_approval: snapshot.approvals.iter().any(|approval| approval.state == open),
    })
}

fn queue(snapshot: &Snapshot) -> Vec<QueuedMessage> {
    let waiting = snapshot.inbound.iter().filter(|inbound| inbound.state == InboundState::Queued);
    waiting
        .map(|inbound| QueuedMessage {
            text: one_line(inbound.message.content.text().unwrap_or_default(), TITLE),
            at: inbound.received_at,
            drop: buttons::drop(inbound.seq),
            steer: snapshot.turn.as_ref().filter(|_| is_plain(inbound)).map(|_| buttons::steer(inbound.seq)),
        })
        .collect()
}

/// A command is carried out on its own.
fn is_plain(inbound: &Inbound) -> bool {
    matches!(parse::parse(inbound.message.content.text().unwrap_or_default()), Input::Prompt(_))
}

fn usage(sum: &UsageSum) -> UsageStanding {
    UsageStanding {
        turns: sum.turns,
        tokens: sum.input_tokens + sum.output_tokens,
        cost_usd: sum.cost_usd,
        unknown_cost: sum.unknown_cost,
    }
}
