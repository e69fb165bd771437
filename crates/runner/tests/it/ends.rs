//! Ends: of the child, of what it started, of the runner.

use adjutant_runner::{Found, Limits, probe};
use rustix::process::Signal;

use crate::support::*;

/// Short graces: these tests wait for conditions, and some conditions wait for these.
fn hasty() -> Limits {
    Limits { close_grace_ms: 10, term_grace_ms: 100, leftover_grace_ms: 50, ..Limits::default() }
}

#[tokio::test]
async fn grandchildren_in_their_own_sessions_die_with_a_stop() {
    let place = Place::new();
    let mut spec = place.sh("setsid sleep 1000 & echo $!; (setsid sh -c 'trap \"\" TERM; sleep 1000; sleep 1000' & echo $!); cat; sleep 1000");
    spec.limits = hasty();
    let mut run = start(&spec).await;
    let text = read_until(&mut run.incoming, "\n").await;
    let text = if text.lines().count() < 2 { text + &read_until(&mut run.incoming, "\n").await } else { text };
    let pids: Vec<i32> = text.lines().map(number).collect();
    assert!(pids.iter().all(|&pid| lives(pid)));
    within(run.control.stop()).await;
    assert!(pids.iter().all(|&pid| !exists(pid)), "something lives after a stop");
    let (_, exit) = read_all(&mut run.incoming).await;
    assert!(exit.left_over >= 2, "{exit:?}");
    settle(run, &exit, &spec.dir).await;
}

#[tokio::test]
async fn grandchildren_die_when_the_child_ends_by_itself() {
    let place = Place::new();
    let mut spec = place.sh("setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $!; exit 0");
    spec.limits = hasty();
    let mut run = start(&spec).await;
    let (output, exit) = read_all(&mut run.incoming).await;
    assert!(!exists(number(&String::from_utf8(output).unwrap())));
    assert_eq!((exit.code, exit.left_over), (Some(0), 1));
    settle(run, &exit, &spec.dir).await;
}

#[tokio::test]
async fn a_child_that_ignores_sigterm_is_killed_with_its_family() {
    let place = Place::new();
    let mut spec = place.sh("trap '' TERM; setsid sleep 1000 & echo $!; while :; do sleep 1000; done");
    spec.limits = hasty();
    let mut run = start(&spec).await;
    let grandchild = number(&read_until(&mut run.incoming, "\n").await);
    let child = run.control.status().await.unwrap().pid;
    within(run.control.stop()).await;
    assert!(!exists(grandchild) && !exists(child));
    let (_, exit) = read_all(&mut run.incoming).await;
    assert_eq!(exit.signal, Some(Signal::KILL.as_raw()));
    settle(run, &exit, &spec.dir).await;
}

#[tokio::test]
async fn a_child_that_ends_on_closed_stdin_gets_no_signal() {
    let place = Place::new();
    let mut spec = place.sh("trap 'echo terminated; exit 9' TERM; echo ready; cat >/dev/null; echo bye");
    spec.limits = Limits { close_grace_ms: 30_000, ..Limits::default() };
    let mut run = start(&spec).await;
    read_until(&mut run.incoming, "ready\n").await;
    within(run.control.stop()).await;
    let (output, exit) = read_all(&mut run.incoming).await;
    assert_eq!((output.as_slice(), exit.code), (&b"bye\n"[..], Some(0)));
    settle(run, &exit, &spec.dir).await;
}

#[tokio::test]
async fn a_signal_reaches_the_child() {
    let place = Place::new();
    let mut run =
        start(&place.sh("trap 'echo interrupted; exit 0' INT; echo ready; while :; do sleep 0.01; done")).await;
    read_until(&mut run.incoming, "ready\n").await;
    run.control.signal(Signal::INT.as_raw()).await.unwrap();
    let (output, exit) = read_all(&mut run.incoming).await;
    assert_eq!(output, b"interrupted\n");
    assert!(run.control.signal(Signal::INT.as_raw()).await.is_err());
    settle(run, &exit, &place.run()).await;
}

#[tokio::test]
async fn orphans_are_reaped_while_the_run_lasts() {
    let place = Place::new();
    let mut run = start(&place.sh("(sh -c 'echo $$' & ) ; cat")).await;
    let orphan = number(&read_until(&mut run.incoming, "\n").await);
    eventually("the orphan is reaped", || !exists(orphan)).await;
    run.control.stop().await;
    let (_, exit) = read_all(&mut run.incoming).await;
    settle(run, &exit, &place.run()).await;
}

