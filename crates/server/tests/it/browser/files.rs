//! Files added to a message: chosen, dropped, pasted.

use adjutant_core::message::InboundContent;
use adjutant_core::platform::Platform;
use adjutant_server::standing::{PastSession, Standing};
use adjutant_testkit::browser::{DESK, DESK_DARK, PHONE, Page};

use crate::stage::Stage;

/// Files as a browser holds them, and an event with them.
async fn give(page: &mut Page, files: &str, event: &str) {
    let script = format!(
        "(() => {{ const data = new DataTransfer(); for (const file of [{files}]) data.items.add(file); {event} }})()"
    );
    page.value(&script).await;
}

const DROP: &str = "const drag = (type) => dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, \
     cancelable: true })); drag('dragenter'); drag('dragover'); drag('drop');";
const PASTE: &str = "document.getElementById('text').dispatchEvent(new ClipboardEvent('paste', \
     { clipboardData: data, bubbles: true, cancelable: true }));";
const CHOOSE: &str = "const input = document.getElementById('file'); input.files = data.files; \
     input.dispatchEvent(new Event('change'));";

#[tokio::test]
async fn files_are_chosen_dropped_and_pasted_and_go_with_the_message() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    page.wait("!document.getElementById('welcome').hidden").await;
    give(&mut page, "new File(['# Notes'], 'notes.md')", CHOOSE).await;
    give(&mut page, "new File(['a,b'], 'orders of the whole year, one line for each.csv')", DROP).await;
    give(&mut page, "new File(['png'], 'image.png', { type: 'image/png' })", PASTE).await;
    page.wait("document.querySelectorAll('#attachments li:not(.coming)').length === 3").await;
    assert_eq!(page.value("document.getElementById('shell').classList.contains('dropping')").await, false);
    let names = page.names(&["button"]).await;
    assert!(names.contains(&"Add files".to_owned()) && names.contains(&"Remove notes.md".to_owned()), "{names:?}");
    for (screen, name) in [(DESK_DARK, "20-files-dark"), (PHONE, "20-files-phone"), (DESK, "20-files")] {
        page.screen(screen).await;
        page.wait(&format!("innerWidth === {}", screen.width)).await;
        page.wait("document.getAnimations().every((moving) => !(moving instanceof CSSTransition))").await;
        assert_eq!(page.value("document.documentElement.scrollWidth").await, screen.width);
        page.picture(name).await;
    }
    page.click("#attachments li:nth-child(2) button").await;
    page.wait("document.querySelectorAll('#attachments li').length === 2").await;
    page.click("#send").await;
    page.wait("document.querySelectorAll('.message.user .files li').length === 2").await;
    page.wait("document.querySelector('.message.user:not(.unsent)')").await;
    let message = stage.gateway.received.lock().expect("lock")[0].clone();
    let InboundContent::Text { text, files, .. } = message.content else { panic!("no text") };
    assert_eq!((text.as_str(), files.len()), ("", 2));
    assert_eq!(stage.console.fetch(&files[0]).await.expect("fetched"), b"# Notes");
    assert_eq!(stage.console.fetch(&files[1]).await.expect("fetched"), b"png");
    page.value("location.reload()").await;
    page.wait("document.querySelectorAll('.message.user .files li').length === 2").await;
    assert!(page.text(".message.user .files").await.contains("image.png"));
    page.wait("document.querySelector('#conversations a').textContent === 'notes.md, image.png'").await;
    page.picture("21-files-sent").await;
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_too_large_or_empty_is_said_and_keeps_nothing_from_being_sent() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    page.wait("!document.getElementById('welcome').hidden").await;
    give(&mut page, "new File([new Uint8Array(21 * 1024 * 1024)], 'film.mov')", CHOOSE).await;
    page.wait("document.getElementById('trouble').textContent.includes('film.mov is larger than 20 MB')").await;
    give(&mut page, "new File([], 'nothing.txt')", CHOOSE).await;
    page.wait("document.getElementById('trouble').textContent.includes('nothing.txt is empty')").await;
    assert_eq!(page.value("document.getElementById('send').disabled").await, true);
    page.write("without it then").await;
    page.key("Enter").await;
    page.wait("document.querySelector('.message.user:not(.unsent)')").await;
    let content = stage.gateway.received.lock().expect("lock")[0].content.clone();
    assert_eq!(content, InboundContent::words("without it then"));
}

#[tokio::test]
async fn a_past_session_is_listed_and_goes_on_with_a_click() {
    let stage = Stage::new().await;
    let at = chrono::DateTime::from_timestamp(1_790_000_000, 0).expect("a time");
    let session = |number: i64, active: bool| PastSession {
        number,
        assistant: "Claude".to_owned(),
        command: (number == 2).then(|| "plan-feature".to_owned()),
        turns: 3,
        started_at: at,
        active,
        resumable: !active,
    };
    let sessions = vec![session(3, true), session(2, false), session(1, false)];
    *stage.gateway.standing.lock().expect("lock") = Standing { sessions, ..Standing::default() };
    let mut page = Page::open(&stage.link, DESK).await;
    page.wait("!document.getElementById('welcome').hidden").await;
    page.click("#details").await;
    page.wait("document.querySelectorAll('#sessions li').length === 3").await;
    assert!(page.text("#sessions").await.contains("plan-feature"), "{}", page.text("#sessions").await);
    page.picture("22-sessions").await;
    page.click("#sessions li:nth-child(2) button").await;
    page.wait("!document.getElementById('about-conversation').open").await;
    page.wait("document.querySelector('.message.user:not(.unsent)')").await;
    let content = stage.gateway.received.lock().expect("lock")[0].content.clone();
    assert_eq!(content, InboundContent::words("/sessions resume 2"));
    assert_eq!(page.errors, Vec::<String>::new());
}
