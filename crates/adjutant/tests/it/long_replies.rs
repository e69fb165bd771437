//! Answers that are longer than a phone wants to show: the beginning, the end, and all of it as a file.

use std::time::Duration;

use adjutant_testkit::telegram::{Fault, Shown};

use crate::harness::{ANA, Options, PATIENCE, TestGateway};

/// A second person, whose chat has no faults.
const BEN: i64 = 4_002;

/// One block of some 1,500 characters: prose, a table, a nested list, code.
fn block(number: usize) -> String {
    let prose = format!("Step {number} looks at the **orders** and the _baskets_ of the shop, one by one. ").repeat(6);
    let rows: String = (0..8).map(|row| format!("| order {number}-{row} | {row} items | shipped |\n")).collect();
    let list: String =
        (1..5).map(|item| format!("{item}. Check item {item}\n   - its `price`\n   - its tax\n")).collect();
    let code: String = (0..16).map(|line| format!("let total_{line} = basket_{number}.sum({line});\n")).collect();
    format!(
        "## Step {number}\n\n{}\n\n| order | items | state |\n|---|---|---|\n{rows}\n{list}\n```rust\n{code}```",
        prose.trim()
    )
}

/// Blocks of the whole answer.
const BLOCKS: usize = 14;

/// The whole answer, as the assistant writes it.
fn answer() -> String {
    (1..=BLOCKS).map(block).collect::<Vec<_>>().join("\n\n")
}

async fn start() -> TestGateway {
    let environment = vec![("TELEGRAM_ALLOWED_USERS", format!("{ANA},{BEN}"))];
    let mut gateway = TestGateway::prepare(Options { environment, ..Options::default() }).await;
    gateway.telegram.user(BEN, "Ben");
    let commands = gateway.shop().join(".claude/commands");
    std::fs::create_dir_all(&commands).unwrap();
    let steps: String = (1..=BLOCKS).map(|number| format!("[[text:{}]] [[pause:150]]", block(number))).collect();
    std::fs::write(commands.join("long.md"), steps).unwrap();
    gateway.launch().await;
    gateway
}

/// Lets ten minutes pass while the answer comes, and more until it is there.
async fn ten_minutes(gateway: &TestGateway) {
    let started = std::time::Instant::now();
    let there = || files(gateway).len() == 1;
    let mut passed = 0;
    while passed < 100 || !there() {
        assert!(started.elapsed() < PATIENCE, "the answer did not come\n{}", gateway.story());
        gateway.advance(Duration::from_secs(6)).await;
        passed += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn files(gateway: &TestGateway) -> Vec<Shown> {
    gateway.telegram.messages(ANA).into_iter().filter(|shown| shown.file.is_some()).collect()
}

/// Four parts at most and one file; nothing torn, nothing lost.
fn assert_well_formed(gateway: &TestGateway) {
    let messages: Vec<_> = gateway.telegram.messages(ANA).into_iter().filter(|shown| !shown.deleted).collect();
    let (files, parts): (Vec<_>, Vec<_>) = messages.into_iter().partition(|shown| shown.file.is_some());
    assert!((2..=4).contains(&parts.len()), "{} parts\n{}", parts.len(), gateway.story());
    for part in &parts {
        assert!(part.text.encode_utf16().count() <= 4096, "{}", part.text);
        assert!(!part.text.contains("```") && !part.text.contains("|---"), "markup is shown: {}", part.text);
    }
    assert!(parts[0].text.starts_with("Step 1\n"), "{}", parts[0].text);
    let last = &parts[parts.len() - 1].text;
    assert!(last.starts_with("… Too long for here") && last.contains("basket_14.sum(15)"), "{last}");
    let file = files[0].file.clone().unwrap();
    assert_eq!((file.name.as_str(), files.len()), ("answer.md", 1));
    assert_eq!(String::from_utf8(file.bytes).unwrap(), answer());
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_characters_in_ten_minutes_are_four_parts_and_one_file_and_nothing_is_too_fast() {
    assert!(answer().len() > 20_000, "{}", answer().len());
    let gateway = start().await;
    gateway.telegram.says(ANA, ANA, "/command-invoke long");
    ten_minutes(&gateway).await;
    gateway.until_settled().await;
    assert_well_formed(&gateway);
    assert!(gateway.telegram.drafts(ANA).iter().any(|draft| draft.contains("Step")), "it grew as a draft");
    assert_eq!(gateway.telegram.throttled(), 0, "{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_answer_that_is_told_to_wait_loses_nothing_and_others_are_answered_meanwhile() {
    let gateway = start().await;
    // Its parts have tables.
    const PART: &str = "sendRichMessage";
    for (method, wait) in [("sendMessageDraft", 2), (PART, 2), (PART, 120), ("sendDocument", 120)] {
        gateway.telegram.fail_in(ANA, method, Fault::RetryAfter(wait), 1);
    }
    gateway.telegram.says(ANA, ANA, "/command-invoke long");
    gateway.until("Ana was told to wait", || gateway.telegram.calls(PART) > 0).await;
    gateway.telegram.says(BEN, BEN, "[[text:For Ben.]]");
    gateway.telegram.wait_for(BEN, |messages| messages.iter().any(|m| m.text.contains("For Ben."))).await;
    ten_minutes(&gateway).await;
    gateway.until_settled().await;
    assert_well_formed(&gateway);
    gateway.finish().await;
}
