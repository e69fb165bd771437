//! Two conversations in one repository, worktrees, and what is different in a working tree.

use std::path::{Path, PathBuf};
use std::process::Command;

use adjutant_testkit::telegram::Shown;

use crate::harness::{ANA, Options, TestGateway};

/// A second person, with a conversation of their own.
const BEN: i64 = 4_002;

async fn start(environment: &[(&'static str, &str)]) -> TestGateway {
    let mut all = vec![("TELEGRAM_ALLOWED_USERS", format!("{ANA},{BEN}"))];
    all.extend(environment.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let mut gateway = TestGateway::prepare(Options { environment: all, ..Options::default() }).await;
    gateway.telegram.user(BEN, "Ben");
    gateway.telegram.lift_limits();
    gateway.launch().await;
    gateway
}

async fn until_shown(gateway: &TestGateway, who: i64, words: &str) -> Vec<Shown> {
    gateway.telegram.wait_for(who, |messages| messages.iter().any(|m| m.text.contains(words))).await
}

async fn press(gateway: &TestGateway, who: i64, label: &str) {
    let has = |shown: &Shown| shown.labels().contains(&label);
    let shown = gateway.telegram.wait_for(who, |messages| messages.iter().any(has)).await;
    let message = shown.iter().rev().find(|shown| has(shown)).unwrap().id;
    gateway.telegram.presses(who, who, message, label);
}

/// Ben says something and gets one more message with this answer in it.
async fn ben_says(gateway: &TestGateway, text: &str, answer: &str) {
    let count = |texts: &[String]| texts.iter().filter(|text| text.contains(answer)).count();
    let before = count(&gateway.telegram.texts(BEN));
    gateway.telegram.says(BEN, BEN, text);
    gateway.until(answer, || count(&gateway.telegram.texts(BEN)) > before).await;
}

fn worktrees(gateway: &TestGateway) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(gateway.folder().join("workspace/.worktrees/shop")) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn git(at: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).current_dir(at).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn snapshot(name: &str, transcript: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"shop/[0-9a-f]{12}\b", "shop/abc123");
    settings.add_filter(r"\b\d+ s\b", "2 s");
    settings.add_filter(r"\n  \(👀\)", "");
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, transcript));
}

