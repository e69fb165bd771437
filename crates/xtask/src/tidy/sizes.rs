//! Files stay short enough to be read at a sitting, functions short enough for a screen.

use super::project::{Finding, Project};
use super::source::{functions, product_lines};

/// Lines of a file, tests not counted.
const FILE_LIMIT: usize = 500;

/// Where the seam should be looked for.
const FILE_ALARM: usize = 400;

/// Lines of a function.
const FUNCTION_LIMIT: usize = 60;

/// What may be longer, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[];

pub fn check(project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in measured(project) {
        let lines = product_lines(text);
        if lines.len() > FILE_LIMIT {
            findings.push(Finding::new(path, format!("has {} lines, {FILE_LIMIT} are the limit", lines.len())));
        }
        for function in functions(&lines).iter().filter(|function| function.lines > FUNCTION_LIMIT) {
            let text = format!("`{}` has {} lines, {FUNCTION_LIMIT} are the limit", function.name, function.lines);
            findings.push(Finding::line(path, function.line, text));
        }
    }
    findings
}

/// The figures, so that a drift is seen before it hurts.
pub fn summary(project: &Project) -> String {
    let mut sizes: Vec<_> = measured(project).map(|(path, text)| (product_lines(text).len(), path)).collect();
    sizes.sort_unstable();
    let at = |part: usize| sizes.get(sizes.len() * part / 100).map_or(0, |(lines, _)| *lines);
    let mut text = format!("{} files of code, median {} lines, p90 {}", sizes.len(), at(50), at(90));
    for (lines, path) in sizes.iter().rev().take_while(|(lines, _)| *lines > FILE_ALARM) {
        text += &format!("\n    {path}: {lines} lines, look for a seam");
    }
    text
}

fn measured(project: &Project) -> impl Iterator<Item = (&str, &str)> {
    let files = project.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    files.filter(|(path, _)| is_code(path) && !is_test(path)).filter(|(path, _)| {
        let excepted = EXCEPTIONS.iter().any(|(exception, _)| exception == path);
        !excepted
    })
}

fn is_code(path: &str) -> bool {
    [".rs", ".js", ".css", ".html", ".py"].iter().any(|ending| path.ends_with(ending))
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests") || path.ends_with("/tests.rs") || path.ends_with("_test.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> String {
        "// A line.\n".repeat(count)
    }

    #[test]
    fn a_file_over_the_limit_is_found_and_its_tests_do_not_count() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", lines(300));
        let project = Project::with(&[
            ("crates/a/src/lib.rs", &lines(501)),
            ("crates/a/src/b.rs", &format!("{}{tests}", lines(400))),
            ("crates/a/src/tests.rs", &lines(900)),
            ("crates/a/tests/it/main.rs", &lines(900)),
            ("docs/long.md", &lines(900)),
        ]);
        let found = check(&project);
        assert_eq!(found, [Finding::new("crates/a/src/lib.rs", "has 501 lines, 500 are the limit")]);
    }

    #[test]
    fn a_long_function_is_found_at_its_line() {
        let body = "    work();\n".repeat(60);
        let text = format!("// One.\npub fn long() {{\n{body}}}\n\nfn short() {{\n    work();\n}}\n");
        let found = check(&Project::with(&[("crates/a/src/lib.rs", &text)]));
        assert_eq!(found, [Finding::line("crates/a/src/lib.rs", 2, "`long` has 62 lines, 60 are the limit")]);
    }

    #[test]
    fn the_summary_names_what_grows() {
        let project = Project::with(&[("crates/a/src/lib.rs", &lines(450)), ("crates/a/src/b.rs", &lines(10))]);
        let summary = summary(&project);
        assert!(summary.contains("2 files of code") && summary.contains("crates/a/src/lib.rs: 450 lines"), "{summary}");
    }
}
