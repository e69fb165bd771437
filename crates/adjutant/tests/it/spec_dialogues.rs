//! Every dialogue that the product's specification prints, said to the real binary; our side of it is a snapshot.
//!
//! The words are ours where the specification leaves them open: its two questions after a clone are buttons that undo,
//! and directories are shown as seen from the workspace.

use crate::git_server::GitServer;
use crate::harness::{ANA, Options, TestGateway};

/// The commands of the specification's example under the names it gives them.
const MY_APP: [(&str, &str); 6] = [
    ("README.md", "# My app\n"),
    (".claude/commands/prime.md", PRIME),
    (".claude/commands/plan.md", PLAN),
    (".claude/commands/execute.md", EXECUTE),
    (".claude/commands/validate.md", "# Validate and test implementation\n\nReview $ARGUMENTS.\n"),
    (".claude/commands/commit.md", COMMIT),
];

/// The same in the files that its workflow example registers one by one, in a folder that is not found by itself.
const WORKFLOW: [(&str, &str); 5] = [
    ("README.md", "# My app\n"),
    ("commands/prime.md", PRIME),
    ("commands/plan-feature.md", PLAN),
    ("commands/execute-plan.md", EXECUTE),
    ("commands/commit.md", COMMIT),
];

const PRIME: &str = "---\ndescription: Research codebase to get AI up to speed\n---\n\
    Read everything. [[text:I've analyzed the codebase. Here's what I found: one README.]]\n";
const PLAN: &str = "---\ndescription: Create detailed implementation plan\n---\n\
    Plan this: $1\n\
    [[text:Here's the implementation plan:\n\n1. Create DarkModeToggle component\n2. Add context for theme state\n3. Update CSS variables]]\n";
const EXECUTE: &str = "# Implement the planned feature\n\nThe plan:\n\n$PLAN\n\n\
    [[text:Starting implementation based on your plan. Done.]]\n";
const COMMIT: &str = "Create git commit with changes.\n\n\
    [[permission:Bash:git commit -m \"feat: Add dark mode toggle to header\"]] [[text:Committed.]]\n";

/// A gateway and a server for it to clone from.
struct Dialogue {
    gateway: TestGateway,
    server: GitServer,
}

impl Dialogue {
    async fn start() -> Self {
        let environment = vec![("CLONE_PROTOCOLS", "https,ssh,http".to_owned())];
        let mut gateway = TestGateway::prepare(Options { environment, ..Options::default() }).await;
        gateway.unset("DEFAULT_CODEBASE");
        gateway.launch().await;
        let server = GitServer::start().await;
        server.serve("user/my-app", &MY_APP);
        server.serve("user/my-other-app", &[("README.md", "# Another\n")]);
        server.serve("user/workflow", &WORKFLOW);
        Self { gateway, server }
    }

    /// Ana says something, and everything it brings about is over.
    async fn says(&self, text: &str) {
        self.gateway.telegram.says(ANA, ANA, text);
        self.settled().await;
    }

    async fn all(&self, texts: &[&str]) {
        for text in texts {
            self.says(text).await;
        }
    }

    async fn clones(&self, name: &str) {
        self.says(&format!("/clone {}", self.server.url(name))).await;
    }

    /// Presses a button of the newest message that has it.
    async fn presses(&self, label: &str) {
        let has = |shown: &adjutant_testkit::telegram::Shown| shown.labels().contains(&label);
        let shown = self.gateway.telegram.wait_for(ANA, |messages| messages.iter().any(has)).await;
        let message = shown.iter().rev().find(|shown| has(shown)).unwrap().id;
        self.gateway.telegram.presses(ANA, ANA, message, label);
        self.settled().await;
    }

    async fn settled(&self) {
        self.gateway.until("every update is confirmed", || self.gateway.telegram.unconfirmed() == 0).await;
        self.gateway.until_settled().await;
    }

