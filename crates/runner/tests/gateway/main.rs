//! A gateway reduced to its fork server: starts the run that comes as JSON on stdin, says so, and waits to be killed.

#![expect(clippy::expect_used, reason = "it belongs to the tests, and they may stop at the first surprise")]

use std::io::Write;

use adjutant_runner::{Launcher, RunSpec, fork_server};

fn main() {
    adjutant_runner::run_if_asked();
    let fork_server = fork_server().expect("a fork server");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).expect("a line");
        let spec: RunSpec = serde_json::from_str(&line).expect("a run");
        let launcher = Launcher::with_fork_server(fork_server);
        let connection = launcher.start(&spec).await;
        println!("{}", connection.as_ref().map_or_else(ToString::to_string, |_| "started".to_owned()));
        std::io::stdout().flush().expect("somebody listens");
        // Its end is also the end of a test that failed and cannot kill this process any more.
        let waited = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await;
        waited.expect("a thread").expect("a stdin");
        drop((connection, launcher));
    });
}
