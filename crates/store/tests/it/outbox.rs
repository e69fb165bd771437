//! Parts: revisions, states, delivery order.

use adjutant_core::message::MessageRef;
use adjutant_core::platform::{Attachment, Button, Form, Part};
use adjutant_store::change::{Change, NewPart};
use adjutant_store::record::{OutboxRow, PartKind, PartState};
use adjutant_store::store::Store;
use chrono::Duration;

use crate::database::Database;
use crate::fixtures::{Running, noon, part};

on_both!(
    a_part_comes_back_as_it_was,
    a_replaced_body_is_a_new_revision_that_keeps_its_message,
    a_body_replaced_during_the_call_is_pending_again,
    a_revision_is_sent_once_and_in_order,
    a_preview_leaves_the_part_open_and_stores_no_text,
    a_deferred_part_counts_its_attempts,
    a_dead_part_stays_dead_and_blank,
    undelivered_parts_come_in_the_order_they_were_said,
    a_part_outside_any_conversation_is_sent_by_one,
);

fn at(id: &str) -> MessageRef {
    MessageRef(id.to_owned())
}

async fn get(store: &Store, part: &NewPart) -> OutboxRow {
    store.part(part.id).await.expect("a look").expect("the part is there")
}

async fn a_part_comes_back_as_it_was(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let mut reply = running.reply(3, "", PartState::Pending);
    reply.part = Part {
        text: "**Hello** \0 \u{1f980}".to_owned(),
        form: Form::Plain,
        buttons: vec![vec![Button { label: "Yes".to_owned(), token: "a:1".to_owned() }]],
        reply_to: Some(at("41")),
        silent: true,
        attachment: Some(Attachment::text("answer.md", "# All")),
    };
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone())]).await.expect("put");
    let row = get(&store, &reply).await;
    assert_eq!(row.part, reply.part);
    assert_eq!((row.to, row.platform, row.kind), (reply.to.clone(), reply.platform, PartKind::Reply));
    assert_eq!((row.turn, row.conversation), (Some((running.turn.id, 3)), reply.conversation));
    assert_eq!((row.state, row.revision, row.sent_revision), (PartState::Pending, 1, 0));
    assert_eq!((row.message, row.attempts, row.due_at), (None, 0, None));
}

async fn a_replaced_body_is_a_new_revision_that_keeps_its_message(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let mut reply = running.reply(0, "one", PartState::Sending);
    let sent = Change::Sent { id: reply.id, revision: 1, message: at("77") };
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone()), sent]).await.expect("sent");
    let row = get(&store, &reply).await;
    assert_eq!((row.state, row.sent_revision, row.part.text.as_str()), (PartState::Sent, 1, "one"));

    reply.part = Part::text("one two");
    reply.state = PartState::Pending;
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone())]).await.expect("replaced");
    let row = get(&store, &reply).await;
    assert_eq!((row.state, row.revision, row.sent_revision), (PartState::Pending, 2, 1));
    assert_eq!((row.message, row.part.text.as_str()), (Some(at("77")), "one two"));
    let snapshot = store.snapshot(running.turn.conversation).await.expect("a snapshot");
    assert_eq!(snapshot.reply.len(), 1);
}

async fn a_body_replaced_during_the_call_is_pending_again(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let mut reply = running.reply(0, "one", PartState::Sending);
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone())]).await.expect("put");
    reply.part = Part::text("two");
    reply.state = PartState::Pending;
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone())]).await.expect("replaced");
    let sent = Change::Sent { id: reply.id, revision: 1, message: at("77") };
    store.commit(Some(running.lane), vec![sent]).await.expect("the first arrived");
    let row = get(&store, &reply).await;
    assert_eq!((row.state, row.revision, row.sent_revision), (PartState::Pending, 2, 1));
    assert_eq!((row.message, row.part.text.as_str()), (Some(at("77")), "two"));

    let sent = Change::Sent { id: reply.id, revision: 2, message: at("77") };
    let changes = vec![Change::Sending { id: reply.id }, sent];
    store.commit(Some(running.lane), changes).await.expect("the second arrived");
    assert_eq!(get(&store, &reply).await.state, PartState::Sent);
}

