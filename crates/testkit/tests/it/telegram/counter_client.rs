use std::path::{Path, PathBuf};
use std::process::Stdio;

use adjutant_testkit::telegram::{BOT_USERNAME, FakeTelegram};
use tokio::process::{Child, Command};

const CLIENT: &str = "python-telegram-bot==22.8";
const ADA: i64 = 42;

#[tokio::test]
async fn a_bot_written_with_another_library_sends_edits_reacts_and_hears_presses() {
    let fake = FakeTelegram::start().await;
    fake.user(ADA, "Ada");
    let _bot = start_bot(&fake).await;

    fake.says(ADA, ADA, "/start now");
    fake.wait_for(ADA, |messages| messages.len() == 1).await;
    fake.says(ADA, ADA, "fix the tests");
    let asked = fake.last_message(ADA).expect("a message");
    let messages = fake.wait_for(ADA, |messages| messages.len() == 2 && messages[1].edits == 1).await;
    assert_eq!(messages[0].text, format!("Hello from {BOT_USERNAME} now"));
    assert_eq!(messages[1].history, ["…", "🙂 fix the tests"]);
    assert_eq!((messages[1].styled("bold"), messages[1].reply_to), (vec!["fix the tests".into()], Some(asked)));
    assert_eq!((fake.reaction(ADA, asked).as_deref(), fake.actions(ADA)), (Some("👀"), 1));
    assert_eq!(fake.menu("default"), ["start"]);

    fake.presses(ADA, ADA, messages[1].id, "Again");
    fake.wait_for(ADA, |messages| messages.len() == 3 && messages[2].deleted).await;
    assert_eq!(fake.texts(ADA)[1], "Ada pressed again");
    fake.wait_until("the confirming poll", |fake| (fake.unconfirmed() == 0).then_some(())).await;
    fake.assert_clean();
}

#[expect(clippy::disallowed_methods, reason = "this test is about a foreign program")]
async fn start_bot(fake: &FakeTelegram) -> Child {
    let python = install().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/telegram/echo_bot.py");
    let mut command = Command::new(python);
    // Proxies of the machine are not meant for a loopback port.
    command.arg(script).args([&fake.url(), fake.token()]).env("NO_PROXY", "127.0.0.1").kill_on_drop(true);
    command.spawn().expect("python starts")
}

/// The client in an environment of its own below `target`, made once.
async fn install() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(CLIENT.replace("==", "-"));
    let python = home.join("bin/python");
    let done = home.join("installed");
    if !done.exists() {
        run(Path::new("python3"), &["-m", "venv", "--clear", &home.to_string_lossy()]).await;
        run(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", CLIENT]).await;
        std::fs::write(done, "").expect("a mark that it is complete");
    }
    python
}

#[expect(clippy::disallowed_methods, reason = "this test is about a foreign program")]
async fn run(program: &Path, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().await;
    let hint = "hint: this test needs python3 with venv and pip (Debian: `apt install python3-venv python3-pip`)";
    let output = output.unwrap_or_else(|error| panic!("`{}` does not start: {error}; {hint}", program.display()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{} {}` failed; {hint}\n{said}", program.display(), arguments.join(" "));
}
