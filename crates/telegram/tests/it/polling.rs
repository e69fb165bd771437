use std::time::Duration;

use adjutant_core::message::InboundContent;
use adjutant_core::platform::Platform;
use adjutant_telegram::TelegramError;
use adjutant_testkit::telegram::{BOT_USERNAME, Fault};
use serde_json::json;

use crate::gateway::{ADA, Gateway, TEAM, bot};

#[tokio::test]
async fn messages_arrive_in_order_and_are_confirmed() {
    let mut gateway = Gateway::polling().await;
    for number in 1..=20 {
        gateway.fake.says(ADA, ADA, &format!("message {number}"));
    }
    let expected: Vec<_> = (1..=20).map(|number| format!("message {number}")).collect();
    assert_eq!(gateway.inbox.wait_for(20).await, expected);
    gateway.fake.wait_until("the confirming poll", |fake| (fake.unconfirmed() == 0).then_some(())).await;
    gateway.stop.cancel();
    assert_eq!(gateway.end().await, Ok(()));
    gateway.fake.assert_clean();
}

#[tokio::test]
async fn messages_sent_while_the_gateway_is_down_arrive_when_it_is_up() {
    let mut gateway = Gateway::sending().await;
    gateway.fake.says(ADA, ADA, "one");
    gateway.fake.says(ADA, ADA, "two");
    gateway.run();
    assert_eq!(gateway.inbox.wait_for(2).await, ["one", "two"]);
}

#[tokio::test]
async fn nothing_is_confirmed_while_the_intake_is_closed() {
    let gateway = Gateway::polling().await;
    gateway.inbox.closed.send_replace(true);
    gateway.fake.says(ADA, ADA, "keep me");
    let mut offered = gateway.inbox.offered.subscribe();
    gateway.wind_until("a second offer", |_| *offered.borrow_and_update() >= 2).await;
    assert_eq!(gateway.fake.unconfirmed(), 1);
    let health = gateway.bot.health().snapshot();
    assert!(!health.ok && health.last_error.is_some_and(|error| error.contains("the disk is full")));
    gateway.inbox.closed.send_replace(false);
    gateway.wind_until("the message", |gateway| gateway.inbox.texts() == ["keep me"]).await;
    gateway.fake.wait_until("the confirming poll", |fake| (fake.unconfirmed() == 0).then_some(())).await;
    assert!(gateway.bot.health().snapshot().ok);
}

