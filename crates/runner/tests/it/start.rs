//! Starts, and those that fail.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use adjutant_runner::{Found, StartFailure, probe, remove};

use crate::support::*;

#[tokio::test]
async fn a_run_hears_its_first_lines_and_is_heard() {
    let place = Place::new();
    let mut spec = place.sh("cat; echo oops >&2; exit 3");
    spec.first_lines = vec![line("a", "one"), line("b", "two\n")];
    let mut run = start(&spec).await;
    assert_eq!(run.end, 0);
    assert_eq!(read_until(&mut run.incoming, "two\n").await, "one\ntwo\n");
    run.control.close_stdin().await.unwrap();
    let (rest, exit) = read_all(&mut run.incoming).await;
    assert!(rest.is_empty());
    assert_eq!((exit.code, exit.signal, exit.end, exit.left_over), (Some(3), None, 8, 0));
    assert_eq!((exit.stderr_tail.as_str(), exit.stderr_bytes), ("oops\n", 5));
    settle(run, &exit, &spec.dir).await;
    let Found::Gone { keys, spool_end, exit: found } = probe(&spec.dir).unwrap() else { panic!("it is not gone") };
    assert_eq!((keys, spool_end, found), (vec!["a".to_owned(), "b".to_owned()], 8, Some(exit)));
    assert!(!spec.dir.join("sock").exists());
    remove(&spec.dir).unwrap();
    assert!(!spec.dir.exists());
    remove(&spec.dir).unwrap();
}

#[tokio::test]
async fn a_child_that_exits_at_once_is_reported() {
    let place = Place::new();
    let mut run = start(&place.sh("exit 1")).await;
    let (output, exit) = read_all(&mut run.incoming).await;
    assert_eq!((output.len(), exit.code), (0, Some(1)));
    settle(run, &exit, &place.run()).await;
}

#[tokio::test]
async fn a_missing_program_is_told_apart() {
    let place = Place::new();
    let mut spec = place.sh("");
    spec.program = "/nowhere/claude".into();
    let error = within(launcher().start(&spec)).await.unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (StartFailure::NotFound, "the program `/nowhere/claude` is not there")
    );
    assert!(!spec.dir.exists(), "something is left of a run that did not start");
    spec.program = "no-such-program".into();
    assert_eq!(within(launcher().start(&spec)).await.unwrap_err().kind, StartFailure::NotFound);
}

#[tokio::test]
async fn a_program_is_found_in_the_path_of_the_run() {
    let place = Place::new();
    let tool = place.path("tool");
    std::fs::write(&tool, "#!/bin/sh\necho found\n").unwrap();
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut spec = place.sh("");
    spec.program = "tool".into();
    spec.env = vec![("PATH".into(), format!("{}:/bin", place.path("").display()))];
    let mut run = start(&spec).await;
    let (output, exit) = read_all(&mut run.incoming).await;
    assert_eq!(output, b"found\n");
    settle(run, &exit, &spec.dir).await;
}

#[tokio::test]
async fn a_program_that_may_not_be_executed_is_told_apart() {
    let place = Place::new();
    let mut spec = place.sh("");
    spec.program = place.path("plain");
    std::fs::write(&spec.program, "").unwrap();
    assert_eq!(within(launcher().start(&spec)).await.unwrap_err().kind, StartFailure::PermissionDenied);
}

#[tokio::test]
async fn a_missing_working_directory_is_told_apart() {
    let place = Place::new();
    let mut spec = place.sh("");
    spec.cwd = place.path("missing");
    assert_eq!(within(launcher().start(&spec)).await.unwrap_err().kind, StartFailure::BadDirectory);
}

#[tokio::test]
async fn an_argument_that_is_too_long_is_an_error() {
    let place = Place::new();
    let spec = place.sh(&"x".repeat(200_000));
    assert_eq!(within(launcher().start(&spec)).await.unwrap_err().kind, StartFailure::Other);
}

#[tokio::test]
async fn a_key_that_is_no_key_is_refused() {
    let place = Place::new();
    let mut spec = place.sh("cat");
    spec.first_lines = vec![line("two\nlines", "x")];
    assert_eq!(within(launcher().start(&spec)).await.unwrap_err().kind, StartFailure::Other);
    assert!(!spec.dir.exists());
}

#[tokio::test]
async fn a_run_starts_once() {
    let place = Place::new();
    let spec = place.sh("cat");
    let run = start(&spec).await;
    assert_eq!(within(launcher().start(&spec)).await.unwrap_err().kind, StartFailure::AlreadyStarted);
    assert_eq!(probe(&spec.dir).unwrap(), Found::Alive);
    assert!(remove(&spec.dir).is_err());
    run.control.stop().await;
    run.control.taken(0).await;
    eventually("the runner ends", || probe(&spec.dir).unwrap() != Found::Alive).await;
    assert_eq!(within(launcher().start(&spec)).await.unwrap_err().kind, StartFailure::AlreadyStarted);
}

#[tokio::test]
async fn a_run_that_was_found_unstarted_never_starts() {
    let place = Place::new();
    let marker = place.path("marker");
    let spec = place.sh(&format!("touch {}", marker.display()));
    assert_eq!(probe(&spec.dir).unwrap(), Found::NeverStarted);
    assert_eq!(probe(&spec.dir).unwrap(), Found::NeverStarted);
    assert_eq!(within(launcher().start(&spec)).await.unwrap_err().kind, StartFailure::AlreadyStarted);
    assert!(!marker.exists());
    assert!(matches!(adjutant_runner::attach(&spec.dir, 0).await, Err(adjutant_runner::AttachError::NotThere)));
}

/// The order of a gateway that dies right after it asked for a run, and of its successor that found nothing and
/// cleaned up, before the runner came to read its order.
#[tokio::test]
async fn a_runner_whose_starter_is_gone_starts_nothing() {
    let place = Place::new();
    let marker = place.path("marker");
    let spec = place.sh(&format!("touch {}; cat", marker.display()));
    for starter_stays in [false, true] {
        let token = format!("late-{}-{starter_stays}", std::process::id());
        let order = format!(r#"{{"id":0,"what":{{"ask":"start","spec":{}}}}}"#, serde_json::to_string(&spec).unwrap());
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let mut frame = u32::try_from(order.len()).unwrap().to_le_bytes().to_vec();
        frame.push(0);
        frame.extend(order.as_bytes());
        ours.write_all(&frame).unwrap();
        let ours = starter_stays.then_some(ours);
        let mut runner = Command::new(program())
            .args(["runner", &token])
            .stdin(OwnedFd::from(theirs))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        assert!(runner.wait().unwrap().success());
        if starter_stays {
            eventually("the run starts", || marker.exists()).await;
            within(adjutant_runner::end(&spec.dir)).await.unwrap();
        } else {
            eventually("the runner ends", || !some_process_has(&token)).await;
            assert!(!marker.exists() && !spec.dir.exists());
        }
        drop(ours);
    }
}

fn some_process_has(token: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        std::fs::read(entry.path().join("cmdline"))
            .is_ok_and(|cmdline| String::from_utf8_lossy(&cmdline).contains(token))
    })
}
