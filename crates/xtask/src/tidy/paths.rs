//! Paths that documents name exist, so that a reader can follow them.

use super::project::{Finding, Project};

/// Where paths of this repository begin.
const TOPS: &[&str] = &["crates/", "docs/", "migrations/", "scripts/", "tests/", ".ci/", ".cargo/"];

pub fn check(project: &Project) -> Vec<Finding> {
    let documents = project.files.iter().filter(|(path, _)| is_document(path));
    documents.flat_map(|(path, text)| missing(project, path, text)).collect()
}

fn missing(project: &Project, document: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().enumerate();
    let named = lines.flat_map(|(index, line)| named(line).into_iter().map(move |path| (index + 1, path)));
    named
        .filter(|(_, path)| !project.has(path))
        .map(|(line, path)| Finding::line(document, line, format!("names `{path}`, which is not there")))
        .collect()
}

/// Documents at the root and in `docs`: the READMEs of crates speak of their own folders.
fn is_document(path: &str) -> bool {
    path.ends_with(".md") && (!path.contains('/') || path.starts_with("docs/"))
}

/// Paths in backticks and in links. One with a placeholder or a wildcard is a pattern and not a path.
fn named(line: &str) -> Vec<&str> {
    let code = line.split('`').skip(1).step_by(2);
    let links = line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    code.chain(links)
        .map(|text| text.trim_start_matches("./"))
        .filter(|text| TOPS.iter().any(|top| text.starts_with(top)) || is_root_file(text))
        .filter(|text| !text.contains(['<', '*', '{', '…', ' ']))
        .collect()
}

/// `README.md` and its like, which stand at the root.
fn is_root_file(text: &str) -> bool {
    let stem = text.strip_suffix(".md").unwrap_or_default();
    !stem.is_empty() && stem.chars().all(|c| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_gone_is_found_in_code_and_in_links() {
        let text = "See `crates/core/src/gone.rs` and [how](docs/gone.md#part).\nAlso `CONTRIBUTING.md`.\n";
        let found = check(&Project::with(&[("ARCHITECTURE.md", text)]));
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "ARCHITECTURE.md:1: names `crates/core/src/gone.rs`, which is not there",
                "ARCHITECTURE.md:1: names `docs/gone.md`, which is not there",
                "ARCHITECTURE.md:2: names `CONTRIBUTING.md`, which is not there",
            ]
        );
    }

    #[test]
    fn files_folders_and_patterns_pass() {
        let text = "`crates/core/src/lib.rs` `crates/core` `crates/core/` `crates/<name>/x.rs` `cargo run` `./scripts/test x`\n";
        let project = Project::with(&[("README.md", text), ("crates/core/src/lib.rs", "")]);
        assert_eq!(check(&project), []);
    }

    #[test]
    fn a_crate_speaks_of_its_own_folders() {
        assert_eq!(check(&Project::with(&[("crates/core/README.md", "`tests/fixtures`")])), []);
    }
}
