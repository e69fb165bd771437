//! Whether an assistant ran the tests, told by the command it ran.
//!
//! A claim that is wrong is worse than none. So a command counts only if its exit is that of the tests: nothing behind
//! them, no pipe, nothing in front but a change of directory and variables.

use adjutant_core::assistant::ToolTitle;

/// Tools that run a command of the shell.
const SHELLS: &[&str] = &["Bash", "Shell"];

/// How test runners are called, in words.
const RUNNERS: &[&[&str]] = &[
    &["cargo", "test"],
    &["cargo", "nextest", "run"],
    &["npm", "test"],
    &["npm", "run", "test"],
    &["pnpm", "test"],
    &["pnpm", "run", "test"],
    &["yarn", "test"],
    &["yarn", "run", "test"],
    &["bun", "test"],
    &["deno", "test"],
    &["npx", "jest"],
    &["npx", "vitest"],
    &["jest"],
    &["vitest"],
    &["pytest"],
    &["python", "-m", "pytest"],
    &["python", "-m", "unittest"],
    &["python3", "-m", "pytest"],
    &["python3", "-m", "unittest"],
    &["uv", "run", "pytest"],
    &["poetry", "run", "pytest"],
    &["tox"],
    &["go", "test"],
    &["make", "test"],
    &["make", "check"],
    &["just", "test"],
    &["mvn", "test"],
    &["mvn", "verify"],
    &["gradle", "test"],
    &["./gradlew", "test"],
    &["dotnet", "test"],
    &["swift", "test"],
    &["mix", "test"],
    &["rspec"],
    &["bundle", "exec", "rspec"],
    &["rake", "test"],
    &["bin/rails", "test"],
    &["phpunit"],
    &["./vendor/bin/phpunit"],
    &["composer", "test"],
    &["ctest"],
    &["./scripts/test"],
];

/// Words that make a runner do something else.
const OTHERWISE: &[&str] = &["--help", "-h", "--version", "--no-run", "--list", "--collect-only", "-n", "--dry-run"];

/// Whether the exit of this tool call is that of the tests.
#[must_use]
pub fn is_test_run(title: &ToolTitle) -> bool {
    let command = title.detail.trim();
    if !SHELLS.contains(&title.tool.as_str()) || command.ends_with('…') || command.contains(['|', ';', '\n', '`']) {
        return false;
    }
    let steps: Vec<Vec<&str>> = command.split("&&").map(|step| step.split_whitespace().collect()).collect();
    let Some((last, before)) = steps.split_last() else { return false };
    // `a & b` would go on in the background.
    let alone = !last.iter().any(|word| word.contains('&') && !word.starts_with("2>"));
    alone && before.iter().all(|step| step.first() == Some(&"cd")) && is_runner(last)
}

fn is_runner(step: &[&str]) -> bool {
    let is_variable = |word: &&&str| word.split_once('=').is_some_and(|(name, _)| is_name(name));
    let words: Vec<&str> = step.iter().skip_while(is_variable).copied().collect();
    let called = RUNNERS.iter().any(|runner| words.starts_with(runner));
    called && !words.iter().any(|word| OTHERWISE.contains(word))
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ends_as_the_tests_end_is_a_test_run() {
        let is_run = |detail: &str| is_test_run(&ToolTitle { tool: "Bash".into(), detail: detail.into() });
        for command in [
            "cargo test",
            "cargo test -p api cart",
            "cd api && npm test",
            "CI=1 RUST_LOG=debug cargo nextest run --workspace",
            "python3 -m pytest -q tests/",
            "go test ./... 2>&1",
        ] {
            assert!(is_run(command), "{command}");
        }
        for command in [
            "cargo build",
            "cargo testify",
            "echo cargo test",
            "cargo test | tail -5",
            "cargo test || true",
            "cargo test; echo done",
            "cargo test && git push",
            "make && make test",
            "cargo test --no-run",
            "pytest --collect-only",
            "cargo test &",
            "cargo test -p a-very-long-nam…",
            "grep -r 'npm test' .",
            "",
        ] {
            assert!(!is_run(command), "{command}");
        }
        assert!(!is_test_run(&ToolTitle { tool: "Read".into(), detail: "cargo test".into() }));
    }
}
