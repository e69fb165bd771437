//! `cargo xtask bench`: what the gateway costs, beside floors taken in the same run, so that the figures mean something
//! on any machine. Nothing here is a test; nothing fails.
//!
//! F1 is three durable commits, the spawn of a trivial program and two HTTP round trips on loopback: what a message
//! costs at least. Rounds of [floor, ours] in turn; the ratio of each round, their median and spread.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a benchmark stops where something is not as it should be, and reads real clocks"
)]

mod crowd;
mod floor;
mod gateway;
mod load;
mod process;
mod table;
mod telegram;

use std::time::Duration;

use gateway::Gateway;
use table::Table;

/// Rounds of [floor, ours].
const ROUNDS: usize = 7;
/// Messages in a round, each to a conversation of its own.
const MESSAGES: usize = 40;
/// Messages over which CPU is counted.
const CPU_MESSAGES: usize = 200;

#[tokio::main]
async fn main() {
    // `cargo xtask bench` measures everything; further words name figures: `cargo xtask bench P4 P6`.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted =
        |names: &[&str]| wanted.is_empty() || names.iter().any(|name| wanted.iter().any(|word| word == name));
    let mut table = Table::default();
    if is_wanted(&["P1"]) {
        start(&mut table).await;
    }
    if is_wanted(&["P2", "P11"]) {
        idle(&mut table).await;
    }
    if is_wanted(&["P3"]) {
        reply(&mut table).await;
    }
    if is_wanted(&["P4"]) {
        cpu(&mut table).await;
    }
    if is_wanted(&["P6"]) {
        stream(&mut table).await;
    }
    if is_wanted(&["P7"]) {
        load::conversations(&mut table).await;
    }
    if is_wanted(&["P8"]) {
        load::burst(&mut table).await;
    }
    if is_wanted(&["P9"]) {
        load::many(&mut table).await;
    }
    if is_wanted(&["P12"]) {
        load::turns(&mut table).await;
    }
    if is_wanted(&["P13"]) {
        load::floods(&mut table).await;
    }
    if is_wanted(&["P14"]) {
        load::killed(&mut table).await;
    }
    if is_wanted(&["newcomer"]) {
        newcomer(&mut table).await;
    }
    if is_wanted(&["P10"]) {
        artefact(&mut table);
    }
    println!("{table}");
}

/// P1: exec → first poll, with a database that exists, and with a large one.
async fn start(table: &mut Table) {
    let mut gateway = Gateway::prepare().await;
    gateway.launch().await;
    gateway.terminate().await;
    let mut small = Vec::new();
    for _ in 0..ROUNDS {
        small.push(gateway.launch().await);
        gateway.terminate().await;
    }
    crowd::fill(&gateway.database(), 100_000, 1_000).await;
    let mut large = Vec::new();
    for _ in 0..3 {
        large.push(gateway.launch().await);
        // Unfinished turns are taken up after the first poll; they are ended here, not in the next start.
        gateway.kill();
        crowd::unfinish(&gateway.database()).await;
    }
    table.times("P1", "exec → first poll", &small, "≤ 30 ms");
    let ratio = table::median(&large) / table::median(&small);
    table.text("P1", "the same, 100,000 conversations, 1,000 unfinished turns", format!("{ratio:.2} ×"), "≤ 3 ×");
}

/// P2 and P11: idle memory, idle CPU, idle SIGTERM.
async fn idle(table: &mut Table) {
    let mut gateway = Gateway::prepare().await;
    gateway.launch().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    table.text("P2", "idle PSS, Telegram and console on", process::megabytes(gateway.pss()), "≤ 13 MB");
    let before = gateway.cpu();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let share = (gateway.cpu() - before).as_secs_f64() / 60.0 * 100.0;
    table.text("P11", "idle CPU over 60 s", format!("{share:.3} % of a core"), "≤ 0.1 %");
    let exits = [gateway.terminate().await];
    table.times("P11", "idle SIGTERM → exit", &exits, "≤ 20 ms");
}

