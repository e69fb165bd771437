//! The privacy promise: no text stays once it has served. Looked for in every column of every table, past the
//! store, and on SQLite in the bytes of the file.

use std::collections::BTreeMap;

use adjutant_core::approval::ApprovalState;
use adjutant_core::assistant::Answer;
use adjutant_core::message::MessageRef;
use adjutant_core::platform::Part;
use adjutant_core::session::{EndReason, SessionMetadata};
use adjutant_store::change::Change;
use adjutant_store::record::{InboundState, PartKind, PartState};

use crate::database::Database;
use crate::fixtures::{Running, accept, approval, noon, part};

const SECRET: &str = "fn_confidential";

on_both!(
    a_handled_message_is_blank,
    the_phases_of_a_replaced_session_are_gone,
    a_delivered_notice_is_blank_and_a_reply_when_told,
    a_question_is_blank_once_it_is_settled_and_shown_so,
    an_answer_keeps_no_reason_when_its_turn_has_ended,
    a_whole_conversation_leaves_no_text,
);

fn sent(id: adjutant_core::id::PartId, revision: i64) -> Change {
    Change::Sent { id, revision, message: MessageRef("9".to_owned()) }
}

async fn a_handled_message_is_blank(db: Database) {
    let store = db.open().await;
    let (accepted, lane) = accept(&store, "chat", "d-1", SECRET).await;
    assert_eq!(db.places_of(SECRET).await, ["remote_agent_inbound.content"]);
    let done = Change::SetInbound { seq: accepted.seq.expect("new"), state: InboundState::Done, at: noon() };
    store.commit(Some(lane), vec![done]).await.expect("handled");
    assert!(db.places_of(SECRET).await.is_empty());
    assert!(db.places_of("quoted").await.is_empty());
}

async fn the_phases_of_a_replaced_session_are_gone(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let id = running.session.id;
    let metadata = SessionMetadata {
        last_command: Some("plan".to_owned()),
        phases: BTreeMap::from([("PLAN".to_owned(), SECRET.to_owned())]),
        tainted: false,
        turns: 1,
    };
    store.commit(Some(running.lane), vec![Change::SetSessionMetadata { id, metadata }]).await.expect("set");
    assert_eq!(db.places_of(SECRET).await, ["remote_agent_sessions.metadata"]);
    let end = Change::EndSession { id, reason: EndReason::FreshContext, at: noon() };
    store.commit(Some(running.lane), vec![end]).await.expect("ended");
    assert!(db.places_of(SECRET).await.is_empty());
    let session = store.session(id).await.expect("a look").expect("the row stays");
    assert_eq!(session.metadata.last_command.as_deref(), Some("plan"));
}

async fn a_delivered_notice_is_blank_and_a_reply_when_told(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let notice = part(Some(running.turn.conversation), PartKind::Notice, SECRET, PartState::Sending);
    let pairing = part(None, PartKind::Pairing, SECRET, PartState::Sending);
    let reply = running.reply(0, SECRET, PartState::Sending);
    let late = running.reply(1, "not there yet", PartState::Pending);
    let parts = [&notice, &pairing, &reply, &late].map(|part| Change::PutPart(part.clone()));
    store.commit(Some(running.lane), parts.to_vec()).await.expect("put");
    store.commit(Some(running.lane), vec![sent(notice.id, 1), sent(pairing.id, 1)]).await.expect("sent");
    assert_eq!(store.part(notice.id).await.expect("a look").expect("there").part.text, "");
    assert_eq!(store.part(pairing.id).await.expect("a look").expect("there").part.text, "");

    store.commit(Some(running.lane), vec![sent(reply.id, 1)]).await.expect("sent");
    assert_eq!(store.part(reply.id).await.expect("a look").expect("there").part.text, SECRET, "it may be edited yet");
    let blank = Change::BlankReply { turn: running.turn.id };
    store.commit(Some(running.lane), vec![blank]).await.expect("blanked");
    assert!(db.places_of(SECRET).await.is_empty());
    assert_eq!(store.part(late.id).await.expect("a look").expect("there").part.text, "not there yet");
    store.commit(Some(running.lane), vec![running.end()]).await.expect("ended");
    store.commit(Some(running.lane), vec![sent(late.id, 1)]).await.expect("sent");
    assert_eq!(store.part(late.id).await.expect("a look").expect("there").part.text, "");
}

async fn a_question_is_blank_once_it_is_settled_and_shown_so(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let id = store.reserve_approval().await.expect("a number");
    let mut question = part(Some(running.turn.conversation), PartKind::Approval, SECRET, PartState::Sending);
    let asked = approval(id, &running.turn, question.id, SECRET);
    let changes = vec![Change::Ask(asked), Change::PutPart(question.clone()), sent(question.id, 1)];
    store.commit(Some(running.lane), changes).await.expect("asked");
    assert_eq!(store.part(question.id).await.expect("a look").expect("there").part.text, SECRET, "still a question");

    question.part = Part::text(format!("{SECRET} was allowed"));
    question.state = PartState::Pending;
    let state = ApprovalState::Answered { answer: Answer::AllowOnce, by: "Ada".to_owned(), at: noon() };
    let changes = vec![Change::Settle { id, state }, Change::PutPart(question.clone())];
    store.commit(Some(running.lane), changes).await.expect("answered");
    assert_eq!(db.places_of(SECRET).await, ["remote_agent_outbox.body"]);
    store.commit(Some(running.lane), vec![sent(question.id, 2)]).await.expect("shown");
    assert!(db.places_of(SECRET).await.is_empty());
}

async fn an_answer_keeps_no_reason_when_its_turn_has_ended(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let id = store.reserve_approval().await.expect("a number");
    let asked = approval(id, &running.turn, adjutant_core::id::PartId::generate(), "+");
    let answer = Answer::Deny { reason: Some(SECRET.to_owned()) };
    let state = ApprovalState::Answered { answer, by: "Ada".to_owned(), at: noon() };
    let changes = vec![Change::Ask(asked), Change::Settle { id, state }];
    store.commit(Some(running.lane), changes).await.expect("denied");
    assert_eq!(
        db.places_of(SECRET).await,
        ["remote_agent_approvals.reason"],
        "the assistant may have to be told again"
    );
    store.commit(Some(running.lane), vec![running.end()]).await.expect("ended");
    assert!(db.places_of(SECRET).await.is_empty());
}

async fn a_whole_conversation_leaves_no_text(db: Database) {
    let store = db.open().await;
    let long = format!("{SECRET} ").repeat(2_000);
    let running = Running::start(&store, "chat").await;
    let (next, _) = accept(&store, "chat", "d-2", &long).await;
    let reply = running.reply(0, &long, PartState::Sending);
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone())]).await.expect("said");
    let changes = vec![
        sent(reply.id, 1),
        running.end(),
        Change::BlankReply { turn: running.turn.id },
        Change::SetInbound { seq: next.seq.expect("new"), state: InboundState::Dead, at: noon() },
    ];
    store.commit(Some(running.lane), changes).await.expect("done");
    assert!(db.places_of(SECRET).await.is_empty());

    store.close().await;
    if db.is_sqlite() {
        let folder = db.path().parent().expect("a folder").to_owned();
        for entry in std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry")) {
            let bytes = std::fs::read(entry.path()).expect("a file");
            let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!found, "{:?} still holds the text", entry.file_name());
        }
    }
}
