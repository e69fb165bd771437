//! `docs/coverage.md`: what is promised for chats, and the test that shows it. `UPDATE_EXPECT=1` writes the document.
//!
//! A test is named by its function alone; one that does not exist, or exists twice, fails here.

mod console;
mod session;
mod streaming;
mod telegram;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A heading and its lines.
struct Section {
    heading: &'static str,
    lines: &'static [Line],
}

/// What is promised, and how it is known.
struct Line(&'static str, Shown);

enum Shown {
    /// By these tests.
    By(&'static [&'static str]),
    /// By none, for this reason.
    Not(&'static str),
}

const SECTIONS: &[&[Section]] = &[streaming::SECTIONS, telegram::SECTIONS, console::SECTIONS, session::SECTIONS];

const OPENING: &str = "# What is promised, and what shows it\n\n\
    Written by a test from its own list, so no line names a test that does not exist. Where there is none, the reason stands.\n";

/// Where each test is, by its name.
type Tests = BTreeMap<String, Vec<PathBuf>>;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn find_tests(folder: &Path, tests: &mut Tests) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_tests(&path, tests);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            for name in tests_in(&std::fs::read_to_string(&path).unwrap()) {
                tests.entry(name).or_default().push(path.clone());
            }
        }
    }
}

/// Functions with an attribute that ends in `test`, those of property tests, and the store's cases for both databases.
fn tests_in(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut marked, mut listed) = (false, false);
    for line in source.lines().map(str::trim) {
        let is_test = |attribute: &str| attribute.starts_with("test") || attribute.starts_with("tokio::test");
        if line.strip_prefix("#[").is_some_and(is_test) {
            marked = true;
        } else if line.starts_with("on_both!(") {
            listed = true;
        } else if listed {
            listed = line != ");";
            names.extend(line.strip_suffix(',').map(str::to_owned));
        } else if let Some((_, name)) = line.split_once("fn ").filter(|(before, _)| marked && !before.contains("//")) {
            names.push(name.split(['(', '<']).next().unwrap_or_default().to_owned());
            marked = false;
        }
    }
    names
}

fn document(tests: &Tests) -> String {
    let root = repository();
    let mut text = OPENING.to_owned();
    let mut wrong = Vec::new();
    for section in SECTIONS.iter().copied().flatten() {
        let _ = write!(text, "\n## {}\n\n| what | shown by |\n| --- | --- |\n", section.heading);
        for Line(what, shown) in section.lines {
            let cell = match shown {
                Shown::Not(reason) => format!("– {reason}"),
                Shown::By(names) => {
                    let places: Vec<_> = names.iter().map(|name| place(tests, name, &root, &mut wrong)).collect();
                    places.join("<br>")
                }
            };
            let _ = writeln!(text, "| {what} | {cell} |");
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "tests that are named and are not there, or not only once");
    text
}

fn place(tests: &Tests, name: &str, root: &Path, wrong: &mut Vec<String>) -> String {
    match tests.get(name).map(Vec::as_slice) {
        Some([path]) => format!("`{name}` in `{}`", path.strip_prefix(root).unwrap().display()),
        found => {
            wrong.push(format!("{name}: {} times", found.map_or(0, <[_]>::len)));
            String::new()
        }
    }
}

#[test]
fn every_promise_names_the_test_that_shows_it() {
    let mut tests = Tests::new();
    for member in std::fs::read_dir(repository().join("crates")).unwrap() {
        for folder in ["src", "tests"].map(|folder| member.as_ref().unwrap().path().join(folder)) {
            if folder.is_dir() {
                find_tests(&folder, &mut tests);
            }
        }
    }
    let expected = document(&tests);
    let path = repository().join("docs/coverage.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "`docs/coverage.md` is stale: run this with UPDATE_EXPECT=1");
}
