//! Housekeeping.

use adjutant_core::kind::PlatformKind;
use adjutant_core::message::MessageRef;
use adjutant_store::change::Change;
use adjutant_store::record::{InboundState, PairingCode, PartKind, PartState};
use chrono::Duration;

use crate::database::Database;
use crate::fixtures::{Running, accept, message, noon, part, sender};

on_both!(
    delivery_ids_are_kept_for_thirty_days_and_open_messages_for_ever,
    a_reply_that_nobody_blanked_is_blank_after_a_day,
    an_expired_code_goes_when_its_stranger_may_ask_again,
    more_than_one_slice_is_swept,
    what_is_kept_for_a_return_is_given_up_after_thirty_days,
    who_is_set_aside_is_due_only_when_something_came_since,
);

async fn delivery_ids_are_kept_for_thirty_days_and_open_messages_for_ever(db: Database) {
    let store = db.open().await;
    let (handled, lane) = accept(&store, "chat", "d-1", "Hello").await;
    accept(&store, "chat", "d-2", "waits").await;
    let done = Change::SetInbound { seq: handled.seq.expect("new"), state: InboundState::Done, at: noon() };
    store.commit(Some(lane), vec![done]).await.expect("handled");
    let now = adjutant_core::clock::Clock::Manual(db.clock.clone()).now();
    assert_eq!(store.sweep(now + Duration::days(29)).await.expect("swept").inbound, 0);
    assert_eq!(store.sweep(now + Duration::days(31)).await.expect("swept").inbound, 1);
    assert_eq!(store.snapshot(handled.conversation).await.expect("a snapshot").inbound.len(), 1);
}

async fn a_reply_that_nobody_blanked_is_blank_after_a_day(db: Database) {
    let store = db.open().await;
    let running = Running::start(&store, "chat").await;
    let reply = running.reply(0, "text", PartState::Sending);
    let waiting = part(Some(running.turn.conversation), PartKind::Notice, "waits", PartState::Pending);
    let sent = Change::Sent { id: reply.id, revision: 1, message: MessageRef("9".to_owned()) };
    let changes = vec![Change::PutPart(reply.clone()), sent, Change::PutPart(waiting.clone())];
    store.commit(Some(running.lane), changes).await.expect("sent");
    let now = adjutant_core::clock::Clock::Manual(db.clock.clone()).now();
    let tomorrow = now + Duration::days(2);
    assert_eq!(store.sweep(tomorrow).await.expect("swept").blanked, 0, "its turn still runs");
    store.commit(Some(running.lane), vec![running.end()]).await.expect("ended");
    assert_eq!(store.sweep(tomorrow).await.expect("swept").blanked, 1);
    assert_eq!(store.part(reply.id).await.expect("a look").expect("there").part.text, "");
    assert_eq!(store.part(waiting.id).await.expect("a look").expect("there").part.text, "waits");
}

async fn an_expired_code_goes_when_its_stranger_may_ask_again(db: Database) {
    let store = db.open().await;
    let expires_at = noon() + Duration::minutes(10);
    let platform = PlatformKind::Telegram;
    let code = PairingCode { code: "AAAA".to_owned(), platform, sender: sender(), created_at: noon(), expires_at };
    let line = part(None, PartKind::Pairing, "Your code", PartState::Pending);
    store.pairing_code(code, line).await.expect("given");
    assert_eq!(store.sweep(noon() + Duration::minutes(30)).await.expect("swept").pairings, 0);
    assert_eq!(store.sweep(noon() + Duration::minutes(61)).await.expect("swept").pairings, 1);
}

async fn more_than_one_slice_is_swept(db: Database) {
    let store = db.open().await;
    for slice in 0..5 {
        let batch = (0..1_000).map(|n| message("chat", &format!("d-{slice}-{n}"), "x")).collect();
        store.accept(batch).await.expect("accepted");
    }
    db.execute("UPDATE remote_agent_inbound SET state = 'done', content = ''").await;
    let now = adjutant_core::clock::Clock::Manual(db.clock.clone()).now();
    assert_eq!(store.sweep(now + Duration::days(31)).await.expect("swept").inbound, 5_000);
}

async fn what_is_kept_for_a_return_is_given_up_after_thirty_days(db: Database) {
    let store = db.open().await;
    let (waiting, lane) = accept(&store, "chat", "d-1", "waits").await;
    let kept = part(Some(waiting.conversation), PartKind::Notice, "kept", PartState::Pending);
    let now = adjutant_core::clock::Clock::Manual(db.clock.clone()).now();
    let aside = Change::SetAside { conversation: waiting.conversation, since: now };
    store.commit(Some(lane), vec![Change::PutPart(kept.clone()), aside]).await.expect("set aside");
    assert_eq!(store.list_undelivered(0, 10).await.expect("a list"), []);
    assert_eq!(store.undelivered_of(waiting.conversation).await.expect("a list").len(), 1);
    assert_eq!(store.snapshot(waiting.conversation).await.expect("a snapshot").away_since, Some(now));
    assert_eq!(store.sweep(now + Duration::days(29)).await.expect("swept").given_up, 0);
    assert_eq!(store.sweep(now + Duration::days(31)).await.expect("swept").given_up, 1);
    let row = store.part(kept.id).await.expect("a look").expect("there");
    assert_eq!((row.state, row.part.text.as_str()), (PartState::Dead, ""));
    assert_eq!(store.snapshot(waiting.conversation).await.expect("a snapshot").inbound, []);
    let back = Change::TakeBack { conversation: waiting.conversation };
    store.commit(Some(lane), vec![back]).await.expect("back");
    assert_eq!(store.snapshot(waiting.conversation).await.expect("a snapshot").away_since, None);
}

async fn who_is_set_aside_is_due_only_when_something_came_since(db: Database) {
    let store = db.open().await;
    let (waiting, lane) = accept(&store, "chat", "d-1", "waits").await;
    let due = async || {
        db.clock.advance(std::time::Duration::from_secs(1));
        let now = adjutant_core::clock::Clock::Manual(db.clock.clone()).now();
        (now, store.list_due(now, 10).await.expect("a list"))
    };
    let (now, found) = due().await;
    assert_eq!(found, [waiting.conversation]);
    let aside = Change::SetAside { conversation: waiting.conversation, since: now };
    store.commit(Some(lane), vec![aside]).await.expect("set aside");
    assert_eq!(due().await.1, []);
    accept(&store, "chat", "d-2", "back").await;
    assert_eq!(due().await.1, [waiting.conversation]);
}
