//! Someone who has many conversations: names, search, the line of waiting messages, keys.

use adjutant_core::message::InboundContent;
use adjutant_core::platform::{Button, Part, Platform};
use adjutant_server::standing::{QueuedMessage, SessionStanding, Standing, TurnStanding, UsageStanding};
use adjutant_testkit::browser::{DESK, DESK_DARK, PHONE, PHONE_DARK, Page};
use serde_json::json;

use crate::stage::{Stage, conversation, key};

fn standing() -> Standing {
    let at = chrono::DateTime::from_timestamp(1_790_000_000, 0).expect("a time");
    let waits = |text: &str, drop: &str| QueuedMessage {
        text: text.to_owned(),
        at,
        drop: drop.to_owned(),
        steer: Some("s:7".to_owned()),
    };
    Standing {
        codebase: Some("shop".to_owned()),
        directory: Some("shop".to_owned()),
        branch: Some("main".to_owned()),
        assistant: Some("Claude".to_owned()),
        session: Some(SessionStanding { id: "sess_a1b2c3".to_owned(), started_at: at, turns: 14 }),
        turn: Some(TurnStanding { title: "add dark mode".to_owned(), started_at: at, waits_for_approval: false }),
        settled: false,
        queue: vec![waits("then the tests", "q:7"), waits("and a commit", "q:8")],
        today: UsageStanding { turns: 3, tokens: 1234, cost_usd: 0.31, unknown_cost: 1 },
        sessions: Vec::new(),
    }
}

async fn received(stage: &Stage, count: usize) -> InboundContent {
    for _ in 0..1500 {
        if let Some(message) = stage.gateway.received.lock().expect("lock").get(count - 1) {
            return message.content.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("message {count} never arrived");
}

/// A key with Alt, told by its place on the keyboard.
async fn alt(page: &mut Page, code: &str) {
    let press = format!(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{ code: '{code}', key: 'x', altKey: true, bubbles: true, cancelable: true }}))"
    );
    page.value(&press).await;
}

#[tokio::test]
async fn the_page_says_where_the_conversation_stands_and_what_waits_can_be_dropped() {
    let stage = Stage::new().await;
    *stage.gateway.standing.lock().expect("lock") = standing();
    let mut page = Page::open(&stage.link, DESK).await;
    page.wait("document.getElementById('standing').textContent === 'shop · main · Claude'").await;
    page.wait("!document.getElementById('stop').hidden").await;
    page.wait("document.querySelectorAll('#queue li').length === 2").await;
    page.write("hello").await;
    page.key("Enter").await;
    received(&stage, 1).await;
    page.wait("document.querySelectorAll('.message').length === 1").await;
    page.picture("10-queue").await;
    page.click("#details").await;
    page.wait("document.getElementById('about-conversation').open").await;
    let facts = page.text("#facts").await;
    for fact in ["sess_a1b2c3", "14 turns", "add dark mode", "2 messages", "1234 tokens, $0.31 and 1 of unknown cost"] {
        assert!(facts.contains(fact), "{fact} is not in {facts}");
    }
    for (screen, name) in [(DESK_DARK, "11-about-dark"), (PHONE, "11-about-phone"), (DESK, "11-about")] {
        page.screen(screen).await;
        page.wait(&format!("innerWidth === {}", screen.width)).await;
        assert_eq!(page.value("document.documentElement.scrollWidth").await, screen.width);
        page.picture(name).await;
    }
    page.key("Escape").await;
    page.wait("!document.getElementById('about-conversation').open").await;
    assert_eq!(stage.gateway.received.lock().expect("lock").len(), 1, "Esc closed the dialog and stopped nothing");
    page.click("#queue li:first-child .drop").await;
    assert_eq!(received(&stage, 2).await, InboundContent::Button { token: "q:7".to_owned() });
    page.click("#queue li:last-child button:not(.drop)").await;
    assert_eq!(received(&stage, 3).await, InboundContent::Button { token: "s:7".to_owned() });
    *stage.gateway.standing.lock().expect("lock") = Standing { turn: None, queue: Vec::new(), ..standing() };
    let to = stage.gateway.received.lock().expect("lock")[0].conversation.clone();
    stage.console.send(&to, &Part::text("Done.")).await.expect("sent");
    page.wait("document.getElementById('queue').hidden && document.getElementById('stop').hidden").await;
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test]
async fn conversations_are_named_searched_and_gone_through_with_keys() {
    let stage = Stage::new().await;
    let (one, two) = (conversation(), conversation());
    stage.say(&one, json!({ "text": "add dark mode" })).await;
    stage.console.send(&key(&one), &Part::text("The toggle is in the header.")).await.expect("sent");
    stage.say(&two, json!({ "text": "why is the total wrong" })).await;
    let mut page = Page::open(&stage.link, DESK).await;
    page.wait("document.getElementById('title').textContent === 'why is the total wrong'").await;
    alt(&mut page, "KeyI").await;
    page.wait("document.getElementById('about-conversation').open").await;
    page.write("Sums").await;
    page.key("Enter").await;
    page.wait("document.getElementById('title').textContent === 'Sums'").await;
    page.wait("document.querySelector('#conversations a').textContent === 'Sums'").await;
    alt(&mut page, "ArrowDown").await;
    page.wait("document.getElementById('title').textContent === 'add dark mode'").await;
    alt(&mut page, "ArrowUp").await;
    page.wait("document.getElementById('title').textContent === 'Sums'").await;
    alt(&mut page, "KeyF").await;
    page.write("toggle").await;
    page.wait("document.querySelectorAll('#conversations a').length === 1").await;
    page.wait("document.getElementById('found').textContent === '1 found'").await;
    assert!(page.text("#conversations").await.contains("The toggle is in the header."));
    page.picture("12-search").await;
    page.key("Escape").await;
    page.wait("document.querySelectorAll('#conversations a').length === 2").await;
    page.value("document.activeElement.blur()").await;
    page.value("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true }))").await;
    page.wait("document.getElementById('shortcuts').open").await;
    page.picture("13-keys").await;
    page.screen(PHONE_DARK).await;
    page.picture("13-keys-phone-dark").await;
    page.click("#shortcuts [data-close]").await;
    page.wait("!document.getElementById('shortcuts').open").await;
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test]
async fn a_question_is_answered_with_a_key() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    let id = page.value("location.hash.slice(1)").await.as_str().expect("an id").to_owned();
    let button = |label: &str, token: &str| Button { label: label.to_owned(), token: token.to_owned() };
    let buttons = vec![
        vec![button("Allow once", "p:7:o"), button("Allow for this session", "p:7:s")],
        vec![button("Deny", "p:7:d")],
    ];
    for (number, (code, token)) in [("KeyO", "p:7:o"), ("KeyS", "p:7:s"), ("KeyX", "p:7:d")].into_iter().enumerate() {
        let asked = Part { buttons: buttons.clone(), ..Part::text("Claude wants to run `make`.") };
        let shown = stage.console.send(&key(&id), &asked).await.expect("sent");
        page.wait("document.querySelector('.asks .answer:not(:disabled)')").await;
        alt(&mut page, code).await;
        assert_eq!(received(&stage, number + 1).await, InboundContent::Button { token: token.to_owned() });
        stage.console.edit(&key(&id), &shown, &Part::text("✓ Answered.")).await.expect("edited");
        page.wait("!document.querySelector('.asks')").await;
    }
    assert_eq!(page.errors, Vec::<String>::new());
}