async fn a_revision_is_sent_once_and_in_order(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let reply = running.reply(0, "one", PartState::Pending);
    let id = reply.id;
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone())]).await.expect("put");
    let future = Change::Sent { id, revision: 2, message: at("1") };
    store.commit(Some(running.lane), vec![future]).await.expect_err("there is no such revision yet");
    let sent = Change::Sent { id, revision: 1, message: at("1") };
    store.commit(Some(running.lane), vec![sent]).await.expect("sent");
    store.commit(Some(running.lane), vec![Change::Sending { id }]).await.expect_err("it was sent");
    let defer = Change::Defer { id, error: "x".to_owned(), due_at: noon() };
    store.commit(Some(running.lane), vec![defer]).await.expect_err("it was sent");
}

async fn a_preview_leaves_the_part_open_and_stores_no_text(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let mut reply = running.reply(0, "half a tho", PartState::Open);
    let shown = Change::Shown { id: reply.id, message: at("5") };
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone()), shown]).await.expect("shown");
    let row = get(&store, &reply).await;
    assert_eq!((row.state, row.sent_revision, row.message), (PartState::Open, 0, Some(at("5"))));
    assert_eq!(row.part.text, "");
    assert!(store.list_undelivered(0, 10).await.expect("a list").is_empty());

    reply.part = Part::text("half a thought, finished");
    reply.state = PartState::Pending;
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone())]).await.expect("finished");
    let row = get(&store, &reply).await;
    assert_eq!((row.state, row.message), (PartState::Pending, Some(at("5"))));
    assert_eq!(row.part.text, "half a thought, finished");
}

async fn a_deferred_part_counts_its_attempts(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let mut reply = running.reply(0, "one", PartState::Sending);
    let due_at = noon() + Duration::seconds(2);
    let defer = Change::Defer { id: reply.id, error: "slow down\0".to_owned(), due_at };
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone()), defer]).await.expect("deferred");
    let row = get(&store, &reply).await;
    assert_eq!((row.state, row.attempts, row.due_at), (PartState::Pending, 1, Some(due_at)));

    reply.state = PartState::Pending;
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone())]).await.expect("replaced");
    let row = get(&store, &reply).await;
    assert_eq!((row.attempts, row.due_at), (0, Some(due_at)), "a new text has its own tries, the wait stays");
}

async fn a_dead_part_stays_dead_and_blank(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let reply = running.reply(0, "never to be seen", PartState::Pending);
    let id = reply.id;
    let abandon = Change::Abandon { id, error: "chat gone".to_owned() };
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone()), abandon.clone()]).await.expect("abandoned");
    store.commit(Some(running.lane), vec![Change::PutPart(reply.clone()), running.end()]).await.expect("no harm");
    let row = get(&store, &reply).await;
    assert_eq!((row.state, row.part.text.as_str()), (PartState::Dead, ""));
    for change in [Change::Sending { id }, Change::Sent { id, revision: 2, message: at("1") }, abandon] {
        store.commit(Some(running.lane), vec![change]).await.expect_err("it is dead");
    }
}

async fn undelivered_parts_come_in_the_order_they_were_said(db: Database) {
    let store = db.open().await;
    let (one, two) = (Running::start(&store, "one").await, Running::start(&store, "two").await);
    let parts = [
        (&one, one.reply(0, "a", PartState::Sending)),
        (&two, two.reply(0, "b", PartState::Pending)),
        (&one, one.reply(1, "c", PartState::Pending)),
        (&one, one.reply(2, "d", PartState::Open)),
    ];
    for (running, part) in &parts {
        store.commit(Some(running.lane), vec![Change::PutPart(part.clone())]).await.expect("put");
    }
    let pairing = part(None, PartKind::Pairing, "code", PartState::Pending);
    store.commit(None, vec![Change::PutPart(pairing.clone())]).await.expect("put");

    let ids = |rows: Vec<OutboxRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    let all = ids(store.list_undelivered(0, 10).await.expect("a list"));
    assert_eq!(all, [parts[0].1.id, parts[1].1.id, parts[2].1.id, pairing.id]);
    assert_eq!(ids(store.list_undelivered(0, 1).await.expect("a list")), all[..1]);
    let of_one = ids(store.undelivered_of(one.turn.conversation).await.expect("a list"));
    assert_eq!(of_one, [parts[0].1.id, parts[2].1.id]);
}

async fn a_part_outside_any_conversation_is_sent_by_one(db: Database) {
    let store = db.open().await;
    let pairing = part(None, PartKind::Pairing, "code", PartState::Pending);
    store.commit(None, vec![Change::PutPart(pairing.clone())]).await.expect("put");
    let sending = || vec![Change::Sending { id: pairing.id }];
    store.commit(None, sending()).await.expect("the first sends it");
    store.commit(None, sending()).await.expect_err("the second does not");
}
