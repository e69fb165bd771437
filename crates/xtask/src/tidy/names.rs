//! `.env.example` and the code name the same variables, and documents name no others.

use std::collections::BTreeSet;

use super::project::{Finding, Project};

const EXAMPLE: &str = ".env.example";

/// The list the code reads.
const LIST: &str = "crates/adjutant/src/config/names.rs";

pub fn check(project: &Project) -> Vec<Finding> {
    let listed = listed(project.file(LIST).unwrap_or_default());
    let shown = shown(project.file(EXAMPLE).unwrap_or_default());
    if listed.is_empty() {
        return vec![Finding::new(LIST, "lists no variable")];
    }
    let missing = listed.difference(&shown).map(|name| Finding::new(EXAMPLE, format!("does not show `{name}`")));
    let extra =
        shown.difference(&listed).map(|name| Finding::new(EXAMPLE, format!("shows `{name}`, which is not read")));
    missing.chain(extra).chain(strangers(project, &listed)).collect()
}

/// An `ADJUTANT_…` that documents or container files name and the code does not know.
fn strangers(project: &Project, listed: &BTreeSet<&str>) -> Vec<Finding> {
    let is_read = |name: &str| {
        let stem = name.strip_suffix("_FILE").unwrap_or(name);
        listed.contains(name) || listed.contains(stem)
    };
    let files = project.files.iter().filter(|(path, _)| path.ends_with(".md") || !path.contains('/'));
    let mut findings = Vec::new();
    for (path, text) in files {
        for (index, line) in text.lines().enumerate() {
            let names = line.split(|c: char| !is_name(c)).filter(|word| word.starts_with("ADJUTANT_"));
            let unknown = names.filter(|name| !is_read(name) && !name.starts_with("ADJUTANT_TEST_"));
            findings.extend(
                unknown.map(|name| {
                    Finding::line(path, index + 1, format!("names the variable `{name}`, which is not read"))
                }),
            );
        }
    }
    findings
}

/// `open("NAME", …` and `secret("NAME", …`.
fn listed(text: &str) -> BTreeSet<&str> {
    let calls = text.lines().filter_map(|line| {
        let line = line.trim_start();
        line.strip_prefix("open(\"").or_else(|| line.strip_prefix("secret(\""))
    });
    calls.filter_map(|rest| rest.split('"').next()).collect()
}

/// `#NAME=example`, set or commented out.
fn shown(text: &str) -> BTreeSet<&str> {
    let names = text.lines().filter_map(|line| line.trim_start_matches('#').split_once('=')).map(|(name, _)| name);
    names.filter(|name| !name.is_empty() && name.chars().all(is_name)).collect()
}

fn is_name(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "    open(\"PORT\", HTTP,\n    secret(\"ADJUTANT_API_TOKEN\", HTTP,\n";

    #[test]
    fn the_same_names_pass() {
        let example = "# A sentence about x=y.\n#PORT=3000\nADJUTANT_API_TOKEN=x\n";
        let readme = "Set `ADJUTANT_API_TOKEN_FILE`.\n";
        assert_eq!(check(&Project::with(&[(LIST, CODE), (EXAMPLE, example), ("README.md", readme)])), []);
    }

    #[test]
    fn a_missing_and_an_extra_name_are_found() {
        let found = check(&Project::with(&[(LIST, CODE), (EXAMPLE, "#PORT=3000\n#BIND=::1\n")]));
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [".env.example: does not show `ADJUTANT_API_TOKEN`", ".env.example: shows `BIND`, which is not read"]
        );
    }

    #[test]
    fn a_document_that_names_an_unknown_setting_is_found() {
        let example = "#PORT=3000\n#ADJUTANT_API_TOKEN=x\n";
        let files = [
            (LIST, CODE),
            (EXAMPLE, example),
            ("docs/x.md", "`ADJUTANT_GONE=1`\n"),
            ("Dockerfile", "ENV ADJUTANT_OLD=1\n"),
        ];
        let found = check(&Project::with(&files));
        let found: Vec<_> = found.iter().map(|finding| finding.at.as_str()).collect();
        assert_eq!(found, ["Dockerfile:1", "docs/x.md:1"]);
    }

    #[test]
    fn an_empty_list_is_no_parity() {
        assert_eq!(check(&Project::default()).len(), 1);
    }
}