    /// The whole chat, with what differs from run to run replaced.
    fn snapshot(&self, name: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"127\.0\.0\.1:\d+", "github.com");
        settings.add_filter(r"(codebase|sess|conversation)_[0-9a-f]{6,}\b", "${1}_abc123");
        settings.add_filter(r"\b\d+ s\b", "2 s");
        settings.add_filter(r"\n  \(👀\)", "");
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, self.gateway.telegram.transcript(ANA)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_there_is_a_codebase() {
    let dialogue = Dialogue::start().await;
    dialogue.says("hello").await;
    let said = dialogue.gateway.telegram.texts(ANA);
    assert_eq!(said, ["No codebase configured. Use /clone <repo-url> to get started."], "the specification's sentence");
    dialogue
        .all(&[
            "/status",
            "/commands",
            "/getcwd",
            "/command-invoke plan",
            "/load-commands x",
            "/repos",
            "/reset",
            "/setcwd shop",
        ])
        .await;
    dialogue.snapshot("before_there_is_a_codebase");
    dialogue.gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clone_switch_and_directories() {
    let dialogue = Dialogue::start().await;
    dialogue.clones("user/my-app").await;
    dialogue.clones("user/my-other-app").await;
    dialogue
        .all(&[
            "/codebase-switch my-app",
            "/getcwd",
            "/codebase_switch my-other-app",
            "/setcwd user/my-app",
            "/setcwd .claude",
            "/getcwd",
            "/repos",
            "/codebase-switch shop",
        ])
        .await;
    dialogue.clones("user/my-app").await;
    dialogue.snapshot("clone_switch_and_directories");
    dialogue.gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_is_undone_by_its_buttons() {
    let dialogue = Dialogue::start().await;
    dialogue.clones("user/my-app").await;
    dialogue.presses("Unload commands").await;
    dialogue.says("/commands").await;
    dialogue.presses("Remove record").await;
    dialogue.says("hello").await;
    dialogue.presses("Remove record").await;
    dialogue.snapshot("a_clone_is_undone_by_its_buttons");
    dialogue.gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_reference() {
    let dialogue = Dialogue::start().await;
    dialogue.clones("user/my-app").await;
    dialogue
        .all(&[
            "/help",
            "/commands",
            "/status",
            "hello [[text:Hello Ana.]]",
            "/status",
            "/reset",
            "/reset",
            "/queue",
            "/stop",
            "/load-commands .claude/commands",
            "/command-set greet .claude/commands/greet.md \"You greet people.\nGreet $1\n[[text:Good morning]]\"",
            "/command-set greet .claude/commands/greet.md",
            "/command-set greet .claude/commands/greet.md Say hello\n[[text:Hello]]",
            "/command-invoke greet Bob",
            "/greet \"Bob and Eve\"",
            "/command_invoke \"greet\"",
            "/whoami",
        ])
        .await;
    let file = dialogue.gateway.folder().join("workspace/user/my-app/.claude/commands/greet.md");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "Say hello\n[[text:Hello]]");
    let prompts = dialogue.gateway.prompts();
    assert!(prompts[1].prompt.ends_with("The user's arguments: Bob"), "{}", prompts[1].prompt);
    assert!(prompts[2].prompt.ends_with("The user's arguments: \"Bob and Eve\""), "{}", prompts[2].prompt);
    assert!(!prompts[3].prompt.contains("arguments"), "{}", prompts[3].prompt);
    dialogue.snapshot("the_command_reference");
    dialogue.gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workflow_example() {
    let dialogue = Dialogue::start().await;
    dialogue.clones("user/workflow").await;
    dialogue
        .all(&[
            "/command-set prime commands/prime.md",
            "/command-set plan commands/plan-feature.md",
            "/command-set execute commands/execute-plan.md",
            "/command-set commit commands/commit.md",
            "/status",
            "/command-invoke prime",
            "/command-invoke plan \"Add dark mode toggle to header\"",
            "/command-invoke execute",
        ])
        .await;
    dialogue.gateway.telegram.says(ANA, ANA, "/command-invoke commit");
    dialogue.presses("Allow once").await;
    let prompts = dialogue.gateway.prompts();
    let sessions: Vec<&str> = prompts.iter().map(|received| received.session.as_str()).collect();
    assert_eq!(sessions[0], sessions[1], "plan goes on where prime was");
    assert_ne!(sessions[1], sessions[2], "execute starts afresh");
    assert_eq!(sessions[2], sessions[3], "commit goes on where execute was");
    assert!(prompts[1].prompt.contains("Plan this: Add dark mode toggle to header"), "{}", prompts[1].prompt);
    assert!(
        prompts[2].prompt.contains("The plan:\n\nHere's the implementation plan:\n\n1. Create"),
        "{}",
        prompts[2].prompt
    );
    dialogue.snapshot("the_workflow_example");
    dialogue.gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_named_and_say_what_to_do_next() {
    let dialogue = Dialogue::start().await;
    dialogue.clones("user/my-app").await;
    dialogue
        .all(&[
            "/stauts",
            "/plna x",
            "/nothing_like_it",
            "/clone",
            "/clone ftp://example.org/a/b",
            "/clone my app",
            "/codebase-switch",
            "/codebase-switch my-ap",
            "/codebase-switch elsewhere",
            "/setcwd",
            "/setcwd ../../..",
            "/setcwd nowhere",
            "/setcwd README.md",
            "/setcwd /etc",
            "/command-set",
            "/command-set plan",
            "/command-set plan nowhere.md",
            "/command-set plan ../../outside.md \"text\"",
            "/command-set a/b plan.md",
            "/load-commands",
            "/load-commands nowhere",
            "/load-commands ../..",
            "/command-invoke",
            "/command-invoke paln",
            "/command-invoke something",
            "/command-invoke plan \"never closed",
            "/queue mine",
            "/approve",
            "/approve seven",
            "/approve 7",
            "/deny 7 not today",
        ])
        .await;
    dialogue.snapshot("mistakes_are_named_and_say_what_to_do_next");
    dialogue.gateway.finish().await;
}
