//! Output and input: attaching, replaying, keyed lines.

use std::io::Write;
use std::os::unix::net::UnixStream;

use adjutant_runner::{AttachError, Event, Found, Gone, Limits, Written, probe, read_spool};

use crate::support::*;

#[tokio::test]
async fn output_is_replayed_from_any_offset() {
    let place = Place::new();
    let mut run = start(&place.sh("printf 0123456789; cat")).await;
    read_until(&mut run.incoming, "0123456789").await;
    for from in [0, 4, 10, 99] {
        let mut again = attach(&place.run(), from).await;
        assert_eq!(again.end, 10);
        if from < 10 {
            let Some(Event::Data { offset, bytes }) = within(again.incoming.next()).await else { panic!("no data") };
            assert_eq!((offset, bytes.as_slice()), (from, &b"0123456789"[usize::try_from(from).unwrap()..]));
        }
    }
    run.control.stop().await;
    let (_, exit) = read_all(&mut run.incoming).await;
    settle(run, &exit, &place.run()).await;
}

#[tokio::test]
async fn two_clients_hear_the_same() {
    let place = Place::new();
    let mut one = start(&place.sh("cat")).await;
    let mut other = attach(&place.run(), 0).await;
    one.control.write("k", b"hello").await.unwrap();
    assert_eq!(read_until(&mut one.incoming, "\n").await, "hello\n");
    assert_eq!(read_until(&mut other.incoming, "\n").await, "hello\n");
    other.control.close_stdin().await.unwrap();
    let (_, exit) = read_all(&mut one.incoming).await;
    assert_eq!(read_all(&mut other.incoming).await.1, exit);
    settle(one, &exit, &place.run()).await;
}

#[tokio::test]
async fn nothing_is_lost_between_two_gateways() {
    let place = Place::new();
    let spec = place.sh("while read -r line; do for i in 1 2 3 4 5; do echo $line.$i; done; done");
    let mut run = start(&spec).await;
    run.control.write("1", b"a").await.unwrap();
    let Some(Event::Data { bytes, .. }) = within(run.incoming.next()).await else { panic!("no data") };
    let mut heard = String::from_utf8(bytes).unwrap();
    let offset = heard.len() as u64;
    drop(run);
    // What is said while nobody listens, through a connection that itself listens to nothing.
    attach(&spec.dir, u64::MAX).await.control.write("2", b"b").await.unwrap();
    let mut run = attach(&spec.dir, offset).await;
    heard += &read_until(&mut run.incoming, "b.5\n").await;
    assert_eq!(heard, "a.1\na.2\na.3\na.4\na.5\nb.1\nb.2\nb.3\nb.4\nb.5\n");
    run.control.stop().await;
    let (_, exit) = read_all(&mut run.incoming).await;
    settle(run, &exit, &spec.dir).await;
}

#[tokio::test]
async fn a_key_is_written_once() {
    let place = Place::new();
    let mut spec = place.sh("cat");
    spec.first_lines = vec![line("prompt:1", "first")];
    let run = start(&spec).await;
    assert_eq!(run.control.write("prompt:1", b"first").await, Ok(Written::Repeated));
    assert_eq!(run.control.write("prompt:2", b"second").await, Ok(Written::Fresh));
    drop(run);
    let mut run = attach(&spec.dir, 0).await;
    assert_eq!(run.control.write("prompt:2", b"second").await, Ok(Written::Repeated));
    assert_eq!(run.control.write("prompt:3", b"third").await, Ok(Written::Fresh));
    run.control.close_stdin().await.unwrap();
    let Err(Gone(_)) = run.control.write("prompt:4", b"fourth").await else { panic!("it was written") };
    assert_eq!(run.control.write("prompt:3", b"third").await, Ok(Written::Repeated));
    let (output, exit) = read_all(&mut run.incoming).await;
    assert_eq!(output, b"first\nsecond\nthird\n");
    settle(run, &exit, &spec.dir).await;
    let Found::Gone { keys, .. } = probe(&spec.dir).unwrap() else { panic!("it is not gone") };
    assert_eq!(keys, ["prompt:1", "prompt:2", "prompt:3"]);
}

#[tokio::test]
async fn a_child_that_does_not_read_holds_up_its_writers_only() {
    let place = Place::new();
    let go = place.path("go");
    let mut spec = place.sh(&format!("echo ready; while ! [ -e {} ]; do sleep 0.01; done; cat | wc -c", go.display()));
    spec.limits = Limits { stdin_bytes: 1000, ..Limits::default() };
    let mut run = start(&spec).await;
    let long = vec![b'x'; 300_000];
    assert_eq!(run.control.write("1", &long).await, Ok(Written::Fresh));
    let waiting = tokio::spawn({
        let (control, long) = (run.control.clone(), long.clone());
        async move { control.write("2", &long).await }
    });
    read_until(&mut run.incoming, "ready\n").await;
    run.control.status().await.unwrap();
    assert!(!waiting.is_finished(), "there was room for it");
    std::fs::write(go, "").unwrap();
    assert_eq!(within(waiting).await.unwrap(), Ok(Written::Fresh));
    run.control.close_stdin().await.unwrap();
    let (output, exit) = read_all(&mut run.incoming).await;
    assert_eq!(String::from_utf8(output).unwrap().trim(), "600002");
    settle(run, &exit, &place.run()).await;
}

