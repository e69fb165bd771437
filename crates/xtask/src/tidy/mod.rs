//! `cargo xtask tidy`: the rules of `CONTRIBUTING.md` that no compiler checks, held by a machine.
//!
//! One file per check, each with tests that it can fail. A new check is one file and one line in [`CHECKS`].

mod arrows;
mod format;
mod links;
mod migrations;
mod names;
mod paths;
mod project;
mod sizes;
mod source;
mod words;

use std::process::ExitCode;

use project::{Finding, Project};

/// One check.
struct Check {
    name: &'static str,
    run: fn(&Project) -> Vec<Finding>,
}

const CHECKS: &[Check] = &[
    Check { name: "crate arrows as in ARCHITECTURE.md", run: arrows::check },
    Check { name: "bans, licences and sources of deny.toml", run: links::check },
    Check { name: "files that `cargo fmt` does not reach are formatted", run: format::check },
    Check { name: "sizes of files and functions", run: sizes::check },
    Check { name: "paths named in documents exist", run: paths::check },
    Check { name: ".env.example names what the code reads", run: names::check },
    Check { name: "no words that do not belong", run: words::check },
    Check { name: "migrations have the same names on both databases", run: migrations::check },
];

/// Runs every check and prints what it found.
pub fn run(_arguments: &[String]) -> anyhow::Result<ExitCode> {
    let project = Project::read()?;
    let mut found = 0;
    for check in CHECKS {
        let findings = (check.run)(&project);
        println!("{} {}", if findings.is_empty() { "✓" } else { "✗" }, check.name);
        for finding in &findings {
            println!("    {finding}");
        }
        found += findings.len();
    }
    println!("{}", sizes::summary(&project));
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
