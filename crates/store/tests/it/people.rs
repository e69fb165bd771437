//! Allow-lists and pairing.

use adjutant_core::kind::PlatformKind;
use adjutant_core::message::Sender;
use adjutant_store::change::NewPart;
use adjutant_store::error::StoreError;
use adjutant_store::record::{AllowedSender, PairingCode, PartKind, PartState};
use chrono::{DateTime, Duration, Utc};

use crate::database::Database;
use crate::fixtures::{noon, part, sender};

on_both!(
    who_is_allowed_is_listed_once,
    a_pairing_window_can_be_moved,
    a_stranger_gets_one_code_an_hour,
    a_code_works_once_and_not_for_ever,
    a_code_that_somebody_else_has_is_refused,
);

fn code(code: &str, id: &str, at: DateTime<Utc>) -> PairingCode {
    PairingCode {
        code: code.to_owned(),
        platform: PlatformKind::Telegram,
        sender: Sender { id: id.to_owned(), name: "Stranger".to_owned() },
        created_at: at,
        expires_at: at + Duration::minutes(10),
    }
}

fn line() -> NewPart {
    part(None, PartKind::Pairing, "Your code", PartState::Pending)
}

async fn who_is_allowed_is_listed_once(db: Database) {
    let store = db.open().await;
    let first = AllowedSender { platform: PlatformKind::Telegram, sender: sender(), allowed_at: noon() };
    store.allow(first.clone()).await.expect("allowed");
    let mut again = first.clone();
    again.sender.name = "Ada L.".to_owned();
    again.allowed_at = noon() + Duration::hours(1);
    store.allow(again.clone()).await.expect("allowed again");
    again.allowed_at = noon();
    assert_eq!(store.list_allowed().await, Ok(vec![again]));
}

async fn a_pairing_window_can_be_moved(db: Database) {
    let store = db.open().await;
    assert_eq!(store.pairing_open_until(PlatformKind::Telegram).await, Ok(None));
    for until in [noon(), noon() + Duration::hours(1)] {
        store.open_pairing(PlatformKind::Telegram, until).await.expect("opened");
        assert_eq!(store.pairing_open_until(PlatformKind::Telegram).await, Ok(Some(until)));
    }
    assert_eq!(store.pairing_open_until(PlatformKind::Slack).await, Ok(None));
}

async fn a_stranger_gets_one_code_an_hour(db: Database) {
    let store = db.open().await;
    assert_eq!(store.pairing_code(code("AAAA", "7", noon()), line()).await, Ok(true));
    let soon = noon() + Duration::minutes(59);
    assert_eq!(store.pairing_code(code("BBBB", "7", soon), line()).await, Ok(false));
    assert_eq!(store.list_undelivered(0, 10).await.expect("a list").len(), 1, "nothing is said the second time");
    assert_eq!(store.pairing_code(code("CCCC", "8", soon), line()).await, Ok(true), "another stranger");
    let later = noon() + Duration::hours(1);
    assert_eq!(store.pairing_code(code("DDDD", "7", later), line()).await, Ok(true));
    assert_eq!(store.redeem_pairing("AAAA", later).await, Ok(None), "the newer code replaced it");
}

async fn a_code_works_once_and_not_for_ever(db: Database) {
    let store = db.open().await;
    store.pairing_code(code("AAAA", "7", noon()), line()).await.expect("given");
    assert_eq!(store.redeem_pairing("ZZZZ", noon()).await, Ok(None));
    assert_eq!(store.redeem_pairing("AAAA", noon() + Duration::minutes(10)).await, Ok(None), "too late");
    let at = noon() + Duration::minutes(9);
    let allowed = store.redeem_pairing("AAAA", at).await.expect("redeemed").expect("in time");
    assert_eq!((allowed.sender.id.as_str(), allowed.allowed_at), ("7", at));
    assert_eq!(store.list_allowed().await, Ok(vec![allowed]));
    assert_eq!(store.redeem_pairing("AAAA", at).await, Ok(None));
}

async fn a_code_that_somebody_else_has_is_refused(db: Database) {
    let store = db.open().await;
    store.pairing_code(code("AAAA", "7", noon()), line()).await.expect("given");
    let error = store.pairing_code(code("AAAA", "8", noon()), line()).await.expect_err("taken");
    assert_eq!(error, StoreError::Stale { what: "remote_agent_pairings" });
    assert_eq!(store.list_undelivered(0, 10).await.expect("a list").len(), 1);
}