#[tokio::test]
async fn a_writer_that_waits_hears_that_the_child_is_gone() {
    let place = Place::new();
    let mut spec = place.sh("sleep 1000");
    spec.limits = Limits { stdin_bytes: 1000, ..Limits::default() };
    let mut run = start(&spec).await;
    run.control.write("1", &vec![b'x'; 300_000]).await.unwrap();
    let control = run.control.clone();
    let waiting = tokio::spawn(async move { control.write("2", b"y").await });
    run.control.status().await.unwrap();
    run.control.signal(libc_sigkill()).await.unwrap();
    assert!(within(waiting).await.unwrap().is_err());
    let (_, exit) = read_all(&mut run.incoming).await;
    assert_eq!((exit.code, exit.signal), (None, Some(9)));
    settle(run, &exit, &place.run()).await;
}

fn libc_sigkill() -> i32 {
    rustix::process::Signal::KILL.as_raw()
}

#[tokio::test]
async fn a_client_that_never_reads_holds_up_nobody() {
    let place = Place::new();
    let go = place.path("go");
    let spec = place.sh(&format!("while ! [ -e {} ]; do sleep 0.01; done; head -c 5000000 /dev/zero", go.display()));
    let lazy = start(&spec).await;
    let mut eager = attach(&spec.dir, 0).await;
    std::fs::write(go, "").unwrap();
    let (output, exit) = read_all(&mut eager.incoming).await;
    assert_eq!(output.len(), 5_000_000);
    // The lazy one still gets its replies.
    assert_eq!(within(lazy.control.status()).await.unwrap().spool_end, 5_000_000);
    let mut lazy = lazy;
    assert_eq!(read_all(&mut lazy.incoming).await.0.len(), 5_000_000);
    settle(lazy, &exit, &spec.dir).await;
}

#[tokio::test]
async fn garbage_costs_its_sender_the_connection_and_nobody_else() {
    let place = Place::new();
    let mut run = start(&place.sh("cat")).await;
    for garbage in [&b"\xff\xff\xff\xff\xff"[..], b"\x02\0\0\0\0{]", b"\x01\0\0\0\x02x", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stranger = UnixStream::connect(place.run().join("sock")).unwrap();
        stranger.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        stranger.write_all(garbage).unwrap();
        assert_eq!(std::io::Read::read(&mut stranger, &mut [0; 16]).unwrap_or(0), 0, "it was answered");
    }
    run.control.write("k", b"still here").await.unwrap();
    assert_eq!(read_until(&mut run.incoming, "\n").await, "still here\n");
    run.control.stop().await;
    let (_, exit) = read_all(&mut run.incoming).await;
    settle(run, &exit, &place.run()).await;
}

#[tokio::test]
async fn the_output_of_a_gone_run_can_be_read() {
    let place = Place::new();
    let mut spec = place.sh("seq 1 3000");
    spec.limits = Limits { segment_bytes: 1000, ..Limits::default() };
    let mut run = start(&spec).await;
    let (output, exit) = read_all(&mut run.incoming).await;
    drop(run);
    within(adjutant_runner::end(&spec.dir)).await.unwrap();
    assert!(matches!(adjutant_runner::attach(&spec.dir, 0).await, Err(AttachError::NotThere)));
    for from in [0, 999, 1000, 2500, exit.end, exit.end + 5] {
        let mut left = Vec::new();
        for piece in read_spool(&spec.dir, from).unwrap() {
            let (offset, bytes) = piece.unwrap();
            assert_eq!(offset, from + left.len() as u64);
            left.extend(bytes);
        }
        assert_eq!(left, output.get(usize::try_from(from).unwrap()..).unwrap_or_default());
    }
    assert!(read_spool(&place.path("nowhere"), 0).unwrap().next().is_none());
}

#[tokio::test]
async fn what_is_taken_is_forgotten() {
    let place = Place::new();
    let mut spec = place.sh("seq 1 3000; cat");
    spec.limits = Limits { segment_bytes: 1000, ..Limits::default() };
    let mut run = start(&spec).await;
    read_until(&mut run.incoming, "\n3000\n").await;
    run.control.taken(2500).await;
    assert_eq!(run.control.status().await.unwrap().spool_start, 2000);
    let files = std::fs::read_dir(&spec.dir)
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("spool."))
        .count();
    assert_eq!(files as u64, run.control.status().await.unwrap().spool_end.div_ceil(1000) - 2);
    let mut late = attach(&spec.dir, 0).await;
    let Some(Event::Data { offset, .. }) = within(late.incoming.next()).await else { panic!("no data") };
    assert_eq!(offset, 2000);
    run.control.stop().await;
    let (_, exit) = read_all(&mut run.incoming).await;
    settle(run, &exit, &spec.dir).await;
}
