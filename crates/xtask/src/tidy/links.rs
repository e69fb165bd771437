//! The rules of `deny.toml`, held without cargo-deny: what must not be linked, licences, sources.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::project::{Finding, Package, Project};

const RULES: &str = "deny.toml";

/// The part of `deny.toml` that is checked here.
#[derive(Debug, Deserialize)]
struct Rules {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    /// Crates that may use it all the same.
    #[serde(default)]
    wrappers: Vec<String>,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

pub fn check(project: &Project) -> Vec<Finding> {
    let rules = match toml::from_str::<Rules>(project.file(RULES).unwrap_or_default()) {
        Ok(rules) => rules,
        Err(error) => return vec![Finding::new(RULES, error.message())],
    };
    let packages: BTreeMap<_, _> = project.metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let mut findings = Vec::new();
    for node in &project.metadata.resolve.nodes {
        let Some(package) = packages.get(&node.id) else { continue };
        findings.extend(foreign(package, &rules));
        let used = node.dependencies.iter().filter_map(|id| packages.get(id));
        findings.extend(used.filter_map(|used| banned(package, used, &rules.bans)));
    }
    findings
}

/// A crate from elsewhere, or under another licence.
fn foreign(package: &Package, rules: &Rules) -> Vec<Finding> {
    let Some(source) = &package.source else { return Vec::new() };
    let mut findings = Vec::new();
    let registry = source.strip_prefix("registry+").unwrap_or(source);
    if !rules.sources.allow_registry.iter().any(|allowed| allowed == registry) {
        findings.push(Finding::new(&package.name, format!("comes from `{source}`")));
    }
    match &package.license {
        Some(license) if License::new(license).passes(&rules.licenses.allow) => {}
        Some(license) => findings.push(Finding::new(&package.name, format!("has the licence `{license}`"))),
        None => findings.push(Finding::new(&package.name, "names no licence")),
    }
    findings
}

fn banned(user: &Package, used: &Package, bans: &Bans) -> Option<Finding> {
    let ban = bans.deny.iter().find(|ban| ban.name == used.name)?;
    (!ban.wrappers.contains(&user.name))
        .then(|| Finding::new(&user.name, format!("uses `{}`, but {}", used.name, ban.reason)))
}

/// An SPDX expression, read token by token.
struct License<'a> {
    tokens: Vec<&'a str>,
    at: usize,
}

impl<'a> License<'a> {
    fn new(text: &'a str) -> Self {
        let mut tokens = Vec::new();
        for word in text.split_whitespace() {
            let mut rest = word;
            // An old way to say OR is a slash; parentheses may touch their neighbours.
            while let Some(at) = rest.find(['(', ')', '/']) {
                tokens.extend([&rest[..at], &rest[at..=at]].into_iter().filter(|token| !token.is_empty()));
                rest = &rest[at + 1..];
            }
            tokens.extend(Some(rest).filter(|token| !token.is_empty()));
        }
        Self { tokens, at: 0 }
    }

    fn passes(mut self, allowed: &[String]) -> bool {
        self.either(allowed) && self.at == self.tokens.len()
    }

    fn either(&mut self, allowed: &[String]) -> bool {
        let mut holds = self.both(allowed);
        while self.take("OR") || self.take("/") {
            holds |= self.both(allowed);
        }
        holds
    }

    fn both(&mut self, allowed: &[String]) -> bool {
        let mut holds = self.one(allowed);
        while self.take("AND") {
            holds &= self.one(allowed);
        }
        holds
    }

    fn one(&mut self, allowed: &[String]) -> bool {
        if self.take("(") {
            return self.either(allowed) & self.take(")");
        }
        let name = self.tokens.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        // An exception only adds permissions.
        if self.take("WITH") {
            self.at += 1;
        }
        allowed.iter().any(|allowed| allowed == name)
    }

    fn take(&mut self, token: &str) -> bool {
        let is_next = self.tokens.get(self.at) == Some(&token);
        self.at += usize::from(is_next);
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::super::project::{Metadata, Node, Resolve};
    use super::*;

    const TOML: &str = "\
        [licenses]\nallow = [\"MIT\", \"Apache-2.0\", \"ISC\"]\n[bans]\n\
        deny = [{ crate = \"openssl\", reason = \"no\" }, { crate = \"teloxide\", wrappers = [\"adjutant-telegram\"], reason = \"no\" }]\n\
        [sources]\nallow-registry = [\"https://good\"]\n";

    fn package(name: &str, source: Option<&str>, license: Option<&str>) -> Package {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let (source, license) = (text(source), text(license));
        Package { id: name.to_owned(), name: name.to_owned(), source, license, ..Package::default() }
    }

    fn project(packages: Vec<Package>, uses: &[(&str, &str)]) -> Project {
        let node = |package: &Package| Node {
            id: package.id.clone(),
            dependencies: uses
                .iter()
                .filter(|(user, _)| *user == package.id)
                .map(|(_, used)| (*used).to_owned())
                .collect(),
        };
        let resolve = Resolve { nodes: packages.iter().map(node).collect() };
        Project { metadata: Metadata { packages, resolve, ..Metadata::default() }, ..Project::with(&[(RULES, TOML)]) }
    }

    fn told(project: &Project) -> Vec<String> {
        check(project).iter().map(ToString::to_string).collect()
    }

    const GOOD: Option<&str> = Some("registry+https://good");

    #[test]
    fn a_wrapper_may_use_what_it_wraps_and_nobody_else_may() {
        let packages = || {
            let ours = ["adjutant-telegram", "adjutant-core"].map(|name| package(name, None, None));
            ours.into_iter().chain([package("teloxide", GOOD, Some("MIT"))]).collect()
        };
        assert_eq!(told(&project(packages(), &[("adjutant-telegram", "teloxide")])), [""; 0]);
        let found = told(&project(packages(), &[("adjutant-core", "teloxide")]));
        assert_eq!(found, ["adjutant-core: uses `teloxide`, but no"]);
    }

    #[test]
    fn a_banned_crate_is_found_below_others() {
        let packages = vec![package("a", GOOD, Some("MIT")), package("openssl", GOOD, Some("MIT"))];
        assert_eq!(told(&project(packages, &[("a", "openssl")])), ["a: uses `openssl`, but no"]);
    }

    #[test]
    fn other_sources_and_licences_are_found() {
        let packages = vec![
            package("a", Some("git+https://elsewhere"), Some("MIT")),
            package("b", GOOD, Some("GPL-3.0")),
            package("c", GOOD, None),
        ];
        assert_eq!(
            told(&project(packages, &[])),
            ["a: comes from `git+https://elsewhere`", "b: has the licence `GPL-3.0`", "c: names no licence"]
        );
    }

    #[test]
    fn licence_expressions_are_read_as_they_are_meant() {
        let allowed = ["MIT", "Apache-2.0", "ISC"].map(str::to_owned);
        for (text, expected) in [
            ("MIT", true),
            ("MIT/GPL-3.0", true),
            ("GPL-3.0 OR (MIT AND ISC)", true),
            ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
            ("(MIT OR GPL-3.0) AND ISC", true),
            ("MIT AND GPL-3.0", false),
            ("GPL-3.0", false),
            ("MIT MIT", false),
            ("(MIT", false),
            ("", false),
        ] {
            assert_eq!(License::new(text).passes(&allowed), expected, "{text}");
        }
    }

    #[test]
    fn rules_that_cannot_be_read_fail() {
        assert_eq!(check(&Project::default()).len(), 1);
    }
}
