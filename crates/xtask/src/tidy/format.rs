//! Files that a macro declares as modules are not reached by `cargo fmt`, so they are looked at here.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::project::{Finding, Project};

/// Where such files are.
const FOLDER: &str = "crates/orchestrator/src/commands/";

pub fn check(project: &Project) -> Vec<Finding> {
    let files = project.files.iter().filter(|(path, _)| is_declared_by_a_list(path));
    let look = |(path, text): (&String, &String)| match is_formatted(text) {
        Ok(true) => None,
        Ok(false) => Some(Finding::new(path, "is not formatted: run `rustfmt --edition 2024` on it")),
        Err(error) => Some(Finding::new(path, format!("`rustfmt` cannot look at it: {error}"))),
    };
    files.filter_map(look).collect()
}

fn is_declared_by_a_list(path: &str) -> bool {
    path.strip_prefix(FOLDER).is_some_and(|file| file.ends_with(".rs") && file != "mod.rs")
}

/// Asks the formatter, which finds its settings from the directory it is started in.
fn is_formatted(text: &str) -> std::io::Result<bool> {
    let mut formatter = Command::new("rustfmt")
        .args(["--emit", "stdout", "--edition", "2024"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = formatter.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    let output = formatter.wait_with_output()?;
    Ok(output.status.success() && output.stdout == text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_formatted_is_found() {
        let path = format!("{FOLDER}one.rs");
        let at =
            |text: &str| check(&Project::with(&[(path.as_str(), text), ("crates/core/src/lib.rs", "fn  x( ) {}")]));
        assert_eq!(at("fn one() {}\n"), []);
        assert_eq!(at("fn  one( ) {}\n").len(), 1);
    }
}
