//! A gateway that is killed, with its fork server.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use adjutant_runner::{Found, Limits, RunSpec, probe};
use rustix::process::Signal;

use crate::support::*;

/// Starts a gateway that starts `spec`, and waits for its word.
fn gateway(spec: &RunSpec) -> (Child, String) {
    let mut gateway = Command::new(env!("CARGO_BIN_EXE_runner-test-gateway"))
        .env("SECRET", "of-the-gateway")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut spec = serde_json::to_vec(spec).unwrap();
    spec.push(b'\n');
    gateway.stdin.as_mut().unwrap().write_all(&spec).unwrap();
    let mut word = String::new();
    BufReader::new(gateway.stdout.as_mut().unwrap()).read_line(&mut word).unwrap();
    (gateway, word.trim().to_owned())
}

fn pid(child: &Child) -> i32 {
    i32::try_from(child.id()).unwrap()
}

/// The living children of a process.
fn children(parent: i32) -> Vec<i32> {
    let pids =
        std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|&pid: &i32| lives(pid) && parent_of(pid) == Some(parent)).collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[tokio::test]
async fn a_killed_gateway_leaves_its_runs_alive_and_nothing_else() {
    let place = Place::new();
    let spec = place.sh("echo $$; cat");
    let (mut gateway, word) = gateway(&spec);
    assert_eq!(word, "started");
    let fork_servers = children(pid(&gateway));
    assert_eq!(fork_servers.len(), 1);
    let mut run = attach(&spec.dir, 0).await;
    let child = number(&read_until(&mut run.incoming, "\n").await);
    drop(run);
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    eventually("the fork server ends", || !lives(fork_servers[0])).await;
    let mut run = attach(&spec.dir, 0).await;
    run.control.write("k", b"still here").await.unwrap();
    assert_eq!(read_until(&mut run.incoming, "here\n").await, format!("{child}\nstill here\n"));
    run.control.stop().await;
    let (_, exit) = read_all(&mut run.incoming).await;
    settle(run, &exit, &spec.dir).await;
}

#[tokio::test]
async fn a_forked_runner_has_no_descriptor_and_no_secret_of_its_gateway() {
    let place = Place::new();
    let spec = place.sh("cat");
    let (mut gateway, _) = gateway(&spec);
    let run = attach(&spec.dir, 0).await;
    let runner = run.control.status().await.unwrap().runner_pid;
    let fork_server = parent_of(runner).unwrap();
    for process in [runner, fork_server] {
        // Only root can look at all.
        if let Ok(environment) = std::fs::read(format!("/proc/{process}/environ")) {
            assert!(!String::from_utf8_lossy(&environment).contains("of-the-gateway"));
        }
    }
    if let Ok(open) = std::fs::read_dir(format!("/proc/{runner}/fd")) {
        let mut open: Vec<_> = open
            .flatten()
            .map(|entry| std::fs::read_link(entry.path()).unwrap().display().to_string())
            .map(|link| link.split(':').next().unwrap().replace(spec.dir.to_str().unwrap(), ""))
            .collect();
        open.sort();
        let expected = [
            "/dev/null",
            "/dev/null",
            "/dev/null",
            "/keys",
            "/lock",
            "pipe",
            "pipe",
            "pipe",
            "pipe",
            "pipe",
            "socket",
            "socket",
            "socket",
        ];
        assert_eq!(open, expected);
    }
    run.control.stop().await;
    run.control.taken(0).await;
    drop(run);
    eventually("the runner is reaped", || !exists(runner)).await;
    gateway.kill().unwrap();
    gateway.wait().unwrap();
}

#[tokio::test]
async fn ctrl_c_is_for_the_gateway_alone() {
    let place = Place::new();
    let (mut gateway, _) = gateway(&place.sh("cat"));
    let group = std::fs::read_to_string(format!("/proc/{}/stat", pid(&gateway))).unwrap();
    for child in children(pid(&gateway)) {
        let other = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap();
        let session = |stat: &str| stat.rsplit(')').next().unwrap().split_ascii_whitespace().nth(3).unwrap().to_owned();
        assert_ne!(session(&group), session(&other));
    }
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    within(adjutant_runner::end(&place.run())).await.unwrap();
}

#[tokio::test]
async fn what_a_killed_runner_leaves_behind_is_ended_by_the_fork_server() {
    let place = Place::new();
    let (mut gateway, _) = gateway(&place.sh("setsid sh -c 'sleep 1000; :' & echo $!; cat"));
    let mut run = attach(&place.run(), 0).await;
    let grandchild = number(&read_until(&mut run.incoming, "\n").await);
    let status = run.control.status().await.unwrap();
    kill(status.runner_pid, Signal::KILL);
    eventually("all are dead", || ![grandchild, status.pid, status.runner_pid].into_iter().any(exists)).await;
    assert!(matches!(probe(&place.run()).unwrap(), Found::Gone { exit: None, .. }));
    gateway.kill().unwrap();
    gateway.wait().unwrap();
}

#[tokio::test]
async fn a_gateway_whose_fork_server_was_killed_executes_its_runners() {
    let place = Place::new();
    let mut spec = place.sh("echo $$; cat");
    spec.limits = Limits { close_grace_ms: 10, ..Limits::default() };
    let mut gateway = Command::new(env!("CARGO_BIN_EXE_runner-test-gateway"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("there is a fork server", || children(pid(&gateway)).len() == 1).await;
    let fork_server = children(pid(&gateway))[0];
    kill(fork_server, Signal::KILL);
    eventually("the fork server is dead", || !lives(fork_server)).await;
    let order = serde_json::to_string(&spec).unwrap() + "\n";
    gateway.stdin.as_mut().unwrap().write_all(order.as_bytes()).unwrap();
    let mut word = String::new();
    BufReader::new(gateway.stdout.as_mut().unwrap()).read_line(&mut word).unwrap();
    assert_eq!(word, "started\n");
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    within(adjutant_runner::end(&spec.dir)).await.unwrap();
}

#[tokio::test]
async fn failures_of_a_forked_start_are_told() {
    let place = Place::new();
    let mut spec = place.sh("");
    spec.program = "/nowhere/claude".into();
    let (mut gateway, word) = gateway(&spec);
    assert_eq!(word, "the program `/nowhere/claude` is not there");
    gateway.kill().unwrap();
    gateway.wait().unwrap();
}
