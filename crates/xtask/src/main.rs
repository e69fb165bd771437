//! Repository tasks: `cargo xtask` lists them. They are no part of the product.

#![expect(clippy::disallowed_methods, reason = "a task of the repository may run programs")]

mod bench;
mod tidy;

use std::process::ExitCode;

/// One task.
struct Task {
    name: &'static str,
    what: &'static str,
    run: fn(&[String]) -> anyhow::Result<ExitCode>,
}

/// Every task. A new one is a module and a line here.
const TASKS: &[Task] = &[
    Task { name: "tidy", what: "checks what no compiler checks", run: tidy::run },
    Task { name: "bench", what: "measures the gateway beside floors of the same run", run: bench::run },
];

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let task = arguments.first().and_then(|name| TASKS.iter().find(|task| task.name == name));
    match task {
        Some(task) => (task.run)(&arguments[1..]),
        None => Ok(usage()),
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: cargo xtask <task>\n");
    for task in TASKS {
        eprintln!("  {:8} {}", task.name, task.what);
    }
    ExitCode::from(2)
}
