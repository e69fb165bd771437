//! The line below a reply: what the turn changed, whether its tests passed, how long it took and what it cost.

use adjutant_testkit::telegram::Shown;

use crate::harness::{ANA, Options, TestGateway};

async fn start(mut environment: Vec<(&'static str, String)>) -> TestGateway {
    environment.push(("REPLY_FOOTER", "true".to_owned()));
    let gateway = TestGateway::start_with(Options { environment, ..Options::default() }).await;
    gateway.telegram.lift_limits();
    gateway
}

async fn allow(gateway: &TestGateway, label: &str) {
    let has = |shown: &Shown| shown.labels().contains(&label);
    let shown = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(has)).await;
    let message = shown.iter().rev().find(|shown| has(shown)).unwrap().id;
    gateway.telegram.presses(ANA, ANA, message, label);
    gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|one| one.id == message && !has(one))).await;
}

/// The last line of the reply with these words, without the time.
async fn footer(gateway: &TestGateway, words: &str) -> String {
    gateway.until_said(words).await;
    gateway.until_settled().await;
    let texts = gateway.telegram.texts(ANA);
    let reply = texts.iter().rev().find(|text| text.contains(words)).unwrap();
    let last = reply.lines().last().unwrap();
    regex::Regex::new(r"\b(\d+ min )?\d+ s\b").unwrap().replace(last, "2 s").into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_and_written_is_counted_and_what_was_there_before_is_not() {
    let gateway = start(Vec::new()).await;
    std::fs::write(gateway.shop().join("before.txt"), "not the turn's\n").unwrap();
    gateway.telegram.says(
        ANA,
        ANA,
        "[[quiet]] [[edit:cart.txt:one\ntwo\n]] [[edit:README.md:# The shop\n]] [[text:Written.]] [[usage:5,6,0.31]]",
    );
    allow(&gateway, "Allow once").await;
    allow(&gateway, "Allow once").await;
    assert_eq!(footer(&gateway, "Written.").await, "✓ 2 files, +3 −1 · 2 s · $0.31");
    gateway.telegram.says(ANA, ANA, "[[tool:Read:{\"file_path\":\"README.md\"}]] [[text:Looked at.]]");
    assert_eq!(footer(&gateway, "Looked at.").await, "Done, no files changed · 2 s");
    gateway.telegram.says(ANA, ANA, "[[text:Only words.]]");
    assert_eq!(footer(&gateway, "Only words.").await, "Only words.");
    gateway.telegram.says(
        ANA,
        ANA,
        "[[quiet]] [[run:git add -A && git commit -qm Cart && rm cart.txt]] [[text:Kept.]]",
    );
    allow(&gateway, "Allow for this session").await;
    assert_eq!(footer(&gateway, "Kept.").await, "✓ 1 file, +0 −2 · 2 s");
    // From now on this process asks for no `Bash` any more.
    gateway.telegram.says(ANA, ANA, "[[quiet]] [[run:printf 'a\\nb\\nc\\n' > list.txt]] [[text:Listed.]]");
    assert_eq!(footer(&gateway, "Listed.").await, "✓ 1 file, +3 −0 · 2 s");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_are_named_when_they_ran_and_their_end_is_known() {
    let gateway = start(Vec::new()).await;
    gateway.telegram.says(ANA, ANA, "[[tool:Bash:{\"command\":\"cargo test\"}]] [[text:Green.]]");
    assert_eq!(footer(&gateway, "Green.").await, "Done, no files changed · tests passed · 2 s");
    gateway.telegram.says(ANA, ANA, "[[tool:Bash:{\"command\":\"cargo test | tail -3\"}]] [[text:Who knows.]]");
    assert_eq!(footer(&gateway, "Who knows.").await, "Done, no files changed · 2 s");
    gateway.telegram.says(ANA, ANA, "[[permission:Bash:cargo test]] [[text:Not run.]]");
    allow(&gateway, "Deny").await;
    assert_eq!(footer(&gateway, "Not run.").await, "Done, no files changed · 2 s", "what was denied did not fail");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_that_nobody_is_asked_for_are_counted_in_batch_and_quiet_mode_too() {
    let gateway = start(vec![("PERMISSION_MODE", "accept-edits".to_owned())]).await;
    for mode in ["batch", "quiet"] {
        gateway.telegram.says(ANA, ANA, &format!("/mode {mode}"));
        gateway.until_said(&format!("Replies arrive as {mode}")).await;
        gateway.telegram.says(ANA, ANA, &format!("[[quiet]] [[edit:{mode}.txt:one\n]] [[text:In {mode}.]]"));
        assert_eq!(footer(&gateway, &format!("In {mode}.")).await, "✓ 1 file, +1 −0 · 2 s");
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_in_the_middle_nothing_is_claimed_about_files() {
    let mut gateway = start(Vec::new()).await;
    gateway.telegram.says(ANA, ANA, "[[tool:Read:{}]] [[words:40,50]] [[text:Read.]]");
    gateway.until_drafted("w5 ").await;
    gateway.kill();
    gateway.launch().await;
    assert_eq!(footer(&gateway, "Read.").await, "✓ Done · 2 s");
    gateway.finish().await;
}
