//! The menu of commands that Telegram's apps offer.

use adjutant_testkit::telegram::Fault;

use crate::harness::{ANA, TestGateway, make_repository};

const TEAM: i64 = -1_001_000_000_077;

/// Writes command files into a codebase of the workspace.
fn write_commands(gateway: &TestGateway, codebase: &str, names: &[&str]) {
    let folder = gateway.folder().join("workspace").join(codebase).join(".claude/commands");
    std::fs::create_dir_all(&folder).unwrap();
    for name in names {
        std::fs::write(folder.join(format!("{name}.md")), format!("# How to {name}\n\nDo it: $ARGUMENTS\n")).unwrap();
    }
}

async fn until_menu(gateway: &TestGateway, chat: i64, first: &[&str]) {
    let starts = |menu: &[String]| menu.len() >= first.len() && first.iter().zip(menu).all(|(want, has)| want == has);
    gateway
        .telegram
        .wait_until("the menu of the chat", |fake| {
            let menu = fake.chat_menu(chat);
            (if first.is_empty() { menu.is_empty() } else { starts(&menu) }).then_some(())
        })
        .await;
}

#[tokio::test]
async fn a_chat_offers_the_commands_of_its_codebase_until_it_leaves_it() {
    let gateway = TestGateway::start().await;
    let fake = &gateway.telegram;
    fake.wait_until("the gateway's own menus", |fake| (!fake.menu("all_group_chats").is_empty()).then_some(())).await;
    assert_eq!(fake.menu("all_private_chats"), fake.menu("all_group_chats"));
    assert!(fake.menu("all_private_chats").contains(&"load_commands".to_owned()));
    write_commands(&gateway, "shop", &["plan-feature", "speckit.plan", "status"]);
    fake.says(ANA, ANA, "/load-commands .claude/commands");
    // A command that one of the gateway's own hides is not offered twice.
    until_menu(&gateway, ANA, &["plan_feature", "speckit_plan", "status"]).await;
    let menu = fake.chat_menu(ANA);
    assert_eq!(menu.iter().filter(|name| *name == "status").count(), 1);
    assert!(menu.ends_with(&fake.menu("all_private_chats")), "{menu:?}");

    fake.says(ANA, ANA, "/speckit_plan say done");
    gateway.until_prompted(1).await;
    assert!(gateway.prompts()[0].prompt.contains("Do it: say done"), "{:?}", gateway.prompts());
    gateway.set_directory(ANA, "bare").await;
    until_menu(&gateway, ANA, &[]).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_menu_is_registered_again_only_when_it_changed() {
    let mut gateway = TestGateway::start().await;
    gateway.telegram.wait_until("own menus", |fake| (fake.calls("setMyCommands") == 2).then_some(())).await;
    write_commands(&gateway, "shop", &["plan"]);
    gateway.telegram.says(ANA, ANA, "/load-commands .claude/commands");
    until_menu(&gateway, ANA, &["plan", "status"]).await;
    gateway.telegram.says(ANA, ANA, "/load-commands .claude/commands");
    gateway.telegram.says(ANA, ANA, "/reset");
    gateway.until_said("No session was open").await;
    gateway.until_settled().await;
    assert_eq!(gateway.telegram.calls("setMyCommands"), 3);

    assert_eq!(gateway.terminate().await, Some(0));
    gateway.launch().await;
    gateway.telegram.wait_until("own menus", |fake| (fake.calls("setMyCommands") == 5).then_some(())).await;
    gateway.telegram.says(ANA, ANA, "/getcwd");
    gateway
        .telegram
        .wait_until("a look at what stands there", |fake| (fake.calls("getMyCommands") == 2).then_some(()))
        .await;
    write_commands(&gateway, "shop", &["prime"]);
    gateway.telegram.says(ANA, ANA, "/load-commands .claude/commands");
    until_menu(&gateway, ANA, &["plan", "prime", "status"]).await;
    assert_eq!(gateway.telegram.calls("setMyCommands"), 6);
    assert_eq!(gateway.telegram.calls("getMyCommands"), 2);
    gateway.finish().await;
}

#[tokio::test]
async fn the_topics_of_a_group_share_one_menu_with_the_commands_of_all() {
    let gateway = TestGateway::start().await;
    let fake = &gateway.telegram;
    fake.group(TEAM, "Team");
    let topics = ["api", "web"].map(|name| fake.topic(TEAM, name));
    for (topic, name) in topics.into_iter().zip(["api", "web"]) {
        make_repository(&gateway.folder().join("workspace").join(name));
        write_commands(&gateway, name, &[name]);
        fake.says((TEAM, topic), ANA, &format!("/codebase-switch {name}"));
        fake.wait_for((TEAM, topic), |said| said.iter().any(|shown| shown.text.contains("Switched"))).await;
    }
    fake.wait_until("both", |fake| {
        fake.chat_menu(TEAM).starts_with(&["api".to_owned(), "web".to_owned()]).then_some(())
    })
    .await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_menu_that_telegram_does_not_take_now_delays_no_reply_and_comes_later() {
    let gateway = TestGateway::start().await;
    gateway.telegram.wait_until("own menus", |fake| (fake.calls("setMyCommands") == 2).then_some(())).await;
    gateway.telegram.fail_next("setMyCommands", Fault::RetryAfter(120));
    write_commands(&gateway, "shop", &["plan"]);
    gateway.telegram.says(ANA, ANA, "/load-commands .claude/commands");
    gateway.telegram.wait_until("a try", |fake| (fake.calls("setMyCommands") == 3).then_some(())).await;
    gateway.telegram.says(ANA, ANA, "/getcwd");
    gateway.until_said("Current working directory").await;
    assert!(gateway.telegram.chat_menu(ANA).is_empty());
    gateway.advance(std::time::Duration::from_secs(121)).await;
    until_menu(&gateway, ANA, &["plan", "status"]).await;
    gateway.finish().await;
}
