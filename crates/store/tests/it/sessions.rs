//! Codebases, sessions, runs, turns and usage come back as they were written.

use std::collections::BTreeMap;

use adjutant_core::approval::ApprovalState;
use adjutant_core::assistant::{SpoolOffset, Usage};
use adjutant_core::conversation::ReplyMode;
use adjutant_core::id::{PartId, RunId};
use adjutant_core::kind::{AssistantKind, PlatformKind};
use adjutant_core::session::{EndReason, SessionMetadata};
use adjutant_core::turn::TurnState;
use adjutant_store::change::Change;
use adjutant_store::record::{InboundState, UsageRow};
use adjutant_store::store::CodebaseLookup;
use chrono::Duration;

use crate::database::Database;
use crate::fixtures::{Running, accept, approval, codebase, noon, run, session};

on_both!(
    a_codebase_is_found_by_everything_it_is_known_by,
    a_codebase_that_is_forgotten_leaves_its_conversations_unbound,
    a_conversation_keeps_its_binding_assistant_and_mode,
    a_snapshot_has_the_session_its_run_and_the_running_turn,
    sessions_are_listed_newest_first_and_keep_their_end,
    a_session_keeps_its_number_and_can_be_gone_back_to,
    a_session_that_is_forgotten_keeps_its_number_alone,
    a_conversation_chooses_a_model_and_takes_it_back,
    usage_of_a_codebase_is_its_own,
    a_run_never_goes_back_in_its_spool,
    a_turn_moves_to_another_run_and_ends,
    usage_is_summed_and_unknown_cost_counted,
    conversations_are_listed_in_pages,
);

async fn a_codebase_is_found_by_everything_it_is_known_by(db: Database) {
    let store = db.open().await;
    let (mut one, two) = (codebase("one"), codebase("two"));
    store.commit(None, vec![Change::PutCodebase(one.clone()), Change::PutCodebase(two.clone())]).await.expect("put");
    one.trusted = false;
    one.assistant = None;
    one.updated_at = noon() + Duration::hours(1);
    store.commit(None, vec![Change::PutCodebase(one.clone())]).await.expect("replaced");

    assert_eq!(store.list_codebases().await.expect("a list"), [one.clone(), two]);
    let short = one.id.short();
    let lookups = [
        CodebaseLookup::Id(one.id),
        CodebaseLookup::Name("one"),
        CodebaseLookup::ShortId(&short),
        CodebaseLookup::ShortId(&short["codebase_".len()..]),
        CodebaseLookup::Url("https://example.com/one.git"),
        CodebaseLookup::Path("/workspace/one"),
    ];
    for by in lookups {
        assert_eq!(store.find_codebase(by).await.expect("a look"), Some(one.clone()), "{by:?}");
    }
    for by in [CodebaseLookup::Name("three"), CodebaseLookup::ShortId("codebase_"), CodebaseLookup::Path("/")] {
        assert_eq!(store.find_codebase(by).await.expect("a look"), None, "{by:?}");
    }
}

async fn a_codebase_that_is_forgotten_leaves_its_conversations_unbound(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    let base = codebase("one");
    let mut bound = session(accepted.conversation);
    bound.codebase = Some(base.id);
    let cwd = Some("/workspace/one".to_owned());
    let bind = Change::Bind { conversation: accepted.conversation, codebase: Some(base.id), cwd };
    let changes = vec![Change::PutCodebase(base.clone()), bind, Change::StartSession(bound)];
    store.commit(Some(lane), changes).await.expect("bound");
    store.commit(None, vec![Change::DropCodebase { id: base.id }]).await.expect("forgotten");
    let snapshot = store.snapshot(accepted.conversation).await.expect("a snapshot");
    assert_eq!((snapshot.conversation.codebase, snapshot.conversation.cwd), (None, None));
    assert_eq!(snapshot.session.expect("it goes on").codebase, None);
    assert_eq!(store.list_codebases().await.expect("a list"), []);
}

