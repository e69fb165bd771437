//! A gateway reduced to its fork server: starts the run that comes as JSON on stdin, says so, and waits to be killed.

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
        std::future::pending::<()>().await;
        drop((connection, launcher));
    });
}
