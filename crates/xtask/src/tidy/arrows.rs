//! Crates depend on each other only as the table in `ARCHITECTURE.md` says, and every crate stands in it.

use std::collections::{BTreeMap, BTreeSet};

use super::project::{Finding, Package, Project};

const DOCUMENT: &str = "ARCHITECTURE.md";

/// The table's first column.
const HEADING: &str = "| crate |";

/// What only tests may use, and every crate's tests may.
const FOR_TESTS: &str = "testkit";

/// What a crate may depend on.
enum Allowed {
    Everything,
    These(BTreeSet<String>),
}

pub fn check(project: &Project) -> Vec<Finding> {
    let Some(text) = project.file(DOCUMENT) else { return vec![Finding::new(DOCUMENT, "is not there")] };
    let table = table(text);
    if table.is_empty() {
        return vec![Finding::new(DOCUMENT, format!("has no table that starts with `{HEADING}`"))];
    }
    let members: BTreeMap<_, _> = project.members().map(|package| (short(&package.name), package)).collect();
    let mut findings = Vec::new();
    for name in table.keys().filter(|name| !members.contains_key(name.as_str())) {
        findings.push(Finding::new(DOCUMENT, format!("names the crate `{name}`, which is not there")));
    }
    for (name, package) in &members {
        match table.get(*name) {
            Some(allowed) => findings.extend(forbidden(package, allowed, &members)),
            None => findings.push(Finding::new(*name, format!("is not in the table of {DOCUMENT}"))),
        }
    }
    findings
}

fn forbidden(package: &Package, allowed: &Allowed, members: &BTreeMap<&str, &Package>) -> Vec<Finding> {
    let Allowed::These(allowed) = allowed else { return Vec::new() };
    let ours = package.dependencies.iter().filter(|dependency| members.contains_key(short(&dependency.name)));
    ours.filter(|dependency| {
        let name = short(&dependency.name);
        let is_test = dependency.kind.as_deref() == Some("dev") && name == FOR_TESTS;
        !is_test && !allowed.contains(name) && name != short(&package.name)
    })
    .map(|dependency| {
        let text = format!("may not depend on `{}` by the table of {DOCUMENT}", short(&dependency.name));
        Finding::new(short(&package.name), text)
    })
    .collect()
}

/// `adjutant-store` lives in `crates/store` and is called `store`.
fn short(name: &str) -> &str {
    name.strip_prefix("adjutant-").unwrap_or(name)
}

fn table(text: &str) -> BTreeMap<String, Allowed> {
    let rows = text.lines().skip_while(|line| !line.starts_with(HEADING)).skip(2);
    rows.take_while(|line| line.starts_with('|')).flat_map(row).collect()
}

/// One row may name several crates of one kind.
fn row(line: &str) -> Vec<(String, Allowed)> {
    let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [names, .., arrows] = cells.as_slice() else { return Vec::new() };
    words(names).into_iter().map(|name| (name, allowed(arrows))).collect()
}

fn allowed(cell: &str) -> Allowed {
    if cell == "everything" { Allowed::Everything } else { Allowed::These(words(cell)) }
}

fn words(cell: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    cell.split(|c| !is_part(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::project::{Dependency, Metadata};
    use super::*;

    const TABLE: &str = "\
        | crate | owns | may depend on |\n| --- | --- | --- |\n| `core` | types, `store` too | – |\n\
        | `store` | rows | core |\n| `adjutant` | the binary | everything |\n| `testkit` | dev only | core |\n\n| `x` | y | z |\n";

    /// A crate, and what it depends on in which way.
    type Crate<'a> = (&'a str, &'a [(&'a str, Option<&'a str>)]);

    fn project(crates: &[Crate<'_>]) -> Project {
        let packages = crates.iter().map(|(name, dependencies)| Package {
            id: (*name).to_owned(),
            name: (*name).to_owned(),
            dependencies: dependencies
                .iter()
                .map(|(name, kind)| Dependency { name: (*name).to_owned(), kind: kind.map(str::to_owned) })
                .collect(),
            ..Package::default()
        });
        let metadata = Metadata {
            packages: packages.collect(),
            workspace_members: crates.iter().map(|(name, _)| (*name).to_owned()).collect(),
            ..Metadata::default()
        };
        Project { metadata, ..Project::with(&[(DOCUMENT, TABLE)]) }
    }

    fn told(project: &Project) -> Vec<String> {
        check(project).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn arrows_of_the_table_pass() {
        let project = project(&[
            ("adjutant-core", &[("adjutant-testkit", Some("dev")), ("serde", None)]),
            ("adjutant-store", &[("adjutant-core", None)]),
            ("adjutant-testkit", &[("adjutant-core", None)]),
            ("adjutant", &[("adjutant-core", None), ("adjutant-store", None)]),
        ]);
        assert_eq!(told(&project), [""; 0]);
    }

    #[test]
    fn other_arrows_fail() {
        let project = project(&[
            ("adjutant-core", &[("adjutant-store", None)]),
            ("adjutant-store", &[("adjutant-testkit", None)]),
            ("adjutant-testkit", &[]),
            ("adjutant", &[]),
        ]);
        assert_eq!(
            told(&project),
            [
                "core: may not depend on `store` by the table of ARCHITECTURE.md",
                "store: may not depend on `testkit` by the table of ARCHITECTURE.md",
            ]
        );
    }

    #[test]
    fn the_table_and_the_crates_are_the_same_set() {
        let project =
            project(&[("adjutant-core", &[]), ("adjutant-new", &[]), ("adjutant", &[]), ("adjutant-store", &[])]);
        assert_eq!(
            told(&project),
            [
                "ARCHITECTURE.md: names the crate `testkit`, which is not there",
                "new: is not in the table of ARCHITECTURE.md"
            ]
        );
    }

    #[test]
    fn a_document_without_the_table_fails() {
        assert_eq!(check(&Project::with(&[(DOCUMENT, "# Nothing\n")])).len(), 1);
        assert_eq!(check(&Project::default()).len(), 1);
    }
}