#[tokio::test]
async fn a_run_nobody_is_attached_to_ends_when_its_time_is_over() {
    let place = Place::new();
    let mut spec = place.sh("echo $$; cat");
    spec.keep_until_ms = 1;
    let mut run = start(&spec).await;
    let child = number(&read_until(&mut run.incoming, "\n").await);
    // Attached, so it stays.
    run.control.write("k", b"still here").await.unwrap();
    read_until(&mut run.incoming, "still here\n").await;
    drop(run);
    eventually("the child ends", || !exists(child)).await;
    eventually("the runner ends", || matches!(probe(&spec.dir).unwrap(), Found::Gone { exit: Some(_), .. })).await;
}

#[tokio::test]
async fn a_run_is_kept_until_the_time_that_was_set_last() {
    let place = Place::new();
    let mut spec = place.sh("cat");
    spec.keep_until_ms = 1;
    let run = start(&spec).await;
    run.control.keep_until(in_a_while()).await;
    drop(run);
    let run = attach(&spec.dir, 0).await;
    assert!(run.control.status().await.unwrap().alive);
    run.control.keep_until(0).await;
    drop(run);
    eventually("the runner ends", || probe(&spec.dir).unwrap() != Found::Alive).await;
}

#[tokio::test]
async fn a_run_that_ended_alone_waits_to_be_taken() {
    let place = Place::new();
    let go = place.path("go");
    let spec = place.sh(&format!("while ! [ -e {} ]; do sleep 0.01; done; echo done", go.display()));
    drop(start(&spec).await);
    std::fs::write(go, "").unwrap();
    eventually("the child ends", || spec.dir.join("exit").exists()).await;
    let mut run = attach(&spec.dir, 0).await;
    let (output, exit) = read_all(&mut run.incoming).await;
    assert_eq!(output, b"done\n");
    settle(run, &exit, &spec.dir).await;
}

#[tokio::test]
async fn sigterm_ends_the_run_and_its_runner() {
    let place = Place::new();
    let mut spec = place.sh("setsid sleep 1000 & echo $!; sleep 1000");
    spec.limits = hasty();
    let mut run = start(&spec).await;
    let grandchild = number(&read_until(&mut run.incoming, "\n").await);
    kill(run.control.status().await.unwrap().runner_pid, Signal::TERM);
    let (_, exit) = read_all(&mut run.incoming).await;
    assert!(!exists(grandchild));
    assert!(within(run.incoming.next()).await.is_none());
    eventually("the runner ends", || probe(&spec.dir).unwrap() != Found::Alive).await;
    let Found::Gone { exit: found, .. } = probe(&spec.dir).unwrap() else { panic!("it is not gone") };
    assert_eq!(found, Some(exit));
}

#[tokio::test]
async fn a_killed_runner_takes_its_child_along() {
    let place = Place::new();
    let mut run = start(&place.sh("echo $$; cat")).await;
    let child = number(&read_until(&mut run.incoming, "\n").await);
    run.control.write("noted", b"x").await.unwrap();
    kill(run.control.status().await.unwrap().runner_pid, Signal::KILL);
    eventually("the child dies", || !lives(child)).await;
    within(run.control.stop()).await;
    while within(run.incoming.next()).await.is_some() {}
    assert!(run.control.write("k", b"x").await.is_err());
    let Found::Gone { keys, exit: None, .. } = probe(&place.run()).unwrap() else { panic!("it is not gone") };
    assert_eq!(keys, ["noted"]);
    adjutant_runner::remove(&place.run()).unwrap();
}

#[tokio::test]
async fn ending_a_run_by_its_directory_leaves_nothing_but_its_output() {
    let place = Place::new();
    let mut spec = place.sh("echo $$; cat");
    spec.limits = hasty();
    let mut run = start(&spec).await;
    let child = number(&read_until(&mut run.incoming, "\n").await);
    drop(run);
    within(adjutant_runner::end(&spec.dir)).await.unwrap();
    assert!(!exists(child));
    assert!(matches!(probe(&spec.dir).unwrap(), Found::Gone { exit: Some(_), .. }));
    within(adjutant_runner::end(&spec.dir)).await.unwrap();
    adjutant_runner::remove(&spec.dir).unwrap();
}

#[tokio::test]
async fn a_run_whose_directory_was_deleted_ends() {
    let place = Place::new();
    let mut run = start(&place.sh("echo $$; cat")).await;
    let child = number(&read_until(&mut run.incoming, "\n").await);
    let runner = run.control.status().await.unwrap().runner_pid;
    std::fs::remove_dir_all(place.run()).unwrap();
    // Attached, so it stays.
    assert!(run.control.status().await.unwrap().alive);
    drop(run);
    eventually("both are gone", || !lives(child) && !lives(runner)).await;
}