/// P3: message → first reply, the assistant started for it.
async fn reply(table: &mut Table) {
    let mut gateway = Gateway::prepare().await;
    let mut floor = floor::Floor::new(gateway.folder()).await;
    gateway.launch().await;
    gateway.warm_up(3).await;
    let (mut ours_all, mut p50, mut p99) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (mut floors, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..MESSAGES {
            floors.push(floor.once().await);
            ours.push(gateway.message("[[text:hello]]").await);
        }
        p50.push(table::median(&ours) / table::median(&floors));
        p99.push(table::percentile(&ours, 99) / table::percentile(&floors, 50));
        ours_all.extend(ours);
    }
    table.times("P3", "message → first reply", &ours_all, "");
    table.ratios("P3", "p50 over F1's p50", &p50, "≤ 1.6 ×");
    table.ratios("P3", "p99 over F1's p50", &p99, "≤ 3 ×");
    table.times("F1", "floor", &floor.taken, "");
    gateway.terminate().await;
}

/// P4: CPU per message.
async fn cpu(table: &mut Table) {
    let mut gateway = Gateway::prepare().await;
    gateway.set("ASSISTANT_MAX_LIVE", "1000");
    gateway.launch().await;
    gateway.warm_up(5).await;
    let mut floor = floor::Floor::new(gateway.folder()).await;
    floor.once().await;
    let floors = process::cpu(std::process::id());
    for _ in 0..CPU_MESSAGES {
        floor.once().await;
    }
    let floors = process::cpu(std::process::id()) - floors;
    let (own, runners) = (gateway.cpu(), gateway.runner_cpu());
    for _ in 0..CPU_MESSAGES {
        gateway.message("[[text:hello]]").await;
    }
    let per = |total: Duration| total.as_secs_f64() * 1000.0 / CPU_MESSAGES as f64;
    let own = per(gateway.cpu() - own);
    let with = own + per(gateway.runner_cpu() - runners);
    table.text("F1", "CPU of the floor, both ends of its HTTP counted", format!("{:.2} ms", per(floors)), "");
    table.text("P4", "CPU per message: gateway", format!("{own:.2} ms"), "≤ 1.0 ms");
    table.text("P4", "CPU per message: with runner", format!("{with:.2} ms"), "≤ 2.0 ms");
    gateway.terminate().await;
}

/// P6: one answer of 2,000 chunks in a second.
async fn stream(table: &mut Table) {
    let mut gateway = Gateway::prepare().await;
    gateway.launch().await;
    gateway.warm_up(3).await;
    let (before, sent) = (gateway.cpu(), gateway.telegram.writes());
    gateway.message_until("[[words:2000,0.5]]", "w2000").await;
    gateway.telegram.quiet().await;
    let per_chunk = (gateway.cpu() - before).as_secs_f64() * 1000.0 / 2000.0;
    table.text("P6", "2,000 chunks: sends + edits", (gateway.telegram.writes() - sent).to_string(), "≤ 4");
    table.text("P6", "CPU per chunk", format!("{per_chunk:.4} ms"), "≤ 0.02 ms");
    gateway.terminate().await;
}

/// A newcomer writes hello in the console and sees text of the demo.
async fn newcomer(table: &mut Table) {
    let mut gateway = Gateway::prepare().await;
    for name in ["CLAUDE_BIN", "CLAUDE_API_KEY", "DEFAULT_CODEBASE", "TELEGRAM_BOT_TOKEN"] {
        gateway.unset(name);
    }
    gateway.set("CLAUDE_BIN", "no-such-program");
    let port = gateway.launch_console().await;
    let took = gateway.hello(port).await;
    table.times("1", "hello in the console → first text, nothing set up", &[took], "≤ 2 s");
    gateway.terminate().await;
}

/// P10: the shipped binary.
fn artefact(table: &mut Table) {
    let path = gateway::program();
    let size = std::fs::metadata(&path).unwrap().len();
    table.text("P10", "the binary", format!("{:.1} MB", size as f64 / 1e6), "≤ 22 MB");
    let libraries = std::process::Command::new("ldd").arg(&path).output().unwrap();
    let libraries = String::from_utf8_lossy(&libraries.stdout);
    let names: Vec<&str> = libraries.lines().filter_map(|line| line.split_whitespace().next()).collect();
    table.text("P10", "at run time", names.join(" "), "libc alone");
}
