//! Strings that strangers can set never become markup or addresses that run.

use adjutant_core::platform::{Button, Form, Part, Platform};
use adjutant_server::standing::{QueuedMessage, SessionStanding, Standing, TurnStanding};
use adjutant_testkit::browser::{DESK, Page};
use serde_json::json;

use crate::stage::{Stage, key};

const HOSTILE: &[&str] = &[
    "<script>window.hacked = 1</script>",
    "<img src=x onerror=\"window.hacked = 1\">",
    "<svg/onload=window.hacked=1>",
    "[press me](javascript:window.hacked=1)",
    "[press me](JaVaScRiPt:window.hacked=1)",
    "[press me](data:text/html,<script>parent.hacked=1</script>)",
    "[press me](vbscript:x) <javascript:window.hacked=1>",
    "![x](https://evil.example/pixel.png)",
    "![x](x\" onerror=\"window.hacked=1)",
    "[a](https://ok.example/\" onmouseover=\"window.hacked=1)",
    "```\"><script>window.hacked=1</script>\n</code></pre><script>window.hacked=1</script>\n```",
    "`<b>bold</b>` | <iframe srcdoc='<script>parent.hacked=1</script>'>",
    "| <img src=x onerror=window.hacked=1> | b |\n| --- | --- |\n| <script>window.hacked=1</script> | [x](javascript:window.hacked=1) |",
    "<style>body { display: none }</style><base href='https://evil.example/'>",
    "# <a href=javascript:window.hacked=1>x</a>",
    "> <form action=https://evil.example><button>x</button></form>",
    "- [x] <input autofocus onfocus=window.hacked=1>",
    "</div></main><script>window.hacked=1</script>",
    "https://evil.example/\"onclick=\"window.hacked=1",
    "{{constructor.constructor('window.hacked=1')()}} ${window.hacked=1}",
];

#[tokio::test]
async fn hostile_strings_are_shown_as_text() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    let id = page.value("location.hash.slice(1)").await.as_str().expect("an id").to_owned();
    let before =
        page.value("document.querySelectorAll('script, img, style, base, form, iframe, svg, input').length").await;
    for text in HOSTILE {
        stage.say(&id, json!({ "text": text })).await;
        let button = Button { label: (*text).to_owned(), token: "t".to_owned() };
        stage.console.send(&key(&id), &Part { buttons: vec![vec![button]], ..Part::text(*text) }).await.expect("sent");
        let plain = Part { form: Form::Plain, ..Part::text(*text) };
        stage.console.send(&key(&id), &plain).await.expect("sent");
    }
    let count = HOSTILE.len() * 3;
    page.wait(&format!("document.querySelectorAll('.message').length === {count}")).await;
    // The same again from the transcript, with hostile titles in the list.
    page.value("location.reload()").await;
    page.wait(&format!(
        "document.querySelectorAll('.message').length === {count} && document.querySelector('#conversations a')"
    ))
    .await;
    page.value("document.querySelectorAll('.log a').forEach((link) => link.dispatchEvent(new MouseEvent('mouseover', { bubbles: true })))").await;

    assert_eq!(page.value("window.hacked ?? null").await, serde_json::Value::Null);
    let inside = "document.querySelectorAll('.log :is(script, img, style, base, form, iframe, object, embed, link, meta)').length";
    assert_eq!(page.value(inside).await, 0);
    let handlers = "[...document.querySelectorAll('.log *')].flatMap((node) => node.getAttributeNames()).filter((name) => name.startsWith('on') || name === 'style' || name === 'srcdoc')";
    assert_eq!(page.value(handlers).await, json!([]));
    let addresses =
        page.value("[...document.querySelectorAll('.log a')].map((link) => [link.protocol, link.rel])").await;
    for address in addresses.as_array().expect("links") {
        assert_eq!(*address, json!(["https:", "noopener noreferrer nofollow"]));
    }
    let shown = page.value("[...document.querySelectorAll('.user .body')].map((node) => node.textContent)").await;
    assert_eq!(shown, json!(HOSTILE));
    assert_ne!(before, 0);
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test]
async fn hostile_names_around_the_messages_are_shown_as_text() {
    let stage = Stage::new().await;
    let hostile = HOSTILE.join(" ");
    let at = chrono::DateTime::from_timestamp(1_790_000_000, 0).expect("a time");
    let name = || Some(hostile.clone());
    *stage.gateway.standing.lock().expect("lock") = Standing {
        codebase: name(),
        directory: name(),
        branch: name(),
        assistant: name(),
        session: Some(SessionStanding { id: hostile.clone(), started_at: at, turns: 1 }),
        turn: Some(TurnStanding { title: hostile.clone(), started_at: at, waits_for_approval: false }),
        queue: vec![QueuedMessage { text: hostile.clone(), at, drop: "q:7".to_owned(), steer: None }],
        ..Standing::default()
    };
    let mut page = Page::open(&stage.link, DESK).await;
    page.wait("document.querySelectorAll('#queue li').length === 1").await;
    page.value("document.getElementById('details').click()").await;
    page.wait("document.querySelectorAll('#facts dd').length > 5").await;
    let around = ":is(#standing, #queue, #facts)";
    let inside = format!("document.querySelectorAll('{around} :is(script, img, style, base, form, iframe, a)').length");
    assert_eq!(page.value(&inside).await, 0);
    let handlers = format!(
        "[...document.querySelectorAll('{around} *')].flatMap((node) => node.getAttributeNames()).filter((name) => name.startsWith('on') || name === 'style')"
    );
    assert_eq!(page.value(&handlers).await, json!([]));
    assert_eq!(page.value("document.querySelector('#queue .text').textContent").await, json!(hostile));
    assert_eq!(page.value("document.querySelector('#facts dd').textContent").await, json!(hostile));
    assert_eq!(page.value("window.hacked ?? null").await, serde_json::Value::Null);
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test]
async fn invisible_characters_in_a_command_are_seen() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    let id = page.value("location.hash.slice(1)").await.as_str().expect("an id").to_owned();
    let text = "```sh\nrm -rf \u{202e}/ tmp\u{200b} \u{1b}[8m# hidden\n```\n\nand `a\u{2066}b`";
    stage.console.send(&key(&id), &Part::text(text)).await.expect("sent");
    page.wait("document.querySelectorAll('.invisible').length === 4").await;
    let seen = page.value("[...document.querySelectorAll('.invisible')].map((node) => node.textContent)").await;
    assert_eq!(seen, json!(["U+202E", "U+200B", "U+001B", "U+2066"]));
}
