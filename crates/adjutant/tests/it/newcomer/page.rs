//! The console of an unconfigured gateway, in a real browser.

use adjutant_testkit::browser::{DESK, DESK_DARK, PHONE, PHONE_DARK, Page};

use super::stage::Newcomer;

/// Without timers nothing fades: what vanishes now was taken away by an event.
const NO_FADING: &str = "window.setInterval = () => 0";
const WORKS: &str = "!document.getElementById('working').hidden && !document.getElementById('stop').hidden";
const RESTS: &str = "document.getElementById('working').hidden && document.getElementById('stop').hidden";
/// Everything that stands in the log.
const LOG: &str = "(document.getElementById('log')?.innerText ?? '')";

/// Opens the printed link, as the first thing that is done with a gateway.
async fn opened(newcomer: &Newcomer) -> Page {
    let mut page = Page::open(&newcomer.link(), DESK).await;
    page.value(NO_FADING).await;
    page.wait("!document.getElementById('welcome').hidden && !document.getElementById('banner').hidden").await;
    page
}

async fn say(page: &mut Page, text: &str) {
    page.click("#text").await;
    page.write(text).await;
    page.key("Enter").await;
}

async fn until_log_has(page: &mut Page, text: &str) {
    page.wait(&format!("{LOG}.includes({text:?})")).await;
}

/// Reloads the page and waits until it shows so many messages again, drawn.
async fn reload(page: &mut Page, messages: usize) {
    page.value("window.isOld = true").await;
    page.value("location.reload()").await;
    shows(page, messages).await;
}

async fn shows(page: &mut Page, messages: usize) {
    let drawn = "[...document.querySelectorAll('.message .body')].filter((body) => body.innerText).length";
    page.wait(&format!("!window.isOld && {drawn} >= {messages}")).await;
}

/// Remembers each length that the last message of the gateway has had.
const WATCH: &str = "(() => { window.lengths = new Set(); new MutationObserver(() => \
     window.lengths.add([...document.querySelectorAll('.gateway .body')].at(-1)?.innerText.length)) \
     .observe(document.getElementById('log'), { childList: true, subtree: true, characterData: true }); })()";