async fn a_conversation_keeps_its_binding_assistant_and_mode(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    let conversation = accepted.conversation;
    let base = codebase("one");
    let cwd = Some("/workspace/one/sub".to_owned());
    let changes = vec![
        Change::PutCodebase(base.clone()),
        Change::Bind { conversation, codebase: Some(base.id), cwd: cwd.clone() },
        Change::ChooseAssistant { conversation, assistant: Some(AssistantKind::Demo) },
        Change::ChooseMode { conversation, mode: Some(ReplyMode::Quiet) },
    ];
    store.commit(Some(lane), changes).await.expect("set");
    let snapshot = store.snapshot(conversation).await.expect("a snapshot");
    assert_eq!(snapshot.codebase, Some(base));
    assert_eq!(snapshot.conversation.cwd, cwd);
    assert_eq!(snapshot.conversation.assistant, Some(AssistantKind::Demo));
    assert_eq!(snapshot.conversation.mode, Some(ReplyMode::Quiet));
}

async fn a_snapshot_has_the_session_its_run_and_the_running_turn(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let id = running.session.id;
    let metadata = SessionMetadata {
        last_command: Some("plan".to_owned()),
        phases: BTreeMap::from([("PLAN".to_owned(), "Do it\0 \"now\"".to_owned())]),
        tainted: true,
        turns: 3,
    };
    let changes = vec![
        Change::AnnounceSession { id, assistant_session_id: "claude-1".to_owned() },
        Change::SetSessionMetadata { id, metadata: metadata.clone() },
    ];
    store.commit(Some(running.lane), changes).await.expect("set");

    let snapshot = store.snapshot(running.turn.conversation).await.expect("a snapshot");
    let session = snapshot.session.expect("a session");
    assert_eq!(session.assistant_session_id.as_deref(), Some("claude-1"));
    assert_eq!(session.metadata.phases["PLAN"], "Do it \"now\"");
    assert_eq!((session.metadata.last_command, session.metadata.turns), (metadata.last_command, 3));
    assert_eq!(snapshot.run, Some(running.run.clone()));
    assert_eq!(snapshot.turn, Some(running.turn.clone()));
    assert_eq!(snapshot.inbound[0].state, InboundState::Running);
    assert_eq!(store.list_live_runs().await.expect("a list"), [running.run]);
}

async fn sessions_are_listed_newest_first_and_keep_their_end(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    let first = session(accepted.conversation);
    let mut second = session(accepted.conversation);
    second.predecessor = Some(first.id);
    let changes = vec![
        Change::StartSession(first.clone()),
        Change::EndSession { id: first.id, reason: EndReason::FreshContext, at: noon() },
        Change::StartSession(second.clone()),
    ];
    store.commit(Some(lane), changes).await.expect("replaced");
    let sessions = store.list_sessions(accepted.conversation, 10).await.expect("a list");
    assert_eq!(sessions[0], second);
    assert_eq!(sessions[1].id, first.id);
    assert!(!sessions[1].active);
    assert_eq!((sessions[1].ended_at, sessions[1].end_reason), (Some(noon()), Some(EndReason::FreshContext)));
    assert_eq!(store.session(second.id).await.expect("a look"), Some(second));
    assert_eq!(store.list_sessions(accepted.conversation, 1).await.expect("a list").len(), 1);
}

async fn a_session_keeps_its_number_and_can_be_gone_back_to(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    let (first, second) = (session(accepted.conversation), session(accepted.conversation));
    let changes = vec![
        Change::StartSession(first.clone()),
        Change::EndSession { id: first.id, reason: EndReason::Reset, at: noon() },
        Change::StartSession(second.clone()),
    ];
    store.commit(Some(lane), changes).await.expect("begun");
    let both_active = store.commit(Some(lane), vec![Change::ResumeSession { id: first.id }]).await;
    both_active.expect_err("one active session per conversation");
    let changes = vec![
        Change::EndSession { id: second.id, reason: EndReason::Resumed, at: noon() },
        Change::ResumeSession { id: first.id },
    ];
    store.commit(Some(lane), changes).await.expect("resumed");
    assert_eq!(store.count_sessions(accepted.conversation).await.expect("a count"), 2);
    let nth = |number| store.nth_session(accepted.conversation, number);
    let (one, two) = (nth(1).await.expect("a look").expect("one"), nth(2).await.expect("a look").expect("two"));
    assert_eq!((one.id, one.active, one.ended_at, one.end_reason), (first.id, true, None, None));
    assert_eq!((two.id, two.active, two.end_reason), (second.id, false, Some(EndReason::Resumed)));
    assert_eq!(nth(0).await.expect("a look"), None);
    assert_eq!(nth(3).await.expect("a look"), None);
    let snapshot = store.snapshot(accepted.conversation).await.expect("a snapshot");
    assert_eq!(snapshot.session.map(|session| session.id), Some(first.id));
}

