//! In debug builds: a clock that tests move through a unix socket, so that no test waits for a watchdog, a lease or
//! a back-off. One line `advance <milliseconds>` moves it, the answer is `ok`.

use std::time::Duration;

use adjutant_core::clock::{Clock, ManualClock};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// The variable that names the socket.
const VARIABLE: &str = "ADJUTANT_TEST_CLOCK";

/// The test's clock, if the environment names a socket for it.
///
/// # Errors
/// When the socket cannot be made.
pub fn from_environment() -> anyhow::Result<Option<Clock>> {
    let Some(path) = crate::wiring::system(VARIABLE) else { return Ok(None) };
    // A socket of an earlier life of the gateway is in the way; any other file is the test's mistake.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(path)?;
    let manual = ManualClock::default();
    let moved = manual.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, moved.clone()));
        }
    });
    Ok(Some(Clock::Manual(manual)))
}

async fn serve(stream: UnixStream, clock: ManualClock) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let Some(milliseconds) = line.strip_prefix("advance ").and_then(|rest| rest.trim().parse().ok()) else {
            return;
        };
        clock.advance(Duration::from_millis(milliseconds));
        if write.write_all(b"ok\n").await.is_err() {
            return;
        }
    }
}
