//! Input that attacks, through the chat: Git addresses, paths, texts.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use adjutant_testkit::telegram::Shown;

use crate::harness::{ANA, Options, TestGateway};

const PASSWORD: &str = "hunter2-swordfish";

/// Says something and gives the whole text of what comes back, once it has come to rest.
async fn answer(gateway: &TestGateway, text: &str) -> String {
    let before = gateway.telegram.messages(ANA).len();
    gateway.telegram.says(ANA, ANA, text);
    gateway.telegram.wait_for(ANA, |messages| messages.len() > before).await;
    gateway.until_settled().await;
    let texts: Vec<String> = gateway.telegram.messages(ANA).into_iter().skip(before).map(|shown| shown.text).collect();
    texts.join("\n")
}

/// Everything the chat ever showed, earlier versions included.
fn ever_shown(messages: &[Shown]) -> String {
    messages.iter().flat_map(|message| &message.history).cloned().collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_attack_are_refused_before_git_sees_them() {
    let gateway = TestGateway::start().await;
    let workspace = gateway.folder().join("workspace");
    let marker = gateway.folder().join("marker");
    let touch = marker.display();
    for address in [
        format!("--upload-pack=touch${{IFS}}{touch}"),
        format!("-c core.sshCommand='touch {touch}' https://example.org/a/b"),
        format!("ext::sh -c touch% {touch}"),
        format!("file://{}", gateway.shop().display()),
        gateway.shop().display().to_string(),
        "../shop".to_owned(),
        format!("ssh://-oProxyCommand=touch${{IFS}}{touch}/x/y"),
        format!("ssh://git@-oProxyCommand=touch/{touch}"),
        "git@-oProxyCommand=x:a/b".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "https://example.org/a/b\u{0}c".to_owned(),
        "https://example.org/../../etc".to_owned(),
        "fd::17/foo".to_owned(),
    ] {
        let said = answer(&gateway, &format!("/clone {address}")).await;
        assert!(!said.contains("Cloning") && !said.contains("Cloned"), "{address}: {said}");
        assert!(!said.contains("Something went wrong"), "{address}: {said}");
    }
    assert!(!marker.exists());
    let left: Vec<_> = std::fs::read_dir(&workspace).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["shop"]);
    assert_eq!(gateway.prompts(), []);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_in_an_address_are_masked_everywhere() {
    let environment = vec![("CLONE_PROTOCOLS", "https,http".to_owned())];
    let mut gateway = TestGateway::start_with(Options { environment, ..Options::default() }).await;
    for address in [
        format!("http://ana:{PASSWORD}@127.0.0.1:1/a/b.git"),
        format!("https://{PASSWORD}@127.0.0.1:1/a/c"),
        format!("https://ana:{PASSWORD}@exa mple.org/a/b"),
        format!("ftp://ana:{PASSWORD}@example.org/a/b"),
        format!("https://ana:{PASSWORD}@/a/b"),
    ] {
        let said = answer(&gateway, &format!("/clone {address}")).await;
        assert!(!said.contains("Cloned"), "{said}");
    }
    let shown = ever_shown(&gateway.telegram.messages(ANA));
    assert!(!shown.contains(PASSWORD), "{shown}");
    // The database's log keeps what was blanked until it is next tidied up, at the latest at the end.
    assert_eq!(gateway.terminate().await, Some(0));
    assert_eq!(gateway.traces(PASSWORD), Vec::<PathBuf>::new());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_the_workspace() {
    let gateway = TestGateway::start().await;
    let outside = gateway.folder().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret.md"), "the outside secret").unwrap();
    symlink(&outside, gateway.shop().join("out")).unwrap();
    symlink(outside.join("secret.md"), gateway.shop().join("link.md")).unwrap();
    symlink(outside.join("new.md"), gateway.shop().join("dangling.md")).unwrap();
    answer(&gateway, "hello").await;
    let here = answer(&gateway, "/getcwd").await;
    let long = "a/".repeat(2048);
    for command in [
        "/setcwd ../..".to_owned(),
        "/setcwd /etc".to_owned(),
        "/setcwd out".to_owned(),
        "/setcwd shop\u{0}/x".to_owned(),
        "/setcwd ‥/‥".to_owned(),
        format!("/setcwd {long}"),
        "/setcwd ~root".to_owned(),
        "/codebase-switch ../..".to_owned(),
        "/load-commands ../../outside".to_owned(),
        "/load-commands out".to_owned(),
        "/load-commands /etc".to_owned(),
        "/command-set x ../../outside/f.md text".to_owned(),
        "/command-set x out/f.md text".to_owned(),
        "/command-set x dangling.md text".to_owned(),
        "/command-set x link.md".to_owned(),
        "/command-set x out/secret.md".to_owned(),
        "/command-set ../x ok.md text".to_owned(),
        "/command-set x .git/hooks/post-checkout text".to_owned(),
        format!("/command-set x {long}f.md text"),
        "/command-set x a\u{0}b.md text".to_owned(),
    ] {
        let said = answer(&gateway, &command).await;
        let shortened: String = command.chars().take(60).collect();
        assert!(
            !said.contains("registered") && !said.contains("Loaded") && !said.contains("set to"),
            "{shortened}: {said}"
        );
        assert!(!said.contains("Something went wrong"), "{shortened}: {said}");
        assert!(said.chars().count() < 600, "{shortened}: {said}");
    }
    assert_eq!(answer(&gateway, "/getcwd").await, here);
    let left: Vec<_> = std::fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["secret.md"]);
    assert_eq!(std::fs::read_to_string(outside.join("secret.md")).unwrap(), "the outside secret");
    assert!(!gateway.shop().join(".git/hooks/post-checkout").exists());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_file_that_became_a_link_is_not_read() {
    let gateway = TestGateway::start().await;
    let secret = gateway.folder().join("secret.txt");
    std::fs::write(&secret, "the outside secret").unwrap();
    answer(&gateway, "hello").await;
    let said = answer(&gateway, "/command-set plan plan.md \"make a plan\"").await;
    assert!(said.contains("registered"), "{said}");
    std::fs::remove_file(gateway.shop().join("plan.md")).unwrap();
    symlink(&secret, gateway.shop().join("plan.md")).unwrap();
    let said = answer(&gateway, "/command-invoke plan").await;
    assert!(said.contains("plan.md"), "{said}");
    assert_eq!(gateway.prompts().len(), 1);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_into_a_command_is_never_read_again() {
    let gateway = TestGateway::start().await;
    let file = "first <$1> second <$2> tenth <$10> escaped <\\$1> all <$ARGUMENTS> none <$11>";
    std::fs::write(gateway.shop().join("c.md"), file).unwrap();
    answer(&gateway, "hello").await;
    answer(&gateway, "/command-set c c.md").await;
    let said = answer(&gateway, "/command-invoke c $2 $ARGUMENTS \"\" 4 5 6 7 8 9 $PLAN").await;
    assert!(said.contains("ok"), "{said}");
    let prompts = gateway.prompts();
    let wanted = "first <$2> second <$ARGUMENTS> tenth <$PLAN> escaped <$1> \
                  all <$2 $ARGUMENTS \"\" 4 5 6 7 8 9 $PLAN> none <>";
    assert!(prompts[1].prompt.contains(wanted), "{}", prompts[1].prompt);
    let said = answer(&gateway, "/command-invoke c \"never closed").await;
    assert!(said.contains("never closed"), "{said}");
    let many = "a ".repeat(100_000);
    let said = answer(&gateway, &format!("/command-invoke c {many}")).await;
    assert!(said.contains("ok"), "{said}");
    assert_eq!(gateway.prompts().len(), 3);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_very_long_question_is_asked_in_pieces_with_its_buttons_below() {
    let gateway = TestGateway::start().await;
    let command = format!("echo {}; rm -rf everything", "harmless ".repeat(8_000));
    gateway.telegram.says(ANA, ANA, &format!("[[permission:Bash:{command}]] [[text:turn over]]"));
    let shown = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|m| !m.labels().is_empty())).await;
    let question = shown.iter().find(|message| !message.labels().is_empty()).unwrap();
    assert!(question.text.contains("rm -rf everything"), "{}", question.text);
    let all: String = shown.iter().map(|message| message.text.as_str()).collect();
    assert!(all.contains("wants to run") && all.contains("characters are left out here"), "{all}");
    gateway.telegram.presses(ANA, ANA, question.id, "Deny");
    gateway.until_said("Denied by Ana").await;
    gateway.until_said("turn over").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_of_text_and_invisible_text_do_no_harm() {
    let gateway = TestGateway::start().await;
    let said = answer(&gateway, &"x".repeat(1 << 20)).await;
    assert!(said.contains("ok"), "{said}");
    assert_eq!(gateway.prompts()[0].prompt.matches('x').count(), 1 << 20);
    let said = answer(&gateway, &format!("/{}", "y".repeat(1 << 20))).await;
    assert!(said.chars().count() < 600, "{}", said.len());
    let said = answer(&gateway, &format!("/setcwd {}", "\u{202e}".repeat(1 << 16))).await;
    assert!(said.chars().count() < 1200 && !said.contains('\u{202e}'), "{said}");
    // A model's own text passes as it is, but for what no terminal or log may interpret.
    let said = answer(&gateway, "[[text:a \u{1b}[31mred\u{1b}[0m `` ``` ~~~ <b>&amp;</b> @everyone \u{0} end]]").await;
    assert!(said.contains("end"), "{said}");
    assert!(!gateway.log().contains('\u{1b}'), "a log holds an escape sequence");
    gateway.finish().await;
}