async fn a_session_that_is_forgotten_keeps_its_number_alone(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let (id, conversation) = (running.session.id, running.turn.conversation);
    let announced = "0198d0a0-0000-7000-8000-000000000001".to_owned();
    let metadata = SessionMetadata { last_command: Some("plan".to_owned()), turns: 3, ..SessionMetadata::default() };
    let approval = approval(store.reserve_approval().await.expect("a number"), &running.turn, PartId::generate(), "x");
    let settle = Change::Settle { id: approval.id, state: ApprovalState::Withdrawn };
    let changes = vec![
        Change::AnnounceSession { id, assistant_session_id: announced },
        Change::SetSessionMetadata { id, metadata },
        Change::Ask(approval.clone()),
        settle,
        running.end(),
        Change::ForgetSession { id, at: noon() },
    ];
    store.commit(Some(running.lane), changes).await.expect("forgotten");
    // A deletion that was cut off is repeated.
    let again = vec![Change::ForgetSession { id, at: noon() + Duration::hours(1) }];
    store.commit(Some(running.lane), again).await.expect("forgotten again");
    let left = store.nth_session(conversation, 1).await.expect("a look").expect("its number");
    assert!(left.is_forgotten() && !left.active);
    assert_eq!((left.ended_at, left.assistant_session_id), (Some(noon()), None));
    assert_eq!(left.metadata, SessionMetadata::default());
    assert_eq!(store.find_approval(approval.id).await.expect("a look"), None);
    assert_eq!(store.list_runs_of(id).await.expect("a list").len(), 1);
    let next = session(conversation);
    store.commit(Some(running.lane), vec![Change::StartSession(next.clone())]).await.expect("begun");
    let second = store.nth_session(conversation, 2).await.expect("a look").expect("the next");
    assert_eq!(second.id, next.id);
}

async fn a_conversation_chooses_a_model_and_takes_it_back(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    let conversation = accepted.conversation;
    for model in [Some("opus".to_owned()), None] {
        store
            .commit(Some(lane), vec![Change::ChooseModel { conversation, model: model.clone() }])
            .await
            .expect("chosen");
        assert_eq!(store.snapshot(conversation).await.expect("a snapshot").conversation.model, model);
    }
}

async fn usage_of_a_codebase_is_its_own(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let shop = codebase("shop");
    let row = UsageRow {
        turn: running.turn.id,
        session: running.session.id,
        conversation: running.turn.conversation,
        codebase: Some(shop.id),
        assistant: AssistantKind::Claude,
        model: None,
        usage: Usage { input_tokens: None, output_tokens: None, cost_usd: None },
        duration_ms: 1,
        at: noon(),
    };
    store.commit(Some(running.lane), vec![Change::AddUsage(row)]).await.expect("added");
    let sum = store.usage_of_codebase(shop.id, noon()).await.expect("a sum");
    assert_eq!((sum.turns, sum.unknown_cost, sum.unknown_tokens), (1, 1, 1));
    let other = store.usage_of_codebase(codebase("other").id, noon()).await.expect("a sum");
    assert_eq!(other.turns, 0);
}

