//! What a newcomer does: log in, write, watch, allow, stop.

use adjutant_core::message::{InboundContent, MessageRef};
use adjutant_core::platform::{Button, Part, Platform, Sign};
use adjutant_server::{Server, ServerConfig};
use adjutant_testkit::browser::{DESK, DESK_DARK, PHONE, PHONE_DARK, Page};

use crate::stage::{Stage, key};

const ANSWER: &str = "The total is computed twice, once for the **cart** and once for the invoice in `src/total.rs`.\n\n\
    1. Share one function\n2. Keep the invoice's rounding\n   - it is tested\n\n\
    ```rust\npub fn total(items: &[Item]) -> Money {\n    items.iter().map(Item::price).sum()\n}\n```\n\n\
    | file | lines | tests |\n| --- | ---: | :-: |\n| `src/cart.rs` | 12 | ✓ |\n| `src/invoice.rs` | 4 | ✓ |\n";

const ASKS: &str = "Claude wants to edit `src/total.rs`:\n\n```diff\n--- a/src/total.rs\n+++ b/src/total.rs\n@@ -1,4 +1,3 @@\n \
    pub fn total(items: &[Item]) -> Money {\n-    let mut sum = Money::ZERO;\n-    for item in items { sum += item.price(); }\n-    sum\n\
    +    items.iter().map(Item::price).sum()\n }\n```\n\n`#7` · expires in 24 h · `/approve 7`";

fn asking() -> Part {
    let button = |label: &str, token: &str| Button { label: label.to_owned(), token: token.to_owned() };
    let buttons = vec![
        vec![button("Allow once", "a7:once"), button("Allow for this session", "a7:session")],
        vec![button("Deny", "a7:deny"), button("Deny and say why", "a7:why")],
    ];
    Part { buttons, ..Part::text(ASKS) }
}

