//! Many conversations, many turns, much output, and a kill in the middle of a queue: P7, P8, P9, P12, P13, P14.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::crowd;
use crate::floor::Floor;
use crate::gateway::Gateway;
use crate::process;
use crate::table::{self, Table};

/// How long memory takes to come to rest.
const REST: Duration = Duration::from_secs(3);

/// P7: what conversations cost that do nothing, and what one costs whose assistant is there.
pub async fn conversations(table: &mut Table) {
    let mut gateway = Gateway::prepare().await;
    gateway.launch().await;
    gateway.terminate().await;
    gateway.launch().await;
    tokio::time::sleep(REST).await;
    let empty = gateway.pss();
    gateway.terminate().await;
    crowd::fill(&gateway.database(), 100_000, 0).await;
    gateway.launch().await;
    tokio::time::sleep(REST).await;
    let full = gateway.pss();
    gateway.terminate().await;
    let all = process::megabytes(full.saturating_sub(empty));
    table.text("P7", "100,000 idle conversations", all, "≤ 2 MB");

    const ACTIVE: i64 = 100;
    let mut gateway = Gateway::prepare().await;
    gateway.set("ASSISTANT_MAX_LIVE", "1000");
    gateway.launch().await;
    gateway.warm_up(50).await;
    tokio::time::sleep(REST).await;
    let before = gateway.pss();
    for _ in 0..ACTIVE {
        gateway.message("[[text:hello]]").await;
    }
    tokio::time::sleep(REST).await;
    let each = gateway.pss().saturating_sub(before) as f64 / ACTIVE as f64;
    table.text("P7", "one active conversation", format!("{each:.0} kB"), "≤ 48 kB");
    gateway.terminate().await;
}

/// P8: a burst of messages, eight at once, beside what the parts of F1 alone reach with eight at once.
pub async fn burst(table: &mut Table) {
    const BURST: i64 = 200;
    const AT_ONCE: usize = 8;
    let mut gateway = Gateway::prepare().await;
    gateway.set("MAX_CONCURRENT_CONVERSATIONS", &AT_ONCE.to_string());
    gateway.launch().await;
    gateway.warm_up(5).await;
    let mut ratios = Vec::new();
    for round in 0..3 {
        let start = Instant::now();
        let floors: Vec<_> = (0..AT_ONCE)
            .map(|n| {
                let folder = gateway.folder().join(format!("floor-{round}-{n}"));
                std::thread::spawn(move || {
                    std::fs::create_dir_all(&folder).unwrap();
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(async {
                        let mut floor = Floor::new(&folder).await;
                        for _ in 0..BURST as usize / AT_ONCE {
                            floor.once().await;
                        }
                    });
                })
            })
            .collect();
        tokio::task::spawn_blocking(|| floors.into_iter().for_each(|floor| floor.join().unwrap())).await.unwrap();
        let floor = start.elapsed();
        let first = 100 + round * BURST;
        let start = Instant::now();
        join_all((first..first + BURST).map(|person| gateway.ask(person, "[[text:hello]]", "hello"))).await;
        ratios.push(floor.as_secs_f64() / start.elapsed().as_secs_f64());
    }
    table.ratios("P8", "200 messages to 200 conversations, 8 at once, over F1's parts alone", &ratios, "≥ 0.7 ×");
    gateway.terminate().await;
}

/// P9: a thousand answers that grow side by side.
pub async fn many(table: &mut Table) {
    const OPEN: i64 = 1_000;
    let mut gateway = Gateway::prepare().await;
    gateway.set("MAX_CONCURRENT_CONVERSATIONS", &OPEN.to_string());
    gateway.set("ASSISTANT_MAX_LIVE", &OPEN.to_string());
    gateway.launch().await;
    gateway.warm_up(3).await;
    let (before, start) = (gateway.cpu(), Instant::now());
    let answers = join_all((100..100 + OPEN).map(|person| {
        let gateway = &gateway;
        async move {
            let first = gateway.ask(person, "[[chunks:10,1000]]", "w1").await;
            gateway.telegram.shows(person, "w10").await;
            first
        }
    }))
    .await;
    let share = (gateway.cpu() - before).as_secs_f64() / start.elapsed().as_secs_f64() * 100.0;
    table.text("P9", "1,000 answers of 10 chunks at 1/s: complete", answers.len().to_string(), "1,000");
    let p99 = table::percentile(&answers, 99) / 1000.0;
    table.text("P9", "first chunk, p99", format!("{p99:.1} s"), "≤ 2 s");
    table.text("P9", "CPU of the gateway", format!("{share:.0} % of a core"), "≤ 25 %");
    table.text("P9", "memory of the gateway", process::megabytes(gateway.pss()), "≤ 80 MB");
    gateway.terminate().await;
}

