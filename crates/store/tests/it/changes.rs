//! All or nothing, and only from the right state.

use adjutant_core::approval::ApprovalState;
use adjutant_core::assistant::{Answer, PermissionDetail};
use adjutant_core::id::{PartId, SessionId};
use adjutant_core::message::MessageRef;
use adjutant_core::session::{EndReason, SessionMetadata};
use adjutant_store::change::Change;
use adjutant_store::error::StoreError;
use adjutant_store::record::{InboundState, PartKind, PartState};

use crate::database::Database;
use crate::fixtures::{Running, accept, approval, message, noon, part, session, turn};

on_both!(
    a_change_that_finds_nothing_rolls_the_whole_commit_back,
    only_one_session_of_a_conversation_is_active,
    only_one_turn_of_a_conversation_runs,
    what_has_ended_cannot_end_again,
    an_approval_is_settled_once,
    approval_numbers_are_never_given_twice,
    a_snapshot_has_the_approvals_of_its_running_turn,
    a_handled_message_is_not_handled_again,
);

async fn a_change_that_finds_nothing_rolls_the_whole_commit_back(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let reply = running.reply(0, "text", PartState::Pending);
    let changes = vec![Change::PutPart(reply.clone()), running.end(), Change::Sending { id: PartId::generate() }];
    let error = store.commit(Some(running.lane), changes).await.expect_err("there is no such part");
    assert_eq!(error, StoreError::Stale { what: "part" });
    assert_eq!(store.part(reply.id).await.expect("a look"), None);
    assert!(store.snapshot(running.turn.conversation).await.expect("a snapshot").turn.is_some());
}

async fn only_one_session_of_a_conversation_is_active(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    let start = || vec![Change::StartSession(session(accepted.conversation))];
    store.commit(Some(lane), start()).await.expect("the first");
    let error = store.commit(Some(lane), start()).await.expect_err("a second");
    assert_eq!(error, StoreError::Stale { what: "remote_agent_sessions" });
}

async fn only_one_turn_of_a_conversation_runs(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let second = turn(&running.run, running.turn.inbound);
    let error = store.commit(Some(running.lane), vec![Change::StartTurn(second.clone())]).await.expect_err("a second");
    assert_eq!(error, StoreError::Stale { what: "remote_agent_turns" });
    let changes = vec![running.end(), Change::StartTurn(second)];
    store.commit(Some(running.lane), changes).await.expect("one after the other");
}

async fn what_has_ended_cannot_end_again(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let id = running.session.id;
    let ends = [
        running.end(),
        Change::EndRun { id: running.run.id, at: noon() },
        Change::EndSession { id, reason: EndReason::Reset, at: noon() },
    ];
    for end in ends {
        store.commit(Some(running.lane), vec![end.clone()]).await.expect("it ends");
        let error = store.commit(Some(running.lane), vec![end]).await.expect_err("it has ended");
        assert!(matches!(error, StoreError::Stale { .. }), "{error:?}");
    }
    let late = Change::SetSessionMetadata { id, metadata: SessionMetadata::default() };
    store.commit(Some(running.lane), vec![late]).await.expect_err("its phases must not come back");
    let unknown = Change::AnnounceSession { id: SessionId::generate(), assistant_session_id: "x".to_owned() };
    store.commit(Some(running.lane), vec![unknown]).await.expect_err("there is no such session");
}

async fn an_approval_is_settled_once(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let id = store.reserve_approval().await.expect("a number");
    let asked = approval(id, &running.turn, PartId::generate(), "+ line");
    store.commit(Some(running.lane), vec![Change::Ask(asked.clone())]).await.expect("asked");
    assert_eq!(store.find_approval(id).await.expect("a look"), Some(asked.clone()));
    assert_eq!(store.list_open_approvals().await.expect("a list"), [asked]);

    let answer = Answer::Deny { reason: Some("no".to_owned()) };
    let state = ApprovalState::Answered { answer, by: "Ada".to_owned(), at: noon() };
    store.commit(Some(running.lane), vec![Change::Settle { id, state: state.clone() }]).await.expect("settled");
    let settled = store.find_approval(id).await.expect("a look").expect("it is there");
    assert_eq!(settled.state, state);
    assert_eq!(settled.request.detail, PermissionDetail::Other { text: String::new() });
    assert_eq!(settled.request.raw, "");
    assert_eq!(store.list_open_approvals().await.expect("a list"), []);
    for state in [ApprovalState::Expired, ApprovalState::Withdrawn, state, ApprovalState::Open] {
        let error = store.commit(Some(running.lane), vec![Change::Settle { id, state }]).await.expect_err("once");
        assert_eq!(error, StoreError::Stale { what: "approval" });
    }
}

async fn approval_numbers_are_never_given_twice(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let first = store.reserve_approval().await.expect("a number");
    let second = store.reserve_approval().await.expect("a number");
    assert!(first < second);
    let asked = approval(second, &running.turn, PartId::generate(), "+");
    let withdrawn = Change::Settle { id: second, state: ApprovalState::Withdrawn };
    store.commit(Some(running.lane), vec![Change::Ask(asked), withdrawn]).await.expect("asked");
    db.execute("DELETE FROM remote_agent_approvals").await;
    let store = db.reopen(store).await;
    assert!(store.reserve_approval().await.expect("a number") > second);
}

async fn a_snapshot_has_the_approvals_of_its_running_turn(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let (one, two) = (store.reserve_approval().await.expect("one"), store.reserve_approval().await.expect("two"));
    let changes = vec![
        Change::Ask(approval(one, &running.turn, PartId::generate(), "+ one")),
        Change::Ask(approval(two, &running.turn, PartId::generate(), "+ two")),
        Change::Settle { id: one, state: ApprovalState::Expired },
    ];
    store.commit(Some(running.lane), changes).await.expect("asked");
    let snapshot = store.snapshot(running.turn.conversation).await.expect("a snapshot");
    let states: Vec<_> = snapshot.approvals.into_iter().map(|one| (one.id, one.state)).collect();
    assert_eq!(states, [(one, ApprovalState::Expired), (two, ApprovalState::Open)]);

    let changes = vec![Change::Settle { id: two, state: ApprovalState::Withdrawn }, running.end()];
    store.commit(Some(running.lane), changes).await.expect("ended");
    assert!(store.snapshot(running.turn.conversation).await.expect("a snapshot").approvals.is_empty());
}

async fn a_handled_message_is_not_handled_again(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", "Hello").await;
    let seq = accepted.seq.expect("new");
    let set = |state| Change::SetInbound { seq, state, at: noon() };
    store.commit(Some(lane), vec![set(InboundState::Queued), set(InboundState::Running)]).await.expect("moved along");
    store.commit(Some(lane), vec![set(InboundState::Dead)]).await.expect("set aside");
    store.commit(Some(lane), vec![set(InboundState::Received)]).await.expect_err("its text is gone");
    store.accept(vec![message("chat", "d-2", "You")]).await.expect("the next one comes through");
    let notice = part(Some(accepted.conversation), PartKind::Notice, "set aside", PartState::Sending);
    let sent = Change::Sent { id: notice.id, revision: 1, message: MessageRef("7".to_owned()) };
    store.commit(Some(lane), vec![Change::PutPart(notice), sent]).await.expect("told");
}