/// What arrived last, once there are so many.
async fn received(stage: &Stage, count: usize) -> InboundContent {
    for _ in 0..1500 {
        if let Some(message) = stage.gateway.received.lock().expect("lock").get(count - 1) {
            return message.content.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("message {count} never arrived");
}

fn said(text: &str) -> InboundContent {
    InboundContent::words(text)
}

#[tokio::test]
async fn a_newcomer_logs_in_writes_watches_allows_and_stops() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    page.wait("!document.getElementById('welcome').hidden").await;
    page.wait("!document.getElementById('banner').hidden").await;
    assert!(page.text("#banner").await.contains("Demo assistant"));
    page.picture("1-welcome").await;
    let place = "(() => { const box = document.querySelector('main').getBoundingClientRect(); return [box.x, box.width, box.height]; })()";
    assert_eq!(page.value(place).await, serde_json::json!([264, 1016, 800]), "the page is filled");

    page.write("Why is the total computed twice?").await;
    page.key("Enter").await;
    assert_eq!(received(&stage, 1).await, said("Why is the total computed twice?"));
    let (to, message) = {
        let first = stage.gateway.received.lock().expect("lock")[0].clone();
        (first.conversation, first.message.expect("a message"))
    };
    stage.console.react(&to, &message, Some(Sign::Seen)).await.expect("shown");
    stage.console.status(&to).await.expect("shown");
    page.wait("!document.getElementById('working').hidden && !document.getElementById('stop').hidden").await;

    let (half, rest) = ANSWER.split_at(60);
    let part = stage.console.send(&to, &Part::text(half)).await.expect("sent");
    page.wait("document.querySelector('.gateway .body')?.innerText.includes('computed twice')").await;
    let mut text = half.to_owned();
    for piece in rest.split_inclusive(' ') {
        text += piece;
        let growing = format!("{text}▍\n\n⏳ Bash: `cargo test` · 12 s");
        stage.console.edit(&to, &part, &Part::text(growing)).await.expect("edited");
    }
    page.wait("document.querySelectorAll('.gateway tbody tr').length === 2").await;
    page.wait("document.getElementById('working-text').textContent === 'Bash: cargo test'").await;
    page.picture("2-streaming").await;
    let log = page.text("#log").await;
    assert!(!log.contains('▍') && !log.contains('⏳'), "what it does is said below, once: {log}");
    stage.console.edit(&to, &part, &Part::text(text)).await.expect("edited");
    page.wait("document.getElementById('working-text').textContent === 'Working'").await;

    let asked = stage.console.send(&to, &asking()).await.expect("sent");
    page.wait("document.querySelector('.asks .answer')").await;
    page.wait("document.getElementById('working-text').textContent === 'Waiting for your answer'").await;
    for (screen, name) in [
        (DESK_DARK, "3-asks-desk-dark"),
        (PHONE, "3-asks-phone"),
        (PHONE_DARK, "3-asks-phone-dark"),
        (DESK, "3-asks-desk"),
    ] {
        page.screen(screen).await;
        page.wait(&format!("innerWidth === {}", screen.width)).await;
        page.wait("document.getAnimations().every((moving) => !(moving instanceof CSSTransition))").await;
        assert_eq!(page.value("document.documentElement.scrollWidth").await, screen.width);
        page.picture(name).await;
    }
    page.click(".asks .answer.primary").await;
    assert_eq!(received(&stage, 2).await, InboundContent::Button { token: "a7:once".to_owned() });
    assert_eq!(page.value("document.querySelectorAll('.asks .answer:disabled').length").await, 4);
    let settled = Part::text("✓ Allowed once by Operator, 4 s ago: edit `src/total.rs`.");
    stage.console.edit(&to, &asked, &settled).await.expect("edited");
    page.wait("!document.querySelector('.asks')").await;

    page.key("Escape").await;
    assert_eq!(received(&stage, 3).await, said("/stop"));
    stage.console.react(&to, &message, Some(Sign::Done)).await.expect("shown");
    stage.console.send(&to, &Part::text("✓ 1 file, +1 −3 · tests passed · 34 s · $0.31")).await.expect("sent");
    page.wait("document.getElementById('working').hidden && document.getElementById('stop').hidden").await;
    page.wait("document.getElementById('log').innerText.includes('tests passed')").await;
    page.picture("4-done").await;
    assert_eq!(page.value("document.getElementById('log').innerText.includes('Done')").await, true);
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test]
async fn a_phone_in_the_dark_has_a_drawer_and_nothing_sticks_out() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, PHONE_DARK).await;
    page.wait("!document.getElementById('welcome').hidden").await;
    page.picture("5-phone-welcome").await;
    assert_eq!(page.value("document.documentElement.scrollWidth").await, 390);
    let background = page.value("getComputedStyle(document.body).backgroundColor").await;
    assert_eq!(background, "rgb(22, 24, 22)");
    for (number, text) in ["add dark mode", "why does the build fail on arm64", "/status"].iter().enumerate() {
        page.write(text).await;
        page.click("#send").await;
        received(&stage, number + 1).await;
        if number < 2 {
            page.click("#menu").await;
            page.wait("document.getElementById('sidebar').getBoundingClientRect().x === 0").await;
            page.click("#new").await;
            page.wait("!document.getElementById('welcome').hidden").await;
            page.wait("document.getElementById('sidebar').getBoundingClientRect().right <= 0").await;
            page.click("#text").await;
        }
    }
    page.click("#menu").await;
    page.wait("document.querySelectorAll('#conversations a').length === 3").await;
    page.wait("document.getElementById('sidebar').getBoundingClientRect().x === 0").await;
    page.picture("6-phone-drawer").await;
    page.click("#conversations li:last-child a").await;
    page.wait("document.getElementById('title').textContent === 'add dark mode'").await;
    assert_eq!(page.text(".user .body").await, "add dark mode");
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test]
async fn typing_a_slash_offers_commands() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    page.wait("document.activeElement.id === 'text'").await;
    page.write("/").await;
    page.wait("document.querySelectorAll('#suggestions li').length === 7").await;
    page.picture("7-commands").await;
    assert!(page.text("#suggestions").await.contains("/plan"), "also the codebase's own");
    page.write("re").await;
    page.key("ArrowDown").await;
    page.key("Enter").await;
    assert_eq!(page.value("document.getElementById('text').value").await, "/repos");
    page.key("Enter").await;
    assert_eq!(received(&stage, 1).await, said("/repos"));
    assert_eq!(page.value("document.getElementById('text').value").await, "");
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test]
async fn what_happened_while_the_gateway_was_away_is_there_without_gaps() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    page.write("hello").await;
    page.key("Enter").await;
    received(&stage, 1).await;
    let to = stage.gateway.received.lock().expect("lock")[0].conversation.clone();
    let part = stage.console.send(&to, &Part::text("Before")).await.expect("sent");
    page.wait("document.getElementById('log').innerText.includes('Before')").await;

    let (console, gateway, data, port) =
        (stage.console.clone(), stage.gateway.clone(), stage.data.path().to_owned(), stage.port);
    let token = adjutant_server::ApiToken::load_or_create(&data, None).expect("the token");
    stage.shutdown.cancel();
    page.wait("document.getElementById('connection').textContent === 'Reconnecting'").await;
    console.edit(&to, &part, &Part::text("Before and while it was away")).await.expect("edited");
    console.send(&to, &Part::text("More.")).await.expect("sent");

    let mut config = ServerConfig::new(data, token);
    config.port = port;
    let server = loop {
        // The first server lets its port go when its last connection has ended.
        if let Ok(server) = Server::bind(config.clone()).await {
            break server;
        }
        tokio::task::yield_now().await;
    };
    let shutdown = tokio_util::sync::CancellationToken::new();
    tokio::spawn(server.run(gateway.clone(), gateway, console.clone(), shutdown.clone()));
    page.wait("document.getElementById('log').innerText.includes('while it was away')").await;
    page.wait("document.getElementById('log').innerText.includes('More.')").await;
    console.send(&to, &Part::text("And on.")).await.expect("sent");
    page.wait("document.getElementById('log').innerText.includes('And on.')").await;
    assert_eq!(page.value("document.querySelectorAll('.message').length").await, 4);
    assert_eq!(page.text("#connection").await, "");
    shutdown.cancel();
}

