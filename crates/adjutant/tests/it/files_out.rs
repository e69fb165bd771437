//! Files that the assistant hands over, and those of commands.

use adjutant_testkit::telegram::{Fault, Shown};

use crate::harness::{ANA, TestGateway};

/// The smallest picture there is.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

async fn start() -> TestGateway {
    let gateway = TestGateway::start().await;
    gateway.telegram.lift_limits();
    let out = gateway.shop().join("out");
    std::fs::create_dir_all(&out).unwrap();
    std::fs::write(out.join("cart.png"), PNG).unwrap();
    std::fs::write(out.join("report.csv"), "a,b\n").unwrap();
    gateway
}

fn files(gateway: &TestGateway) -> Vec<Shown> {
    gateway.telegram.messages(ANA).into_iter().filter(|shown| shown.file.is_some()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_and_a_document_follow_the_reply_that_names_them() {
    let gateway = start().await;
    let text = "Drawn:\n\n![The cart](out/cart.png)\n![](out/report.csv)\n![The cart](out/cart.png)\n\nAnything else?";
    gateway.telegram.says(ANA, ANA, &format!("[[text:{text}]]"));
    gateway.telegram.wait_for(ANA, |messages| messages.iter().filter(|one| one.file.is_some()).count() == 2).await;
    gateway.until_settled().await;
    let shown = gateway.telegram.messages(ANA);
    assert!(shown[0].text.starts_with("Drawn:") && !shown[0].text.contains("out/cart.png"), "{}", shown[0].text);
    let sent = files(&gateway);
    let named: Vec<_> = sent.iter().map(|one| (one.file.as_ref().unwrap().name.as_str(), one.text.as_str())).collect();
    assert_eq!(named, [("cart.png", "The cart"), ("report.csv", "out/report.csv")]);
    assert_eq!(sent[0].file.as_ref().unwrap().bytes, PNG);
    assert_eq!((gateway.telegram.calls("sendPhoto"), gateway.telegram.calls("sendDocument")), (1, 1));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outside_of_the_codebase_is_ever_sent() {
    let gateway = start().await;
    std::fs::write(gateway.folder().join("workspace/secret.txt"), "secret").unwrap();
    std::os::unix::fs::symlink("../secret.txt", gateway.shop().join("link.txt")).unwrap();
    std::os::unix::fs::symlink("/etc", gateway.shop().join("etc")).unwrap();
    let paths = ["../secret.txt", "/etc/passwd", "link.txt", "etc/passwd", ".git/config", "out", "gone.png"];
    let lines: String = paths.iter().map(|path| format!("![x]({path})\n")).collect();
    gateway.telegram.says(ANA, ANA, &format!("[[text:Look:\n\n{lines}]]"));
    let said = gateway.until_said("gone.png was not sent").await;
    gateway.until_settled().await;
    for path in paths {
        assert!(said.contains(&format!("{path} was not sent: ")), "{path}: {said}");
    }
    assert_eq!(files(&gateway), Vec::new());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_once_and_as_it_was_although_the_gateway_is_killed() {
    let mut gateway = start().await;
    gateway.telegram.pause().await;
    gateway.telegram.resume().await;
    gateway.telegram.fail("sendPhoto", Fault::RetryAfter(20), 1);
    gateway.telegram.says(ANA, ANA, "[[text:Drawn:\n\n![The cart](out/cart.png)]]");
    gateway.until_said("Drawn:").await;
    gateway.until("the picture was tried", || gateway.telegram.calls("sendPhoto") == 1).await;
    gateway.kill();
    std::fs::write(gateway.shop().join("out/cart.png"), b"changed").unwrap();
    gateway.launch().await;
    gateway.advance(std::time::Duration::from_secs(30)).await;
    gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|one| one.file.is_some())).await;
    gateway.until_settled().await;
    let sent = files(&gateway);
    assert_eq!(sent.len(), 1, "{}", gateway.story());
    assert_eq!(sent[0].file.as_ref().unwrap().bytes, PNG);
    gateway.advance(std::time::Duration::from_secs(40 * 24 * 3600)).await;
    let copies = gateway.data_dir().join("outgoing");
    gateway.until("old copies are gone", || std::fs::read_dir(&copies).unwrap().count() == 0).await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_diff_comes_as_a_file_as_well() {
    let gateway = start().await;
    let lines: String = (0..400).map(|n| format!("line {n} of a file that is new\n")).collect();
    std::fs::write(gateway.shop().join("long.txt"), &lines).unwrap();
    gateway.telegram.says(ANA, ANA, "/diff");
    gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|one| one.file.is_some())).await;
    gateway.until_settled().await;
    let sent = files(&gateway);
    let file = sent[0].file.as_ref().unwrap();
    assert_eq!(file.name, "changes.diff");
    let patch = String::from_utf8(file.bytes.clone()).unwrap();
    assert!(patch.contains("+line 399 of a file that is new"), "{patch}");
    assert!(sent[0].text.starts_with("All ") && sent[0].text.ends_with(" lines."), "{}", sent[0].text);
    gateway.telegram.says(ANA, ANA, "/diff out/report.csv");
    gateway.until_said("1 file in").await;
    gateway.until_settled().await;
    assert_eq!(files(&gateway).len(), 1, "what fits needs no file");
    gateway.finish().await;
}