/// Ana's turn works in `shop`, and Ben's prompt waits for it.
async fn both_in_shop(environment: &[(&'static str, &str)], prompt: &str) -> TestGateway {
    let gateway = start(environment).await;
    gateway.telegram.says(ANA, ANA, "[[hang-after:Ana's turn]]");
    gateway.until_drafted("Ana's turn").await;
    gateway.telegram.says(BEN, BEN, prompt);
    until_shown(&gateway, BEN, "another conversation works in").await;
    gateway
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_conversation_in_one_repository_is_offered_a_worktree_and_works_there() {
    let prompt = "Add dark mode [[edit:theme.css:dark]] [[text:Done in peace.]]";
    let gateway = both_in_shop(&[], prompt).await;
    std::fs::write(gateway.shop().join("README.md"), "# Ana works here\n").unwrap();
    press(&gateway, BEN, "Use a worktree").await;
    press(&gateway, BEN, "Allow once").await;
    until_shown(&gateway, BEN, "Done in peace.").await;
    let worktree = worktrees(&gateway).pop().unwrap();
    assert_eq!(std::fs::read_to_string(worktree.join("theme.css")).unwrap(), "dark");
    assert!(!gateway.shop().join("theme.css").exists(), "Ben's turn left Ana's files alone");
    ben_says(&gateway, "/worktree", "1 uncommitted file.").await;
    ben_says(&gateway, "/worktree list", "Worktrees of shop").await;
    ben_says(&gateway, "/worktree new again", "in a worktree already").await;
    ben_says(&gateway, "/diff", "theme.css new").await;
    ben_says(&gateway, "/worktree leave", "is kept in").await;
    ben_says(&gateway, "/worktree", "goes back to the worktree").await;
    assert!(worktree.join("theme.css").exists(), "what is not committed is kept");
    ben_says(&gateway, "/worktree new", "Back in the worktree of").await;
    git(&worktree, &["add", "."]);
    git(&worktree, &["-c", "user.name=Ben", "-c", "user.email=ben@example.org", "commit", "-q", "-m", "Dark mode"]);
    ben_says(&gateway, "/worktree leave", "1 commit neither pushed nor merged").await;
    git(&gateway.shop(), &["merge", "-q", "--no-edit", &git(&worktree, &["branch", "--show-current"])]);
    ben_says(&gateway, "/worktree new", "goes back.").await;
    ben_says(&gateway, "/worktree leave", "is removed").await;
    assert_eq!(worktrees(&gateway), Vec::<PathBuf>::new());
    assert_eq!(git(&gateway.shop(), &["branch", "--list", "adjutant/*"]), "");
    ben_says(&gateway, "/worktree leave", "works in shop itself").await;
    ben_says(&gateway, "/worktree here", "knows no here").await;
    gateway.telegram.says(ANA, ANA, "/stop");
    until_shown(&gateway, ANA, "Stopped after").await;
    gateway.until_settled().await;
    snapshot("a_second_conversation_works_in_a_worktree", &gateway.telegram.transcript(BEN));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_whose_directory_is_in_use_starts_when_the_other_turn_has_ended() {
    let gateway = both_in_shop(&[], "[[text:My turn.]]").await;
    assert_eq!(gateway.prompts().len(), 1);
    gateway.telegram.says(ANA, ANA, "/stop");
    until_shown(&gateway, BEN, "My turn.").await;
    let prompts = gateway.prompts();
    assert_eq!(prompts.len(), 2);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_may_start_beside_a_turn_where_the_person_wants_that() {
    let gateway = both_in_shop(&[], "[[text:Only a question.]]").await;
    press(&gateway, BEN, "Start beside it").await;
    let shown = until_shown(&gateway, BEN, "Only a question.").await;
    let told = shown.iter().find(|message| message.text.starts_with("✓ Started.")).unwrap();
    assert_eq!(told.labels(), Vec::<&str>::new(), "what has started cannot be started again");
    gateway.telegram.says(ANA, ANA, "/stop");
    until_shown(&gateway, ANA, "Stopped after").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worktree_can_be_asked_for_in_words_while_the_prompt_waits() {
    let gateway = both_in_shop(&[], "[[text:Beside each other.]]").await;
    ben_says(&gateway, "/worktree new", "Beside each other.").await;
    assert_eq!(worktrees(&gateway).len(), 1);
    gateway.telegram.says(ANA, ANA, "/worktree new");
    until_shown(&gateway, ANA, "Queued, 1st in line").await;
    gateway.telegram.says(ANA, ANA, "/stop");
    until_shown(&gateway, ANA, "Worktree of shop made").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_waits_for_its_directory_survives_a_kill_and_is_not_told_twice() {
    let mut gateway = both_in_shop(&[], "[[text:Still my turn.]]").await;
    gateway.kill();
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "/stop");
    until_shown(&gateway, BEN, "Still my turn.").await;
    // One that was cut off by the kill is sent again, and says so.
    let told = gateway.telegram.texts(BEN).iter().filter(|text| text.starts_with("Queued: another")).count();
    assert_eq!(told, 1, "{}", gateway.telegram.transcript(BEN));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_that_only_plan_share_a_directory() {
    let gateway = start(&[("PERMISSION_MODE", "plan")]).await;
    gateway.telegram.says(ANA, ANA, "[[hang-after:Ana's turn]]");
    gateway.until_drafted("Ana's turn").await;
    ben_says(&gateway, "[[text:At the same time.]]", "At the same time.").await;
    gateway.telegram.says(ANA, ANA, "/stop");
    until_shown(&gateway, ANA, "Stopped after").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_uncommitted_is_shown_file_by_file_and_line_by_line() {
    let gateway = start(&[]).await;
    let shop = gateway.shop();
    ben_says(&gateway, "/setcwd shop", "Working directory").await;
    ben_says(&gateway, "/diff", "Nothing is uncommitted").await;
    std::fs::write(shop.join("README.md"), "# Shop\n\nSells ```things```.\n").unwrap();
    std::fs::create_dir(shop.join("src")).unwrap();
    std::fs::write(shop.join("src/new.rs"), "fn main() {} // \u{202e}hidden\r\n").unwrap();
    std::fs::write(shop.join("logo.png"), [0, 1, 2, 255]).unwrap();
    for (text, answer) in [
        ("/diff", "src/new.rs new"),
        ("/diff src", "in src of shop"),
        ("/diff nowhere", "Nothing is uncommitted in nowhere"),
        ("/diff ../other", "leaves the codebase"),
        ("/diff /etc/passwd", "leaves the codebase"),
        ("/setcwd shop/src", "Working directory set to shop/src"),
        ("/diff new.rs", "in src/new.rs of shop"),
        ("/diff README.md", "in README.md of shop"),
    ] {
        ben_says(&gateway, text, answer).await;
    }
    std::fs::write(shop.join("README.md"), "a long line of text\n".repeat(3_000)).unwrap();
    ben_says(&gateway, "/diff README.md", "left out here").await;
    gateway.until_settled().await;
    snapshot("what_is_uncommitted", &gateway.telegram.transcript(BEN));
    gateway.finish().await;
}
