//! What goes wrong with an assistant: the person is told what happened and what to do, the conversation works again,
//! and nothing is left running.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use insta::assert_snapshot;

use crate::harness::{ANA, Options, TestGateway, living_under, signal};

/// What every dialogue here ends with.
const STILL_HERE: &str = "[[text:Still here.]]";

/// Sends a prompt, waits for these words, sends another one, and gives the dialogue.
async fn dialogue(prompt: &str, words: &str) -> String {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, prompt);
    gateway.until_said(words).await;
    goes_on(gateway).await
}

/// The conversation is usable, nothing is left over; gives the dialogue.
async fn goes_on(gateway: TestGateway) -> String {
    gateway.until_settled().await;
    gateway.telegram.says(ANA, ANA, STILL_HERE);
    gateway.until_said("Still here.").await;
    let transcript = gateway.telegram.transcript(ANA);
    gateway.finish().await;
    // Signs are put where the platform's budget leaves room, so it depends on the machine's speed whether they are.
    let signs = ["  (👀)", "  (👎)"];
    transcript
        .lines()
        .filter(|line| !signs.contains(line))
        .fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// Processes of the test that are neither the gateway nor a runner or an assistant that waits for more.
fn strays(gateway: &TestGateway) -> Vec<String> {
    living_under(gateway.folder()).into_iter().filter(|process| process.contains("sleep 3600")).collect()
}

async fn nothing_strays(gateway: &TestGateway) {
    gateway.until("nothing is left running", || strays(gateway).is_empty()).await;
}

/// Puts a program before the scripted assistant that does this instead while the file `broken` is there.
fn break_program(gateway: &TestGateway, instead: &str) {
    let path = gateway.folder().join("scripted-assistant");
    let real = std::fs::read_link(&path).unwrap();
    let broken = gateway.folder().join("broken");
    std::fs::write(&broken, "").unwrap();
    std::fs::remove_file(&path).unwrap();
    let (broken, real) = (broken.display(), real.display());
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && {{ echo '2.1.329 (Claude Code)'; exit 0; }}\n\
         [ -e {broken} ] && {{ {instead}; }}\nexec {real} \"$@\"\n"
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn repair_program(gateway: &TestGateway) {
    std::fs::remove_file(gateway.folder().join("broken")).unwrap();
}

/// A gateway whose assistant does this instead of working, until it is repaired.
async fn with_broken_program(instead: &str) -> TestGateway {
    let mut gateway = TestGateway::prepare(Options::default()).await;
    break_program(&gateway, instead);
    gateway.launch().await;
    gateway
}

/// Waits until the turn has begun, which the person sees.
async fn until_typing(gateway: &TestGateway) {
    gateway.telegram.wait_until("typing", |telegram| (telegram.actions(ANA) > 0).then_some(())).await;
}

/// Moves the clock on in steps until these words are said.
async fn advance_until_said(gateway: &TestGateway, step: Duration, words: &str) {
    gateway.telegram.lift_limits();
    let said = || gateway.telegram.texts(ANA).iter().any(|text| text.contains(words));
    for _ in 0..600 {
        if said() {
            return;
        }
        gateway.advance(step).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never said: {words}\n{}", gateway.story());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_that_exits_with_1_at_once() {
    let gateway = with_broken_program("echo 'Error: the configuration is broken' >&2; exit 1").await;
    gateway.telegram.says(ANA, ANA, "hello");
    gateway.until_said("✗").await;
    repair_program(&gateway);
    assert_snapshot!(goes_on(gateway).await, @r"
    Ana: hello
    bot: ✗ Claude ended in the middle of the turn (exit code 1). The session is kept; try again. It last said: Error: the configuration is broken
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_that_exits_with_1_in_the_middle_of_an_answer() {
    assert_snapshot!(dialogue("[[text:First I look.]] [[exit:1]]", "✗").await, @r"
    Ana: [[text:First I look.]] [[exit:1]]
    bot: First I look.
    bot: ✗ Claude ended in the middle of the turn (exit code 1). The session is kept; try again.
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_that_aborts() {
    assert_snapshot!(dialogue("[[text:First I look.]] [[abort]]", "✗").await, @r"
    Ana: [[text:First I look.]] [[abort]]
    bot: First I look.
    bot: ✗ Claude ended in the middle of the turn (signal 6). The session is kept; try again.
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_that_never_says_anything() {
    let gateway = with_broken_program("exec sleep 3600").await;
    gateway.telegram.says(ANA, ANA, "hello");
    until_typing(&gateway).await;
    gateway.advance(Duration::from_secs(119)).await;
    advance_until_said(&gateway, Duration::from_secs(2), "✗").await;
    nothing_strays(&gateway).await;
    repair_program(&gateway);
    assert_snapshot!(goes_on(gateway).await, @r#"
    Ana: hello
    bot: ✗ Nothing was heard for 2 min, so the turn was ended. "continue" goes on in the same session.
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_that_reads_nothing_of_a_long_prompt() {
    let gateway = with_broken_program("exec sleep 3600").await;
    gateway.telegram.says(ANA, ANA, &"long ".repeat(600_000));
    until_typing(&gateway).await;
    gateway.advance(Duration::from_secs(119)).await;
    advance_until_said(&gateway, Duration::from_secs(2), "✗").await;
    nothing_strays(&gateway).await;
    repair_program(&gateway);
    gateway.until_settled().await;
    gateway.telegram.says(ANA, ANA, STILL_HERE);
    gateway.until_said("Still here.").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_that_hangs_silently() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[hang]]");
    until_typing(&gateway).await;
    gateway.advance(Duration::from_secs(595)).await;
    advance_until_said(&gateway, Duration::from_secs(2), "✗").await;
    assert_snapshot!(goes_on(gateway).await, @r#"
    Ana: [[hang]]
    bot: ✗ Nothing was heard for 10 min, so the turn was ended. "continue" goes on in the same session.
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_that_hangs_after_half_an_answer() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[hang-after:First I look, and then]]");
    gateway.until_drafted("and then").await;
    gateway.advance(Duration::from_secs(595)).await;
    advance_until_said(&gateway, Duration::from_secs(2), "✗").await;
    assert_snapshot!(goes_on(gateway).await, @r#"
    Ana: [[hang-after:First I look, and then]]
    bot: First I look, and then
    bot: ✗ Nothing was heard for 10 min, so the turn was ended. "continue" goes on in the same session.
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_that_prints_garbage_is_understood_all_the_same() {
    assert_snapshot!(dialogue("[[garbage:2000]] [[text:Done.]]", "Done.").await, @r"
    Ana: [[garbage:2000]] [[text:Done.]]
    bot: Done.

      Working in shop.
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_that_prints_bad_utf8_is_understood_all_the_same() {
    assert_snapshot!(dialogue("[[bad-utf8]] [[text:Done.]]", "Done.").await, @r"
    Ana: [[bad-utf8]] [[text:Done.]]
    bot: Done.

      Working in shop.
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

/// The most memory the process has had so far, in bytes.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
}

/// The dialogue, and how much the gateway's memory grew in it at most.
async fn growth(prompt: &str) -> (String, u64) {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[text:Warm.]]");
    gateway.until_said("Warm.").await;
    gateway.until_settled().await;
    let before = peak(gateway.pid());
    gateway.telegram.says(ANA, ANA, prompt);
    gateway.until_said("Done.").await;
    let grown = peak(gateway.pid()) - before;
    (goes_on(gateway).await, grown)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_64_megabytes_is_cut_and_costs_little_memory() {
    let (dialogue, grown) = growth("[[longline:64m]] [[text:Done.]]").await;
    assert!(grown <= 32 << 20, "the gateway grew by {} MiB", grown >> 20);
    println!("grew by {} MiB", grown >> 20);
    assert_snapshot!(dialogue, @r"
    Ana: [[text:Warm.]]
    bot: Warm.

      Working in shop.
    Ana: [[longline:64m]] [[text:Done.]]
    bot: A line of output over 16 MiB was cut.

      Done.
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_of_12_megabytes_on_stderr_costs_little_memory() {
    let (dialogue, grown) = growth("[[stderr:12m]] [[text:Done.]]").await;
    assert!(grown <= 32 << 20, "the gateway grew by {} MiB", grown >> 20);
    println!("grew by {} MiB", grown >> 20);
    assert_snapshot!(dialogue, @r"
    Ana: [[text:Warm.]]
    bot: Warm.

      Working in shop.
    Ana: [[stderr:12m]] [[text:Done.]]
    bot: Done.
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_that_ends_without_a_result() {
    assert_snapshot!(dialogue("[[text:First I look.]] [[noresult]]", "✗").await, @r"
    Ana: [[text:First I look.]] [[noresult]]
    bot: First I look.
    bot: ✗ Claude ended in the middle of the turn (exit code 0). The session is kept; try again.
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_result_is_said_and_ends_no_other_turn() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[two-results]] [[text:Done.]]");
    gateway.until_said("second").await;
    assert_snapshot!(goes_on(gateway).await, @r"
    Ana: [[two-results]] [[text:Done.]]
    bot: Done.

      Working in shop.
    bot: second
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_an_assistant_that_ignores_interrupt_and_sigterm() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[ignore-interrupt]] [[ignore-term]] [[grandchild]] [[hang-after:Working]]");
    gateway.until_drafted("Working").await;
    assert_eq!(strays(&gateway).len(), 1);
    gateway.telegram.says(ANA, ANA, "/stop");
    advance_until_said(&gateway, Duration::from_secs(2), "Stopped after").await;
    assert_eq!(strays(&gateway), Vec::<String>::new(), "stopping is confirmed when nothing of the turn lives");
    let shown = goes_on(gateway).await;
    assert!(shown.contains("bot: Still here."), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_that_leaves_grandchildren_behind_when_it_dies() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[grandchild]] [[grandchild]] [[exit:1]]");
    gateway.until_said("✗").await;
    nothing_strays(&gateway).await;
    assert_snapshot!(goes_on(gateway).await, @r"
    Ana: [[grandchild]] [[grandchild]] [[exit:1]]
    bot: ✗ Claude ended in the middle of the turn (exit code 1). The session is kept; try again.
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_claude_the_demo_answers_and_says_so() {
    let claude = Some("/nowhere/claude".into());
    let gateway = TestGateway::start_with(Options { claude, ..Options::default() }).await;
    gateway.telegram.says(ANA, ANA, "hello");
    gateway.until_said("a script, not a model").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_disappears_is_missed_until_it_is_back() {
    let gateway = TestGateway::start().await;
    let path = gateway.folder().join("scripted-assistant");
    let real = std::fs::read_link(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    gateway.telegram.says(ANA, ANA, "hello");
    gateway.until_said("✗").await;
    std::os::unix::fs::symlink(real, path).unwrap();
    assert_snapshot!(goes_on(gateway).await, @r"
    Ana: hello
    bot: ✗ claude was not found on this machine. adjutant doctor says what to do; then try again.
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login() {
    assert_snapshot!(dialogue("[[auth]]", "✗").await, @r"
    Ana: [[auth]]
    bot: ✗ Claude's login was refused. Check CLAUDE_API_KEY or CLAUDE_OAUTH_TOKEN, then try again. It said: Failed to authenticate. API Error: 401
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_session_is_replaced_once_by_itself() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[text:Noted.]]");
    gateway.until_said("Noted.").await;
    gateway.until_settled().await;
    // Idle long enough, the process is closed; then its sessions are gone.
    let pid = gateway.prompts()[0].pid;
    while std::path::Path::new(&format!("/proc/{pid}")).exists() {
        gateway.advance(Duration::from_secs(3600)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    std::fs::remove_dir_all(gateway.data_dir().join("claude/config/scripted-sessions")).unwrap();
    gateway.telegram.says(ANA, ANA, "[[text:And on.]]");
    gateway.until_said("And on.").await;
    assert_snapshot!(goes_on(gateway).await, @r"
    Ana: [[text:Noted.]]
    bot: Noted.

      Working in shop.
    Ana: [[text:And on.]]
    bot: Claude did not know this session any more. A fresh one was started; it knows nothing of what was said before.
    bot: And on.

      Working in shop.
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_lost_again_and_again() {
    assert_snapshot!(dialogue("[[lost]]", "✗").await, @r"
    Ana: [[lost]]
    bot: Claude did not know this session any more. A fresh one was started; it knows nothing of what was said before.
    bot: ✗ Claude does not know this session any more. /new starts a fresh one.
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_providers_errors() {
    let gateway = TestGateway::start().await;
    gateway.telegram.lift_limits();
    for status in [413, 429, 404, 402, 500, 529] {
        let before = gateway.telegram.texts(ANA).len();
        gateway.telegram.says(ANA, ANA, &format!("[[text:I look.]] [[error:{status}]]"));
        gateway.until("a failure", || gateway.telegram.texts(ANA)[before..].iter().any(|t| t.contains('✗'))).await;
        gateway.until_settled().await;
        gateway.advance(Duration::from_secs(5)).await;
    }
    assert_snapshot!(goes_on(gateway).await, @r"
    Ana: [[text:I look.]] [[error:413]]
    bot: I look.

      ✗ The session does not fit into the model any more. /new starts a fresh one.
    Ana: [[text:I look.]] [[error:429]]
    bot: I look.
    bot: ✗ Claude's provider refuses further requests for now. Try again in a minute. It said: API Error: Request rejected (429)
      [Try again]
    Ana: [[text:I look.]] [[error:404]]
    bot: I look.
    bot: ✗ Claude's provider does not know this model. /model chooses another; CLAUDE_MODEL is the default. It said: There's an issue with the selected model.
      [Try again]
    Ana: [[text:I look.]] [[error:402]]
    bot: I look.
    bot: ✗ Claude's limit is reached. Try again when the plan allows it.
      [Try again]
    Ana: [[text:I look.]] [[error:500]]
    bot: I look.
    bot: ✗ Claude's provider could not be reached or had a fault. Try again in a minute. It said: API Error: 500
      [Try again]
    Ana: [[text:I look.]] [[error:529]]
    bot: I look.
    bot: ✗ Claude's provider could not be reached or had a fault. Try again in a minute. It said: API Error: 529
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_are_told_only_when_they_last() {
    assert_snapshot!(dialogue("[[retry:3]] [[text:Done.]]", "Done.").await, @r"
    Ana: [[retry:3]] [[text:Done.]]
    bot: Done.

      Working in shop.
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_killed_from_outside() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[grandchild]] [[hang-after:First I look, and then]]");
    gateway.until_drafted("and then").await;
    signal(gateway.prompts()[0].pid, "-KILL");
    gateway.until_said("✗").await;
    nothing_strays(&gateway).await;
    assert_snapshot!(goes_on(gateway).await, @r"
    Ana: [[grandchild]] [[hang-after:First I look, and then]]
    bot: First I look, and then
    bot: ✗ Claude ended in the middle of the turn (signal 9). The session is kept; try again.
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

/// The parent of a process.
fn parent(pid: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_killed_from_outside() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[grandchild]] [[hang-after:First I look, and then]]");
    gateway.until_drafted("and then").await;
    signal(parent(gateway.prompts()[0].pid), "-KILL");
    gateway.until_said("✗").await;
    nothing_strays(&gateway).await;
    assert_snapshot!(goes_on(gateway).await, @r"
    Ana: [[grandchild]] [[hang-after:First I look, and then]]
    bot: First I look, and then
    bot: ✗ Claude ended in the middle of the turn (killed together with its runner). The session is kept; try again.
      [Try again]
    Ana: [[text:Still here.]]
    bot: Still here.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_takes_too_long() {
    let environment = vec![("TURN_MAX_MINUTES", "5".to_owned())];
    let gateway = TestGateway::start_with(Options { environment, ..Options::default() }).await;
    gateway.telegram.says(ANA, ANA, "[[tool:Bash:{\"command\":\"make\"}]] [[hang-after:Compiling]]");
    gateway.until_drafted("Compiling").await;
    gateway.advance(Duration::from_secs(299)).await;
    advance_until_said(&gateway, Duration::from_secs(2), "✗").await;
    assert_snapshot!(goes_on(gateway).await, @r#"
    Ana: [[tool:Bash:{"command":"make"}]] [[hang-after:Compiling]]
    bot: Compiling

      ✗ The turn was ended after 5 min, the longest it may take. "continue" goes on in the same session.
    Ana: [[text:Still here.]]
    bot: Still here.
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_nobody_answers_counts_as_denied_after_a_day() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[permission:Bash:rm -r build]] [[text:Then not.]]");
    gateway.until_said("wants to run").await;
    gateway.advance(Duration::from_secs(24 * 3600 - 60)).await;
    gateway.telegram.says(ANA, ANA, "/status");
    gateway.until_said("waiting for approval").await;
    gateway.advance(Duration::from_secs(61)).await;
    gateway.until_said("Then not.").await;
    gateway.until_said("Denied, nobody answered in 24 h").await;
    let shown = goes_on(gateway).await;
    assert!(shown.contains("✗ Denied, nobody answered in 24 h: Bash: rm -r build"), "{shown}");
    assert!(shown.contains("denied: "), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_a_question_waits_is_not_the_turns() {
    let environment = vec![("TURN_MAX_MINUTES", "5".to_owned())];
    let gateway = TestGateway::start_with(Options { environment, ..Options::default() }).await;
    gateway.telegram.says(ANA, ANA, "[[permission:Bash:make]] [[pause:300]] [[text:Made.]]");
    let asked = gateway.telegram.wait_for(ANA, |messages| messages.iter().any(|m| !m.labels().is_empty())).await;
    let question = asked.iter().find(|message| !message.labels().is_empty()).unwrap().id;
    gateway.advance(Duration::from_secs(3600)).await;
    gateway.telegram.presses(ANA, ANA, question, "Allow once");
    gateway.until_said("Made.").await;
    gateway.finish().await;
}
