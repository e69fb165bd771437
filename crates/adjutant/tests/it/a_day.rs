//! A day of somebody who drives an assistant from a phone, written down as `docs/a-day.md` from what the real binary said.
//!
//! `UPDATE_EXPECT=1` writes the document. What people write has no steps in it: the assistant finds them by a word of the
//! prompt, see [`adjutant_testkit::scripted::answer`].

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use adjutant_testkit::scripted;
use adjutant_testkit::telegram::Shown;

use crate::git_server::GitServer;
use crate::harness::{ANA, Options, TestGateway};

/// What the repository brings.
const SHOP: [(&str, &str); 6] = [
    ("README.md", "# Shop\n\nA small shop with a cart.\n"),
    ("cart/total.sh", "# Rounds each line, then the sum.\necho total\n"),
    (".claude/commands/prime.md", "---\ndescription: Read the repository\n---\nRead everything and summarise it.\n"),
    (".claude/commands/plan.md", "---\ndescription: Plan a change\n---\nPlan this change: $1\n"),
    (".claude/commands/execute.md", "---\ndescription: Carry out the plan\n---\nCarry out this plan:\n\n$PLAN\n"),
    (".claude/commands/commit.md", "---\ndescription: Commit what changed\n---\nCommit the work.\n"),
];

/// A word of the prompt, and what the assistant does then.
const ANSWERS: &[(&str, &str)] = &[
    (
        "Read everything and summarise",
        "[[tool:Read:{\"file_path\":\"README.md\"}]] [[text:A shop in one folder:\n\n- `cart/total.sh` adds the lines up\n\
         - there are no tests yet\n\n| file | lines |\n| --- | ---: |\n| README.md | 3 |\n| cart/total.sh | 2 |]]\
         [[usage:5200,160,0.02]]",
    ),
    (
        "Plan this change",
        "[[text:1. Add the lines up unrounded\n2. Round the sum once\n3. Test three items at 0.335]][[usage:6100,240,0.03]]",
    ),
    (
        "Carry out this plan",
        "[[quiet]] [[text:I start with the sum.]] \
         [[edit:cart/total.sh:# Rounds the sum once.\necho total | round\n]] [[run:sh cart/total.sh >/dev/null; true]] [[join]] \
         [[edit:CHANGELOG.md:- Totals are rounded once\n]] [[text:The sum is rounded once now, and the changelog says so.]]\
         [[usage:9800,900,0.11]]",
    ),
    (
        "Why was it rounded twice",
        "[[text:Since the first commit: each line was rounded before the sum was.]][[usage:7000,90,0.02]]",
    ),
    (
        "How should halves be rounded",
        "[[quiet]] [[question:How should halves be rounded?|Up|To even]] [[text:Then that is what I do.]][[usage:3100,60,0.01]]",
    ),
    ("everything slow", "[[text:I look at all of it.]] [[words:20000,20]]"),
    (
        "Commit the work",
        "[[quiet]] [[run:git add -A && git commit -q -m 'Round totals once' && echo ok]] [[text:Committed.]]",
    ),
    ("What did we change yesterday", "[[text:Totals are rounded once, and the changelog says so.]]"),
    ("open issues", "[[text:None in this repository's files.]]"),
    ("still there", "[[text:Yes. Where were we?]]"),
];

/// The family's group, in which a second conversation goes on.
const GROUP: i64 = -100_700;

struct Day {
    gateway: TestGateway,
    scenes: Vec<Scene>,
}

/// A part of the document, and where in the chat it begins.
struct Scene {
    title: &'static str,
    about: &'static str,
    chat: i64,
    /// The last message of that chat before it.
    after: i32,
    /// What stood on messages whose buttons were pressed, as it was when it was asked.
    asked: Vec<String>,
}

impl Day {
    async fn begin() -> (Self, GitServer) {
        let environment = vec![("CLONE_PROTOCOLS", "https,ssh,http".to_owned()), ("REPLY_FOOTER", "true".to_owned())];
        let mut gateway = TestGateway::prepare(Options { environment, ..Options::default() }).await;
        gateway.unset("DEFAULT_CODEBASE");
        scripted::answer(gateway.folder(), ANSWERS).unwrap();
        gateway.telegram.group(GROUP, "Shop");
        gateway.launch().await;
        let server = GitServer::start().await;
        server.serve("ana/shop", &SHOP);
        (Self { gateway, scenes: Vec::new() }, server)
    }

    fn scene(&mut self, title: &'static str, about: &'static str) {
        self.scene_in(ANA, title, about);
    }

    fn scene_in(&mut self, chat: i64, title: &'static str, about: &'static str) {
        let after = self.gateway.telegram.last_message(chat).unwrap_or(0);
        self.scenes.push(Scene { title, about, chat, after, asked: Vec::new() });
    }

    fn starts(&self, text: &str) {
        self.gateway.telegram.says(ANA, ANA, text);
    }

    /// Ana says something, and everything it brings about is over.
    async fn says(&self, text: &str) {
        self.starts(text);
        self.settled().await;
    }

    async fn presses(&mut self, label: &str) {
        let has = |shown: &Shown| shown.labels().contains(&label);
        let shown = self.gateway.telegram.wait_for(ANA, |messages| messages.iter().any(has)).await;
        let message = shown.iter().rev().find(|shown| has(shown)).unwrap().id;
        let asked = self.gateway.telegram.transcript_of(ANA, message..=message);
        self.scenes.last_mut().unwrap().asked.push(asked);
        self.gateway.telegram.presses(ANA, ANA, message, label);
        let gone = |messages: &[Shown]| messages.iter().any(|shown| shown.id == message && !has(shown));
        self.gateway.telegram.wait_for(ANA, gone).await;
    }

