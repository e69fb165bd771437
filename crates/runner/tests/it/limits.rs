//! Too much of everything.

use adjutant_runner::Limits;

use crate::support::*;

#[tokio::test]
async fn a_line_of_64_megabytes_is_cut_to_16_and_never_held_in_memory() {
    let place = Place::new();
    let spec = place.sh("echo before; head -c 67108864 /dev/zero | tr '\\0' x; echo; echo after; cat");
    let mut run = start(&spec).await;
    let mut output = read_until(&mut run.incoming, "after\n").await.into_bytes();
    let memory = private_dirty(run.control.status().await.unwrap().runner_pid);
    run.control.close_stdin().await.unwrap();
    let (rest, exit) = read_all(&mut run.incoming).await;
    output.extend(rest);
    let lines: Vec<_> = output.split(|&byte| byte == b'\n').collect();
    assert_eq!(lines.iter().map(|line| line.len()).collect::<Vec<_>>(), [6, 16 << 20, 5, 0]);
    assert!(lines[1].iter().all(|&byte| byte == b'x'));
    assert!(memory.is_none_or(|kilobytes| kilobytes < 3 << 10), "{memory:?} kB");
    settle(run, &exit, &spec.dir).await;
}

#[tokio::test]
async fn lines_are_cut_wherever_the_reads_fall() {
    let place = Place::new();
    let mut spec =
        place.sh("printf 'abc\\n'; printf abcdefgh; sleep 0.02; printf 'ijk\\nxy\\n\\nabcde\\nabcdef\\nend'");
    spec.limits = Limits { line_bytes: 5, ..Limits::default() };
    let mut run = start(&spec).await;
    let (output, exit) = read_all(&mut run.incoming).await;
    assert_eq!(String::from_utf8(output).unwrap(), "abc\nabcde\nxy\n\nabcde\nabcde\nend");
    settle(run, &exit, &spec.dir).await;
}

#[tokio::test]
async fn twelve_megabytes_on_stderr_leave_their_end() {
    let place = Place::new();
    let mut run =
        start(&place.sh("head -c 12582912 /dev/zero | tr '\\0' e >&2; printf 'the end' >&2; echo done")).await;
    let (output, exit) = read_all(&mut run.incoming).await;
    assert_eq!((output.as_slice(), exit.stderr_bytes, exit.stderr_tail.len()), (&b"done\n"[..], 12_582_919, 64 << 10));
    assert!(exit.stderr_tail.ends_with("eethe end"));
    settle(run, &exit, &place.run()).await;
}

#[tokio::test]
async fn output_that_is_no_text_arrives_as_it_is() {
    let place = Place::new();
    let mut run = start(&place.sh("printf '\\377\\376\\000\\n'; printf '\\377' >&2")).await;
    let (output, exit) = read_all(&mut run.incoming).await;
    assert_eq!(output, [0xff, 0xfe, 0, b'\n']);
    assert_eq!(exit.stderr_tail, "\u{fffd}");
    settle(run, &exit, &place.run()).await;
}

#[tokio::test]
async fn output_that_nobody_takes_stops_the_child_until_it_is_taken() {
    let place = Place::new();
    let mut spec = place.sh("head -c 3000000 /dev/zero; echo all >&2");
    spec.limits = Limits { untaken_bytes: 500_000, segment_bytes: 100_000, ..Limits::default() };
    let mut run = start(&spec).await;
    let mut received = 0;
    let exit = loop {
        match within(run.incoming.next()).await.unwrap() {
            adjutant_runner::Event::Data { bytes, .. } => received += bytes.len() as u64,
            adjutant_runner::Event::Exited(exit) => break exit,
        }
        let status = run.control.status().await.unwrap();
        // One read beyond the limit, and what the pipe holds when the child has exited.
        assert!(status.spool_end - status.taken <= 500_000 + (128 << 10), "{status:?}");
        // Half a segment at a time would never free one; whatever has arrived does.
        if received % 3 == 0 || received == status.spool_end {
            run.control.taken(received).await;
        }
    };
    assert_eq!((received, exit.end), (3_000_000, 3_000_000));
    settle(run, &exit, &spec.dir).await;
}

#[tokio::test]
async fn a_full_disk_loses_nothing() {
    let place = Place::new();
    let go = place.path("go");
    let mut spec = place.sh(&format!("echo ready; while ! [ -e {} ]; do sleep 0.01; done; seq 1 2000", go.display()));
    spec.limits = Limits { segment_bytes: 1000, ..Limits::default() };
    let mut run = start(&spec).await;
    let mut output = read_until(&mut run.incoming, "ready\n").await.into_bytes();
    // A directory where the next segment should be: no file can be made there, as on a full disk.
    let obstacle = spec.dir.join(format!("spool.{:020}", 1000));
    std::fs::create_dir(&obstacle).unwrap();
    std::fs::write(go, "").unwrap();
    within(async {
        while run.control.status().await.unwrap().spool_fault.is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(run.control.status().await.unwrap().spool_end, 1000);
    std::fs::remove_dir(&obstacle).unwrap();
    let (rest, exit) = read_all(&mut run.incoming).await;
    output.extend(rest);
    let expected: String =
        std::iter::once("ready\n".to_owned()).chain((1..=2000).map(|number| format!("{number}\n"))).collect();
    assert_eq!(String::from_utf8(output).unwrap(), expected);
    settle(run, &exit, &spec.dir).await;
}

/// Kilobytes; `None` where that cannot be known.
fn private_dirty(pid: i32) -> Option<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:"))?.trim().strip_suffix(" kB")?.parse().ok()
}
