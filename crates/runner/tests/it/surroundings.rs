//! What the child finds around itself.

use adjutant_runner::RunAs;

use crate::support::*;

async fn output_of(place: &Place, script: &str) -> String {
    let mut run = start(&place.sh(script)).await;
    let (output, exit) = read_all(&mut run.incoming).await;
    settle(run, &exit, &place.run()).await;
    String::from_utf8(output).unwrap()
}

#[tokio::test]
async fn the_childs_environment_is_exactly_the_given_one() {
    let place = Place::new();
    let mut spec = place.sh("");
    spec.program = "/usr/bin/env".into();
    spec.args.clear();
    spec.env = vec![("A".into(), "1".into()), ("B".into(), "two words".into())];
    let mut run = start(&spec).await;
    let (output, exit) = read_all(&mut run.incoming).await;
    assert_eq!(String::from_utf8(output).unwrap(), "A=1\nB=two words\n");
    settle(run, &exit, &spec.dir).await;
}

#[tokio::test]
async fn no_descriptor_leaks_into_the_child() {
    let place = Place::new();
    // The shell expands the pattern itself: its own open directory is the one beyond the three pipes.
    let output = output_of(
        &place,
        "for fd in /proc/self/fd/*; do [ -e $fd ] && echo ${fd##*/} $(readlink $fd | cut -d: -f1); done; :",
    )
    .await;
    assert_eq!(output, "0 pipe\n1 pipe\n2 pipe\n");
}

#[tokio::test]
async fn the_child_begins_with_the_default_signals_in_its_directory() {
    let place = Place::new();
    let output = output_of(&place, "pwd; sed -n 's/^SigBlk:.//p; s/^SigIgn:.//p' /proc/self/status").await;
    let mut lines = output.lines();
    assert_eq!(lines.next(), place.path("").canonicalize().unwrap().to_str());
    for mask in lines {
        // The C library keeps signals 32 and 33 to itself: what they are is inherited from whoever began all this.
        assert_eq!(u64::from_str_radix(mask, 16).unwrap() & !(3 << 31), 0, "{mask}");
    }
}

#[tokio::test]
async fn the_childs_process_group_is_its_own() {
    let place = Place::new();
    let output = output_of(&place, "cut -d' ' -f5 /proc/$$/stat; echo $$").await;
    let (group, pid) = output.trim().split_once('\n').unwrap();
    assert_eq!(group, pid);
}

#[tokio::test]
async fn another_user_is_changed_to_wholly() {
    if !rustix::process::geteuid().is_root() {
        let told = std::env::var_os("ADJUTANT_TEST_WITHOUT_ROOT").is_some();
        assert!(told, "this needs root; set ADJUTANT_TEST_WITHOUT_ROOT to leave it out");
        eprintln!("skipped: needs root");
        return;
    }
    let place = Place::new();
    let mut spec = place.sh("id -u; id -g; id -G; cat");
    spec.cwd = "/".into();
    spec.run_as = Some(RunAs { uid: 65_534, gid: 65_533, groups: vec![65_532] });
    let mut run = start(&spec).await;
    assert_eq!(read_until(&mut run.incoming, "65532\n").await, "65534\n65533\n65533 65532\n");
    // It cannot reach its runner's files, and dies with its runner all the same.
    let status = run.control.status().await.unwrap();
    kill(status.runner_pid, rustix::process::Signal::KILL);
    eventually("the child dies", || !lives(status.pid)).await;
}

#[tokio::test]
async fn what_the_child_writes_follows_the_mask_of_whoever_started_the_gateway() {
    let place = Place::new();
    let own = std::process::Command::new("sh").args(["-c", "umask"]).output().unwrap();
    assert_eq!(output_of(&place, "umask").await, String::from_utf8(own.stdout).unwrap());
}

#[tokio::test]
async fn the_files_of_a_run_are_the_gateways_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let mut run = start(&place.sh("echo x; cat")).await;
    read_until(&mut run.incoming, "x\n").await;
    let mode = |path: &std::path::Path| path.symlink_metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.run()), 0o700);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(place.run()).unwrap().flatten() {
        assert_eq!(mode(&entry.path()), 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["keys", "lock", "sock", "spool.00000000000000000000"]);
    run.control.stop().await;
    let (_, exit) = read_all(&mut run.incoming).await;
    settle(run, &exit, &place.run()).await;
}

#[tokio::test]
async fn a_path_longer_than_a_socket_address_works() {
    let place = Place::new();
    let mut spec = place.sh("cat");
    spec.dir = place.path(&"long".repeat(60)).join("run");
    drop(start(&spec).await);
    let mut run = attach(&spec.dir, 0).await;
    run.control.write("k", b"hello").await.unwrap();
    assert_eq!(read_until(&mut run.incoming, "\n").await, "hello\n");
    run.control.stop().await;
    let (_, exit) = read_all(&mut run.incoming).await;
    settle(run, &exit, &spec.dir).await;
    adjutant_runner::remove(&spec.dir).unwrap();
}