/// Pictures on every kind of screen, and nothing that sticks out of one.
async fn pictures(page: &mut Page, name: &str) {
    let screens = [(DESK_DARK, "desk-dark"), (PHONE, "phone"), (PHONE_DARK, "phone-dark"), (DESK, "desk")];
    for (screen, kind) in screens {
        page.screen(screen).await;
        page.wait(&format!("innerWidth === {}", screen.width)).await;
        page.wait("document.getAnimations().every((moving) => !(moving instanceof CSSTransition))").await;
        assert_eq!(page.value("document.documentElement.scrollWidth").await, screen.width);
        page.picture(&format!("{name}-{kind}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hello_is_answered_while_one_looks_and_a_change_is_made_when_allowed() {
    let newcomer = Newcomer::start().await;
    let mut page = opened(&newcomer).await;
    let banner = page.text("#banner").await;
    assert!(banner.starts_with("Demo assistant. Its answers are scripted"), "{banner}");
    assert!(!banner.contains("is off: "), "said once: {banner}");
    pictures(&mut page, "n1-welcome").await;

    page.value(WATCH).await;
    say(&mut page, "hello").await;
    page.wait(WORKS).await;
    until_log_has(&mut page, "This is Adjutant's demo").await;
    until_log_has(&mut page, "improve the greeting").await;
    page.wait(RESTS).await;
    assert!(page.value("window.lengths.size").await.as_u64().unwrap() >= 3, "it grew while it was written");
    assert_eq!(page.value("document.querySelectorAll('.message').length").await, 2);

    say(&mut page, "improve the greeting").await;
    page.wait("document.querySelector('.asks .answer.primary') && document.querySelector('.asks .body').innerText")
        .await;
    page.wait("document.getElementById('working-text').textContent === 'Waiting for your answer'").await;
    let card = page.text(".asks").await;
    assert!(card.contains("greeting.py") && card.contains("name.strip()"), "{card}");
    pictures(&mut page, "n2-asks").await;
    assert!(!newcomer.sample("greeting.py").contains("or 'you'"), "nothing happens before the answer");
    page.click(".asks .answer.primary").await;
    until_log_has(&mut page, "Allowed once by").await;
    until_log_has(&mut page, "Done.").await;
    page.wait(RESTS).await;
    assert!(newcomer.sample("greeting.py").contains("or 'you'"));
    pictures(&mut page, "n3-done").await;
    assert_eq!(page.errors, Vec::<String>::new());

    // The same again after a reload, and in another tab.
    let before = page.value(LOG).await;
    reload(&mut page, 5).await;
    assert_eq!(page.value(LOG).await, before);
    let address = page.value("location.href").await;
    let mut other = Page::open(&newcomer.fresh_link(), PHONE).await;
    other.go(address.as_str().unwrap()).await;
    shows(&mut other, 5).await;
    assert_eq!(other.value(LOG).await, before);
    say(&mut page, "hello").await;
    page.wait(RESTS).await;
    other.wait("document.querySelectorAll('.user').length === 3").await;
    other.wait(&format!("{RESTS} && {LOG}.lastIndexOf('This is Adjutant') > {LOG}.indexOf('Done.')")).await;
    assert_eq!([page.errors, other.errors].concat(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_denied_is_not_done() {
    let newcomer = Newcomer::start().await;
    let mut page = opened(&newcomer).await;
    say(&mut page, "improve the greeting").await;
    page.wait("document.querySelector('.asks .answer.refuse')").await;
    page.click(".asks .answer.refuse").await;
    until_log_has(&mut page, "Denied by").await;
    until_log_has(&mut page, "nothing was changed").await;
    page.wait(RESTS).await;
    page.picture("n4-denied").await;
    assert!(!newcomer.sample("greeting.py").contains("or 'you'"));
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_an_answer_in_the_middle_and_what_waits_is_taken_up() {
    let newcomer = Newcomer::start().await;
    let mut page = opened(&newcomer).await;
    say(&mut page, "How does this work?").await;
    until_log_has(&mut page, "It is stored before").await;
    page.wait(WORKS).await;
    page.picture("n5-streaming").await;
    let log = page.text("#log").await;
    assert!(!log.contains('▍') && !log.contains('⏳'), "{log}");
    say(&mut page, "hello").await;
    until_log_has(&mut page, "Queued, 1st in line").await;
    page.picture("n6-queued").await;
    page.click("#stop").await;
    until_log_has(&mut page, "Stopped after").await;
    // The waiting message is answered next.
    until_log_has(&mut page, "Or ask: how does this work?").await;
    page.wait(RESTS).await;
    page.picture("n7-stopped").await;
    let log = page.value(LOG).await.as_str().unwrap().to_owned();
    assert!(!log.contains("That is all there is to know"), "it was stopped in the middle: {log}");
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_stopped_with_its_turn() {
    let newcomer = Newcomer::start().await;
    let mut page = opened(&newcomer).await;
    say(&mut page, "improve the greeting").await;
    page.wait("document.querySelector('.asks .answer')").await;
    page.click("#stop").await;
    until_log_has(&mut page, "Stopped after").await;
    page.wait(&format!("!document.querySelector('.asks') && {RESTS}")).await;
    page.picture("n8-question-stopped").await;
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_open_while_the_gateway_is_killed_goes_on_without_a_gap() {
    let mut newcomer = Newcomer::start().await;
    let mut page = opened(&newcomer).await;
    say(&mut page, "How does this work?").await;
    until_log_has(&mut page, "It is stored before").await;
    newcomer.kill();
    page.wait("document.getElementById('connection').textContent === 'Reconnecting'").await;
    page.picture("n9-reconnecting").await;
    newcomer.launch().await;
    until_log_has(&mut page, "That is all there is to know").await;
    page.wait(&format!("{RESTS} && document.getElementById('connection').textContent === ''")).await;
    page.picture("n10-reconnected").await;
    let shown = page.value(LOG).await.as_str().unwrap().to_owned();
    for once in ["What happens here", "It is stored before", "/command-invoke plan", "That is all there is to know"] {
        assert_eq!(shown.matches(once).count(), 1, "{once}: {shown}");
    }
    assert_eq!(page.value("document.querySelectorAll('.message').length").await, 2, "{shown}");
    reload(&mut page, 2).await;
    assert_eq!(page.value(LOG).await, shown, "the page shows what is stored");
    say(&mut page, "hello").await;
    until_log_has(&mut page, "Or ask: how does this work?").await;
    // A connection that broke off is no fault of the page.
    page.errors.retain(|error| !error.contains("net::ERR_"));
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_on_the_page_can_be_answered_after_the_gateway_was_killed() {
    let mut newcomer = Newcomer::start().await;
    let mut page = opened(&newcomer).await;
    say(&mut page, "improve the greeting").await;
    page.wait("document.querySelector('.asks .answer.primary')").await;
    newcomer.kill();
    page.wait("document.getElementById('connection').textContent === 'Reconnecting'").await;
    newcomer.launch().await;
    page.wait("document.getElementById('connection').textContent === ''").await;
    page.click(".asks .answer.primary").await;
    until_log_has(&mut page, "Allowed once by").await;
    until_log_has(&mut page, "Done.").await;
    page.wait(RESTS).await;
    assert!(newcomer.sample("greeting.py").contains("or 'you'"));
    assert_eq!(page.value("document.querySelectorAll('.asks').length").await, 0);
}
