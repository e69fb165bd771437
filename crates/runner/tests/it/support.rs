//! What the tests share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use adjutant_runner::{Connection, Event, Exit, Incoming, KeyedLine, Launcher, Limits, RunSpec};
use tempfile::TempDir;

/// Nothing here takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A place for one run.
pub struct Place {
    root: TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { root: tempfile::tempdir().unwrap() }
    }

    /// The run's directory.
    pub fn run(&self) -> PathBuf {
        self.root.path().join("run")
    }

    /// Some other path.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A run of a shell script.
    pub fn sh(&self, script: &str) -> RunSpec {
        RunSpec {
            dir: self.run(),
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            env: vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())],
            cwd: self.root.path().into(),
            run_as: None,
            first_lines: Vec::new(),
            keep_until_ms: in_a_while(),
            limits: Limits::default(),
        }
    }
}

/// Long enough for any test; a run that a failing test forgets ends by itself.
pub fn in_a_while() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap() + 120_000
}

pub fn line(key: &str, line: &str) -> KeyedLine {
    KeyedLine { key: key.into(), line: line.into() }
}

pub fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_adjutant-runner").into()
}

pub fn launcher() -> Launcher {
    Launcher::with_program(program())
}

pub async fn start(spec: &RunSpec) -> Connection {
    within(launcher().start(spec)).await.unwrap()
}

pub async fn attach(dir: &Path, from: u64) -> Connection {
    within(adjutant_runner::attach(dir, from)).await.unwrap()
}

/// Bounds what may hang.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("this takes too long")
}

/// Reads output until it ends with `end`.
pub async fn read_until(incoming: &mut Incoming, end: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        match within(incoming.next()).await {
            Some(Event::Data { bytes, .. }) => text.extend(bytes),
            other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&text)),
        }
    }
    String::from_utf8(text).unwrap()
}

/// Reads everything up to the exit.
pub async fn read_all(incoming: &mut Incoming) -> (Vec<u8>, Exit) {
    let mut output = Vec::new();
    let mut expected = None;
    loop {
        match within(incoming.next()).await {
            Some(Event::Data { offset, bytes }) => {
                assert_eq!(offset, *expected.get_or_insert(offset), "a hole in the output");
                expected = Some(offset + bytes.len() as u64);
                output.extend(bytes);
            }
            Some(Event::Exited(exit)) => return (output, exit),
            None => panic!("the connection was lost"),
        }
    }
}

/// Takes everything and waits until the runner is gone.
pub async fn settle(connection: Connection, exit: &Exit, dir: &Path) {
    connection.control.taken(exit.end).await;
    eventually("the runner ends", || !matches!(adjutant_runner::probe(dir).unwrap(), adjutant_runner::Found::Alive))
        .await;
    drop(connection);
}

/// Waits for a condition.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "it never happens that {what}");
}

/// Whether a process lives; a zombie does not.
pub fn lives(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        let state = stat.rsplit(')').next().unwrap().trim_start().chars().next();
        !matches!(state, Some('Z' | 'X'))
    })
}

/// Whether there is such a process at all, dead or alive.
pub fn exists(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

pub fn kill(pid: i32, signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// The number in a line of output.
pub fn number(text: &str) -> i32 {
    text.trim().parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}