#[tokio::test]
async fn every_kind_of_trouble_is_survived_and_nothing_is_lost() {
    let troubles = [
        Fault::Status(502, "<html>bad gateway</html>".into()),
        Fault::Status(500, r#"{"ok":false,"error_code":500,"description":"Internal Server Error"}"#.into()),
        Fault::Garbage,
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::RetryAfter(3),
    ];
    let gateway = Gateway::polling().await;
    for (number, trouble) in troubles.into_iter().enumerate() {
        gateway.fake.fail_next("getUpdates", trouble.clone());
        let text = format!("after {trouble:?}");
        gateway.fake.says(ADA, ADA, &text);
        gateway.wind_until(&text, |gateway| gateway.inbox.texts().len() > number).await;
        assert_eq!(gateway.inbox.texts()[number], text);
    }
    gateway.fake.assert_clean();
}

#[tokio::test]
async fn a_server_that_is_away_for_a_while_is_found_again() {
    let gateway = Gateway::polling().await;
    gateway.fake.says(ADA, ADA, "before");
    gateway.inbox.wait_for(1).await;
    gateway.fake.pause().await;
    gateway.wind_until("a failure", |gateway| gateway.bot.health().snapshot().last_error.is_some()).await;
    let error = gateway.bot.health().snapshot().last_error.expect("an error");
    assert!(!error.contains(gateway.fake.token()) && !error.contains("/bot"), "{error}");
    gateway.fake.says(ADA, ADA, "meanwhile");
    gateway.fake.resume().await;
    gateway.wind_until("the message", |gateway| gateway.inbox.texts() == ["before", "meanwhile"]).await;
}

#[tokio::test]
async fn another_poller_is_reported_and_waited_out() {
    let gateway = Gateway::polling().await;
    let conflict = r#"{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request"}"#;
    gateway.fake.fail("getUpdates", Fault::Status(409, conflict.into()), 3);
    gateway.fake.says(ADA, ADA, "hello");
    gateway.wind_until("the conflict", |gateway| gateway.bot.health().snapshot().conflict).await;
    gateway.wind_until("the message", |gateway| gateway.inbox.texts().last().is_some_and(|t| t == "hello")).await;
    gateway.wind_until("health", |gateway| gateway.bot.health().snapshot().ok).await;
    assert!(!gateway.bot.health().snapshot().conflict);
}

#[tokio::test]
async fn a_webhook_is_removed_and_waiting_messages_are_kept() {
    let mut gateway = Gateway::sending().await;
    gateway.fake.set_webhook("https://example.org/old");
    gateway.fake.says(ADA, ADA, "still here");
    gateway.run();
    gateway.wind_until("the message", |gateway| gateway.inbox.texts() == ["still here"]).await;
    assert_eq!(gateway.fake.calls("deleteWebhook"), 1);
}

#[tokio::test]
async fn a_refused_token_stops_the_adapter_and_shows_in_its_health() {
    let mut gateway = Gateway::sending().await;
    gateway.bot = bot(&gateway.fake, "7000000001:wrong", &gateway.clock);
    gateway.run();
    assert_eq!(gateway.end().await, Err(TelegramError::TokenRefused));
    let health = gateway.bot.health().snapshot();
    assert!(health.token_refused && !health.ok);
    assert_eq!(gateway.bot.check().await, Err(TelegramError::TokenRefused));
}

#[tokio::test]
async fn an_idle_bot_is_healthy_before_its_first_poll_is_answered() {
    let gateway = Gateway::polling().await;
    gateway.fake.wait_until("both menus", |fake| (!fake.menu("all_group_chats").is_empty()).then_some(())).await;
    let health = gateway.bot.health().snapshot();
    assert!(health.ok && health.last_poll_at.is_none(), "{health:?}");
}

#[tokio::test]
async fn a_stop_ends_a_poll_that_waits() {
    let mut gateway = Gateway::polling().await;
    gateway.fake.wait_until("the first poll", |fake| (fake.calls("getUpdates") == 1).then_some(())).await;
    gateway.stop.cancel();
    assert_eq!(gateway.end().await, Ok(()));
}

#[tokio::test]
async fn the_same_update_twice_has_the_same_delivery_id() {
    let gateway = Gateway::polling().await;
    gateway.fake.says(ADA, ADA, "once");
    gateway.inbox.wait_for(1).await;
    gateway.fake.duplicate_last();
    gateway.inbox.wait_for(2).await;
    let taken = gateway.inbox.taken.lock().expect("no panic");
    assert_eq!(taken[0], taken[1]);
}

#[tokio::test]
async fn updates_are_taken_when_their_numbers_have_restarted_lower() {
    let gateway = Gateway::polling().await;
    gateway.fake.says(ADA, ADA, "before the quiet week");
    gateway.inbox.wait_for(1).await;
    gateway.fake.wait_until("the confirming poll", |fake| (fake.unconfirmed() == 0).then_some(())).await;
    let message = json!({"message_id": 900, "date": 1_795_000_000, "text": "after it", "chat": {"id": ADA},
        "from": {"id": ADA, "is_bot": false, "first_name": "Ada"}});
    gateway.fake.deliver_raw(json!({"update_id": 17, "message": message}));
    assert_eq!(gateway.inbox.wait_for(2).await[1], "after it");
}

#[tokio::test]
async fn in_groups_the_bots_own_name_decides_and_getme_is_waited_for() {
    let mut gateway = Gateway::sending().await;
    gateway.fake.fail("getMe", Fault::Status(502, String::new()), 2);
    let topic = gateway.fake.topic(TEAM, "parser");
    gateway.fake.says(TEAM, ADA, "lunch?");
    gateway.fake.says((TEAM, topic), ADA, &format!("@{BOT_USERNAME} fix the parser"));
    gateway.run();
    gateway.wind_until("the mention", |gateway| !gateway.inbox.texts().is_empty()).await;
    assert_eq!(gateway.inbox.texts(), ["fix the parser"]);
    assert_eq!(gateway.inbox.taken.lock().expect("no panic")[0].conversation.0, format!("{TEAM}:{topic}"));
    assert_eq!(gateway.bot.health().snapshot().username.as_deref(), Some(BOT_USERNAME));
}

#[tokio::test]
async fn the_menu_is_put_up_and_a_failure_there_costs_nothing() {
    let gateway = Gateway::polling().await;
    gateway.fake.wait_until("both menus", |fake| (!fake.menu("all_group_chats").is_empty()).then_some(())).await;
    assert!(gateway.fake.menu("all_private_chats").contains(&"codebase_switch".to_owned()));
    gateway.fake.assert_clean();

    let mut other = Gateway::sending().await;
    other.fake.fail_next("setMyCommands", Fault::DropBefore);
    other.fake.says(ADA, ADA, "hello");
    other.run();
    assert_eq!(other.inbox.wait_for(1).await, ["hello"]);
}

#[tokio::test]
async fn a_press_is_acknowledged_by_the_id_its_delivery_carries() {
    let gateway = Gateway::polling().await;
    let part = adjutant_core::platform::Part {
        buttons: vec![vec![adjutant_core::platform::Button { label: "Yes".into(), token: "a7:y".into() }]],
        ..adjutant_core::platform::Part::text("Run it?")
    };
    let sent = gateway.bot.send(&crate::gateway::key(ADA), &part).await.expect("sent");
    gateway.fake.presses(ADA, ADA, sent.0.parse().expect("a number"), "Yes");
    let mut offered = gateway.inbox.offered.subscribe();
    let wait = offered.wait_for(|&count| count > 0);
    drop(tokio::time::timeout(Duration::from_secs(60), wait).await.expect("the press"));
    let press = gateway.inbox.taken.lock().expect("no panic")[0].clone();
    assert_eq!(press.content, InboundContent::Button { token: "a7:y".into() });
    gateway.bot.acknowledge(&press.delivery).await.expect("acknowledged");
    gateway.bot.acknowledge(&press.delivery).await.expect("too late is no failure");
    assert_eq!(gateway.fake.take_unexpected().len(), 1);
    gateway.fake.assert_clean();
}

#[tokio::test]
async fn a_removed_bot_and_a_moved_group_are_told() {
    let gateway = Gateway::polling().await;
    gateway.fake.group(-4_000_111, "Old");
    gateway.fake.becomes_supergroup(-4_000_111, ADA, -1_001_000_000_001);
    gateway.fake.blocks(ADA, ADA);
    gateway.wind_until("both", |gateway| gateway.inbox.taken.lock().expect("no panic").len() == 2).await;
    let taken = gateway.inbox.taken.lock().expect("no panic");
    assert!(matches!(&taken[0].content, InboundContent::Moved { to } if to.0 == "-1001000000001"));
    assert_eq!(taken[1].content, InboundContent::Closed);
}
