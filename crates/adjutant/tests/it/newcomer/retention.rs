//! Words are kept for a while and no longer.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::stage::Newcomer;

const OLD: Duration = Duration::from_secs(8 * 24 * 3600);
const CONVERSATION: &str = "0f6f2b54-7c39-4b52-9d6e-0d4a3f1e2c5b";

async fn answered(newcomer: &Newcomer) {
    let path = format!("conversations/{CONVERSATION}");
    newcomer.post(&format!("{path}/messages"), &json!({ "text": "hello", "client_id": "m1" })).await;
    let transcript = transcript(newcomer);
    // The reaction is taken away as the last thing of a turn.
    let ended = |_: &Newcomer| std::fs::read_to_string(&transcript).is_ok_and(|text| text.contains(r#""sign":null"#));
    newcomer.until("the turn ends", ended).await;
}

fn transcript(newcomer: &Newcomer) -> PathBuf {
    newcomer.data_dir().join(format!("console/{CONVERSATION}.jsonl"))
}

fn runs(newcomer: &Newcomer) -> Vec<PathBuf> {
    files(&newcomer.data_dir().join("runs"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
}

fn make_old(path: &Path) {
    let file = std::fs::File::open(path).unwrap();
    file.set_modified(SystemTime::now() - OLD).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_transcript_days_goes_at_the_start_but_no_living_run() {
    let days = |days: &str| vec![("TRANSCRIPT_DAYS", days.to_owned()), ("ASSISTANT_IDLE_SECS", "3600".to_owned())];
    let mut newcomer = Newcomer::start_with(days("7")).await;
    answered(&newcomer).await;
    let [living] = runs(&newcomer).try_into().expect("one run");
    newcomer.terminate().await;
    // Two more that nobody holds: an old one and one of today.
    let [old, fresh] = ["0198d0a0-0000-7000-8000-000000000001", "0198d0a0-0000-7000-8000-000000000002"]
        .map(|id| newcomer.data_dir().join("runs").join(id));
    for run in [&old, &fresh] {
        std::fs::create_dir(run).unwrap();
        std::fs::write(run.join("lock"), "started\n").unwrap();
        std::fs::write(run.join("spool.00000000000000000000"), "words").unwrap();
    }
    for run in [&old, &living] {
        files(run).iter().filter(|file| !file.ends_with("sock")).for_each(|file| make_old(file));
        make_old(run);
    }
    make_old(&transcript(&newcomer));
    let [session] = files(&newcomer.data_dir().join("demo")).try_into().expect("one session of the demo");
    make_old(&session);
    newcomer.launch().await;
    newcomer.until("the old run goes", |_| !old.exists()).await;
    assert!(!transcript(&newcomer).exists() && !session.exists());
    assert!(fresh.join("lock").exists() && living.join("lock").exists());
    newcomer.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_of_the_console_is_deleted_with_its_messages() {
    let newcomer = Newcomer::start().await;
    answered(&newcomer).await;
    let path = format!("conversations/{CONVERSATION}/messages");
    newcomer.post(&path, &json!({ "text": "/forget", "client_id": "m2" })).await;
    let said = |text: &'static str| {
        move |newcomer: &Newcomer| std::fs::read_to_string(transcript(newcomer)).is_ok_and(|said| said.contains(text))
    };
    newcomer.until("it asks", said("This deletes all messages and 1 session of this conversation")).await;
    newcomer.post(&path, &json!({ "text": "/forget yes", "client_id": "m3" })).await;
    newcomer.until("it is deleted", said("Deleted: all messages and 1 session.")).await;
    let left = std::fs::read_to_string(transcript(&newcomer)).unwrap();
    assert!(!left.contains("hello") && !left.contains("This deletes"), "{left}");
    assert_eq!((runs(&newcomer), files(&newcomer.data_dir().join("demo"))), (Vec::new(), Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_can_read_what_was_said() {
    let newcomer = Newcomer::start().await;
    answered(&newcomer).await;
    let mode = |path: &Path| std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    let [run] = runs(&newcomer).try_into().expect("one run");
    assert_eq!(mode(&run), 0o700);
    assert!(files(&run).iter().any(|file| file.display().to_string().contains("spool.")));
    for file in files(&run).into_iter().chain([transcript(&newcomer)]) {
        assert_eq!(mode(&file) & 0o077, 0, "{}", file.display());
    }
    assert_eq!(mode(&newcomer.data_dir()), 0o700);
}