async fn a_run_never_goes_back_in_its_spool(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let id = running.run.id;
    for offset in [500, 20, 300] {
        let advance = Change::AdvanceRun { id, offset: SpoolOffset(offset) };
        store.commit(Some(running.lane), vec![advance]).await.expect("advanced");
    }
    let run = store.snapshot(running.turn.conversation).await.expect("a snapshot").run.expect("a run");
    assert_eq!(run.offset, SpoolOffset(500));
    store.commit(Some(running.lane), vec![Change::EndRun { id, at: noon() }]).await.expect("ended");
    assert_eq!(store.snapshot(running.turn.conversation).await.expect("a snapshot").run, None);
    assert_eq!(store.list_live_runs().await.expect("a list"), []);
}

async fn a_turn_moves_to_another_run_and_ends(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let other = run(&running.session);
    let id = running.turn.id;
    let changes = vec![
        Change::EndRun { id: running.run.id, at: noon() },
        Change::StartRun(other.clone()),
        Change::MoveTurn { id, run: other.id, spool_start: SpoolOffset(11) },
    ];
    store.commit(Some(running.lane), changes).await.expect("moved");
    let turn = store.snapshot(running.turn.conversation).await.expect("a snapshot").turn.expect("it runs");
    assert_eq!((turn.run, turn.spool_start), (other.id, SpoolOffset(11)));

    let failure = Some("crashed".to_owned());
    let end = Change::EndTurn { id, state: TurnState::Failed, failure, at: noon() };
    store.commit(Some(running.lane), vec![end]).await.expect("ended");
    assert_eq!(store.snapshot(running.turn.conversation).await.expect("a snapshot").turn, None);
    let late = Change::MoveTurn { id, run: RunId::generate(), spool_start: SpoolOffset(0) };
    store.commit(Some(running.lane), vec![late]).await.expect_err("it has ended");
}

async fn usage_is_summed_and_unknown_cost_counted(db: Database) {
    let store = db.open().await;
    let (one, two) = (Running::start(&store, "one").await, Running::start(&store, "two").await);
    let usage = |running: &Running, cost_usd, input, at| {
        Change::AddUsage(UsageRow {
            turn: running.turn.id,
            session: running.session.id,
            conversation: running.turn.conversation,
            codebase: None,
            assistant: AssistantKind::Claude,
            model: Some("model".to_owned()),
            usage: Usage { input_tokens: input, output_tokens: Some(5), cost_usd },
            duration_ms: 1200,
            at,
        })
    };
    store.commit(Some(one.lane), vec![usage(&one, Some(9.0), Some(9), noon())]).await.expect("added");
    // The same turn again replaces what was said before.
    store.commit(Some(one.lane), vec![usage(&one, Some(0.25), Some(10), noon())]).await.expect("replaced");
    let later = noon() + Duration::hours(1);
    store.commit(Some(two.lane), vec![usage(&two, None, None, later)]).await.expect("added");

    let all = store.usage_since(None, noon()).await.expect("a sum");
    assert_eq!((all.turns, all.input_tokens, all.output_tokens, all.unknown_cost), (2, 10, 10, 1));
    assert!((all.cost_usd - 0.25).abs() < f64::EPSILON);
    let of_one = store.usage_since(Some(one.turn.conversation), noon()).await.expect("a sum");
    assert_eq!((of_one.turns, of_one.unknown_cost), (1, 0));
    assert_eq!(store.usage_since(None, later).await.expect("a sum").turns, 1);
    assert_eq!(store.usage_since(None, later + Duration::hours(1)).await.expect("a sum").turns, 0);
}

async fn conversations_are_listed_in_pages(db: Database) {
    let store = db.open().await;
    let mut ids = Vec::new();
    for chat in ["a", "b", "c"] {
        ids.push(accept(&store, chat, chat, "Hello").await.0.conversation);
    }
    let page = |after| store.list_conversations(PlatformKind::Telegram, after, 2);
    let first: Vec<_> = page(None).await.expect("a page").into_iter().map(|one| one.id).collect();
    assert_eq!(first, ids[..2]);
    let second: Vec<_> = page(Some(first[1])).await.expect("a page").into_iter().map(|one| one.id).collect();
    assert_eq!(second, ids[2..]);
    assert!(store.list_conversations(PlatformKind::Slack, None, 9).await.expect("a page").is_empty());
}
