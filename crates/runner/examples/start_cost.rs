//! What it costs to start a run, forked and executed, and what an idle runner weighs.
//!
//! `cargo run --release --example start_cost -p adjutant-runner`. Times are medians of the rounds, in microseconds; CPU
//! is what the kernel counts for the runner up to its rest, and for the fork server's part in it.

#![expect(clippy::disallowed_methods, reason = "a measurement is of real time and real processes")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use adjutant_runner::{Connection, Event, Launcher, Limits, RunSpec, fork_server};

const ROUNDS: usize = 200;
const IDLE: usize = 20;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    adjutant_runner::run_if_asked();
    let forking = Launcher::with_fork_server(fork_server()?);
    let executing = Launcher::with_program(std::env::current_exe()?);
    let place = std::env::temp_dir().join(format!("start-cost-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for (name, launcher) in
            [("fork server", &forking), ("exec", &executing), ("fork server", &forking), ("exec", &executing)]
        {
            let (mut started, mut ended) = (Vec::new(), Vec::new());
            for round in 0..ROUNDS {
                let dir = place.join(format!("{round}"));
                let begin = Instant::now();
                let mut run = launcher.start(&spec(&dir, "/bin/true")).await?;
                started.push(begin.elapsed().as_micros());
                finish(&mut run).await?;
                ended.push(begin.elapsed().as_micros());
                drop(run);
                adjutant_runner::end(&dir).await?;
                adjutant_runner::remove(&dir)?;
            }
            println!(
                "{name}: started after {} us, whole run of /bin/true {} us",
                median(&mut started),
                median(&mut ended)
            );
        }
        for (name, launcher) in [("fork server", &forking), ("exec", &executing)] {
            weigh(name, launcher, &place).await?;
        }
        Ok::<_, Failure>(())
    })?;
    println!("start of /bin/true by the standard library: {} us", plain_spawn()?);
    Ok(std::fs::remove_dir_all(place)?)
}

async fn weigh(name: &str, launcher: &Launcher, place: &Path) -> Result<(), Failure> {
    let mut runs = Vec::new();
    let waited = waited_ms()?;
    for number in 0..IDLE {
        runs.push(launcher.start(&spec(&place.join(format!("idle-{number}")), "/bin/cat")).await?);
    }
    let mut cpu = Vec::new();
    for run in &runs {
        cpu.push(cpu_us(run.control.status().await?.runner_pid));
    }
    println!("{name}: CPU of a runner {} us", median(&mut cpu));
    if name == "exec" {
        println!("{name}: CPU of its short-lived parent {} us", (waited_ms()? - waited) * 1_000 / IDLE as u128);
    } else {
        let fork_server = stat(runs[0].control.status().await?.runner_pid, 1)?;
        println!(
            "{name}: CPU of the fork server for one run, over all of them {} us",
            cpu_us(i32::try_from(fork_server)?) / (2 * ROUNDS + IDLE) as u128
        );
    }
    for field in ["Rss", "Pss", "Private_Clean", "Private_Dirty"] {
        let mut weights = Vec::new();
        for run in &runs {
            weights.push(memory(run.control.status().await?.runner_pid, field));
        }
        println!("{name}: {field} of an idle runner {} kB", median(&mut weights));
    }
    for number in 0..IDLE {
        let dir = place.join(format!("idle-{number}"));
        adjutant_runner::end(&dir).await?;
        adjutant_runner::remove(&dir)?;
    }
    Ok(())
}

async fn finish(run: &mut Connection) -> Result<(), Failure> {
    while let Some(event) = run.incoming.next().await {
        if let Event::Exited(exit) = event {
            run.control.taken(exit.end).await;
            return Ok(());
        }
    }
    Err("the runner was lost".into())
}

fn spec(dir: &Path, program: &str) -> RunSpec {
    RunSpec {
        dir: dir.to_owned(),
        program: PathBuf::from(program),
        args: Vec::new(),
        env: Vec::new(),
        cwd: PathBuf::from("/"),
        run_as: None,
        first_lines: Vec::new(),
        keep_until_ms: i64::MAX,
        limits: Limits::default(),
    }
}

fn plain_spawn() -> Result<u128, Failure> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        std::process::Command::new("/bin/true").status()?;
        times.push(begin.elapsed().as_micros());
    }
    Ok(median(&mut times))
}

/// The CPU time of a process with one thread, in microseconds.
fn cpu_us(pid: i32) -> u128 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
    text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<u128>().ok()).unwrap_or_default() / 1_000
}

/// The CPU time of the children that were waited for, in milliseconds; the kernel counts hundredths of a second.
fn waited_ms() -> Result<u128, Failure> {
    let own = i32::try_from(std::process::id())?;
    Ok(10 * (stat(own, 13)? + stat(own, 14)?))
}

/// A field of a process's `stat`, counted from its state.
fn stat(pid: i32, field: usize) -> Result<u128, Failure> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let behind_name = text.rsplit(')').next().unwrap_or_default();
    Ok(behind_name.split_ascii_whitespace().nth(field).unwrap_or_default().parse()?)
}

fn memory(pid: i32, field: &str) -> u128 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}

fn median(values: &mut [u128]) -> u128 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
