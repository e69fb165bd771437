//! Both databases have the same migrations: one that is forgotten on one of them would be found only by its users.

use std::collections::BTreeSet;

use super::project::{Finding, Project};

const FOLDERS: [&str; 2] = ["migrations/sqlite/", "migrations/postgres/"];

pub fn check(project: &Project) -> Vec<Finding> {
    let [left, right] = FOLDERS.map(|folder| names(project, folder));
    if left.is_empty() && right.is_empty() {
        return vec![Finding::new("migrations", "has no files")];
    }
    let missing = |from: &BTreeSet<&str>, of: &BTreeSet<&str>, folder: &str| -> Vec<Finding> {
        of.difference(from).map(|name| Finding::new(folder, format!("has no `{name}`"))).collect()
    };
    [missing(&left, &right, FOLDERS[0]), missing(&right, &left, FOLDERS[1])].concat()
}

fn names<'a>(project: &'a Project, folder: &str) -> BTreeSet<&'a str> {
    project.files.keys().filter_map(|path| path.strip_prefix(folder)).filter(|name| name.ends_with(".sql")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_of_one_database_alone_is_found() {
        let both = [("migrations/sqlite/1_a.sql", ""), ("migrations/postgres/1_a.sql", "")];
        assert_eq!(check(&Project::with(&both)), []);
        let one = [both[0], both[1], ("migrations/sqlite/2_b.sql", "")];
        assert_eq!(check(&Project::with(&one)), [Finding::new("migrations/postgres/", "has no `2_b.sql`")]);
    }

    #[test]
    fn no_migrations_at_all_is_a_mistake() {
        assert_eq!(check(&Project::default()).len(), 1);
    }
}