    async fn settled(&self) {
        self.gateway.until("every update is confirmed", || self.gateway.telegram.unconfirmed() == 0).await;
        self.gateway.until_settled().await;
    }

    /// The chats, scene by scene.
    fn written(&self) -> String {
        let mut text = String::from(PREFACE);
        for (n, scene) in self.scenes.iter().enumerate() {
            let next = self.scenes[n + 1..].iter().find(|next| next.chat == scene.chat);
            let until = next.map_or(i32::MAX, |next| next.after);
            let chat = self.gateway.telegram.transcript_of(scene.chat, scene.after + 1..=until);
            let _ = write!(text, "\n## {}\n\n{}\n\n```text\n{}```\n", scene.title, scene.about, steady(&chat));
            if !scene.asked.is_empty() {
                let asked = steady(&scene.asked.concat());
                let _ = write!(text, "\nWhere she pressed a button, this had stood:\n\n```text\n{asked}```\n");
            }
        }
        text
    }
}

const PREFACE: &str = "# A day\n\n\
    What Ana sees on her phone, written down by a test from what the real program said to it; the assistant's own words are\n\
    played, the times are replaced. Buttons stand in brackets, reactions in parentheses, and a message that grew or was\n\
    edited stands as it was in the end.\n";

/// Without what differs from run to run.
fn steady(chat: &str) -> String {
    let mut text = chat.to_owned();
    for (pattern, instead) in [
        (r"127\.0\.0\.1:\d+", "github.com"),
        (r"http://github", "https://github"),
        (r"(codebase|sess|conversation)_[0-9a-f]{6,}\b", "${1}_5c01fe"),
        (r"\b\d+ s\b", "2 s"),
        (r"\b\d+ min \d+ s\b", "2 min 10 s"),
        (r"(?:\b\d{1,2} [A-Z][a-z]{2}, )?\b\d\d:\d\d\b", "14:20"),
        (r"\b[0-9a-f]{7}\b", "a41c9e2"),
        (r"(?:w\d+ ?)+", "… "),
    ] {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, instead).into_owned();
    }
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_reads_well_from_start_to_end() {
    let (mut day, server) = Day::begin().await;
    day.scene("A repository", "The first message of the morning. The repository's own commands come with it.");
    day.says(&format!("/clone {}", server.url("ana/shop"))).await;
    day.says("/prime").await;

    day.scene(
        "A plan, and a question about it",
        "`/plan` is a file of the repository. Plain text goes on in the same session.",
    );
    day.says("/plan \"Round the total of the cart once\"").await;
    day.says("Why was it rounded twice?").await;

    day.scene(
        "Carried out",
        "`/execute` begins afresh with the plan. What changes something is asked first; a thought that comes while it works \
         goes into the running turn.",
    );
    day.starts("/execute");
    day.presses("Allow once").await;
    day.presses("Allow once").await;
    day.starts("/steer and write it into the changelog");
    day.presses("Allow once").await;
    day.settled().await;

    day.scene("A question of the assistant's", "Its choices are buttons; something else can be written.");
    day.starts("How should halves be rounded? Ask me.");
    day.presses("To even").await;
    day.settled().await;

    day.scene("Mistakes", "What is wrong is named, and what to do next.");
    day.says("/stauts").await;
    day.says("/setcwd ../../..").await;
    day.says("/command-invoke plan \"never closed").await;

    day.scene("Stopped", "One message waits its turn while another is stopped.");
    day.starts("Tell me everything slow about the cart.");
    day.gateway.until_said("I look at all of it").await;
    day.starts("Are you still there?");
    day.gateway.until_said("in line").await;
    day.says("/stop").await;

    day.scene("Looked at, and committed", "The commit is made under Ana's own name.");
    day.says("/diff").await;
    day.starts("/commit");
    day.presses("Allow once").await;
    day.settled().await;

    day.scene_in(
        GROUP,
        "Meanwhile, in a group",
        "Another chat is another conversation, in the same repository or in another.",
    );
    day.gateway.telegram.says(GROUP, ANA, "/codebase-switch shop");
    day.settled().await;
    day.gateway.telegram.says(GROUP, ANA, "/getcwd");
    day.settled().await;

    day.scene("The next morning", "The session is still there.");
    day.gateway.advance(Duration::from_secs(20 * 3600)).await;
    day.says("What did we change yesterday?").await;
    day.says("/status").await;
    day.says("/reset").await;
    day.says("/sessions").await;
    day.says("/sessions resume 2").await;
    day.says("/usage").await;

    day.scene(
        "A limit",
        "The provider's limit is reached in the middle of the morning. What was asked waits, and starts by itself.",
    );
    let ends = chrono::Utc::now() + chrono::Duration::hours(21);
    let limited = format!("[[limit:{}]]", ends.timestamp());
    scripted::answer(day.gateway.folder(), &[("Draw the cart", &limited)]).unwrap();
    day.starts("Draw the cart as a picture.");
    day.presses("Start then").await;
    day.gateway.until_said("Starts when").await;
    day.gateway.until("the press is handled", || day.gateway.telegram.unconfirmed() == 0).await;
    let drawn = "[[tool:Bash:{\"command\":\"sh draw.sh\"}]] [[text:Drawn:\n\n![The cart](cart/cart.png)]]";
    scripted::answer(day.gateway.folder(), &[("Draw the cart", drawn)]).unwrap();
    std::fs::write(day.gateway.folder().join("workspace/ana/shop/cart/cart.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    day.gateway.advance(Duration::from_secs(3600)).await;
    day.gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|shown| shown.file.is_some())).await;
    day.settled().await;

    let written = day.written();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/a-day.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        written,
        "`docs/a-day.md` is stale: run this with UPDATE_EXPECT=1"
    );
    day.gateway.finish().await;
}