/// P12: what ten thousand turns leave behind.
pub async fn turns(table: &mut Table) {
    // As many as keep the chats' own budgets, a message in a second each, from being what is measured.
    const PEOPLE: i64 = 100;
    const WARM: usize = 20;
    const EACH: usize = 120;
    let mut gateway = Gateway::prepare().await;
    gateway.set("ASSISTANT_MAX_LIVE", "100");
    gateway.set("MESSAGES_PER_PERSON_HOUR", "100000");
    gateway.launch().await;
    let rounds = |from: usize, to: usize| {
        let gateway = &gateway;
        join_all((100..100 + PEOPLE).map(move |person| async move {
            for turn in from..to {
                gateway.ask(person, &format!("[[text:turn{turn};]]"), &format!("turn{turn};")).await;
            }
        }))
    };
    rounds(0, WARM).await;
    tokio::time::sleep(REST).await;
    let (memory, before) = (gateway.pss(), gateway.resources());
    rounds(WARM, EACH).await;
    tokio::time::sleep(REST).await;
    let (drift, after) = (gateway.pss().saturating_sub(memory), gateway.resources());
    table.text("P12", "10,000 turns: memory drift", process::megabytes(drift), "≤ 5 MB");
    table.text("P12", "descriptors, threads, zombies", format!("{before:?} → {after:?}"), "flat");
    gateway.terminate().await;
}

/// P13: an assistant that floods.
pub async fn floods(table: &mut Table) {
    for (what, prompt) in [
        ("a line of 64 MB", "[[longline:64m]] [[text:hello]]"),
        ("12 MB on stderr", "[[stderr:12m]] [[text:hello]]"),
        ("1,000,000 chunks", "[[chunks:1000000,0]] [[text:hello]]"),
    ] {
        let mut gateway = Gateway::prepare().await;
        gateway.launch().await;
        gateway.warm_up(5).await;
        let before = gateway.peak();
        gateway.telegram.say(1_500, prompt);
        gateway.telegram.wrote_to(1_500).await;
        gateway.telegram.quiet().await;
        let growth = gateway.peak().saturating_sub(before);
        table.text("P13", &format!("{what}: growth"), process::megabytes(growth), "≤ 32 MB");
        gateway.terminate().await;
    }
}

/// P14: `kill -9` with a thousand messages in line.
pub async fn killed(table: &mut Table) {
    const PEOPLE: i64 = 50;
    const EACH: usize = 20;
    let mut gateway = Gateway::prepare().await;
    gateway.set("ASSISTANT_MAX_LIVE", "100");
    gateway.launch().await;
    gateway.terminate().await;
    let mut starts = Vec::new();
    for _ in 0..3 {
        starts.push(gateway.launch().await);
        gateway.terminate().await;
    }
    gateway.launch().await;
    let before = gateway.telegram.count("hello");
    for _ in 0..EACH {
        (100..100 + PEOPLE).for_each(|person| gateway.telegram.say(person, "[[pause:200]] [[text:hello]]"));
    }
    gateway.telegram.took_all().await;
    gateway.kill_alone();
    let replied = gateway.telegram.writes();
    let start = Instant::now();
    gateway.launch().await;
    gateway.telegram.wrote_after(replied).await;
    let ratio = start.elapsed().as_secs_f64() * 1000.0 / table::median(&starts);
    table.text("P14", "kill -9 with 1,000 messages in line → first reply", format!("{ratio:.1} × P1"), "≤ 10 ×");
    gateway.telegram.said(before + PEOPLE as usize * EACH, "hello").await;
    gateway.telegram.quiet().await;
    let said = gateway.telegram.count("hello") - before;
    table.text("P14", "of 1,000 messages answered", said.to_string(), "1,000");
    gateway.terminate().await;
}