#[tokio::test]
async fn a_message_that_could_not_be_sent_can_be_tried_again() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    *stage.gateway.closed.lock().expect("lock") = Some("the disk is full".to_owned());
    page.write("hello").await;
    page.key("Enter").await;
    page.wait("document.querySelector('.meta .link')").await;
    assert!(page.text("#trouble").await.contains("the disk is full"));
    page.picture("8-not-sent").await;
    *stage.gateway.closed.lock().expect("lock") = None;
    page.click(".meta .link").await;
    assert_eq!(received(&stage, 1).await, said("hello"));
    page.wait("document.getElementById('trouble').hidden && !document.querySelector('.unsent')").await;
    assert_eq!(page.value("document.querySelectorAll('.message').length").await, 1);
}

#[tokio::test]
async fn a_draft_waits_in_its_conversation_and_old_messages_load_on_demand() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    let id = page.value("location.hash.slice(1)").await.as_str().expect("an id").to_owned();
    for number in 0..130 {
        stage.console.send(&key(&id), &Part::text(format!("part {number}"))).await.expect("sent");
    }
    page.wait("document.querySelectorAll('.message').length === 130").await;
    page.write("half a thought").await;
    page.click("#new").await;
    page.wait("document.getElementById('text').value === '' && document.querySelectorAll('.message').length === 0")
        .await;
    page.value("history.back()").await;
    page.wait("document.getElementById('text').value === 'half a thought'").await;
    page.wait("document.querySelectorAll('.message').length === 100").await;
    page.wait("document.getElementById('scroll').scrollTop > 100").await;
    page.value("document.getElementById('earlier').click()").await;
    page.wait("document.querySelectorAll('.message').length === 130").await;
    assert_eq!(page.text(".message").await, "part 0");
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test]
async fn a_screen_reader_finds_a_name_for_everything() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    page.write("hello").await;
    page.key("Enter").await;
    received(&stage, 1).await;
    let to = stage.gateway.received.lock().expect("lock")[0].conversation.clone();
    stage.console.send(&to, &asking()).await.expect("sent");
    stage.console.status(&to).await.expect("shown");
    stage.console.react(&to, &MessageRef("another".to_owned()), Some(Sign::Done)).await.expect("shown");
    page.wait("document.querySelector('.asks .answer') && !document.getElementById('stop').hidden").await;
    let names = page.names(&["button", "link", "textbox", "log", "navigation", "article", "image"]).await;
    assert!(names.len() > 8, "{names:?}");
    assert!(names.iter().all(|name| !name.is_empty()), "{names:?}");
    for wanted in ["Message", "Messages", "Send", "Stop", "Allow once", "Conversations", "New conversation"] {
        assert!(names.iter().any(|name| name == wanted), "{wanted} is not in {names:?}");
    }
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test]
async fn a_stranger_sees_how_to_get_in_and_nothing_else() {
    let stage = Stage::new().await;
    let mut page = Page::start().await;
    page.screen(PHONE).await;
    page.call("Page.navigate", serde_json::json!({ "url": stage.url("/") })).await;
    page.wait("document.querySelector('h1')?.textContent === 'Adjutant is locked'").await;
    // The style is allowed by its hash.
    assert_eq!(page.value("getComputedStyle(document.querySelector('main')).borderRadius").await, "14px");
    page.picture("9-locked").await;
}
