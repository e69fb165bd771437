//! Command files as repositories have them.

use std::path::Path;

use adjutant_core::codebase::{CommandRegistry, RegisteredCommand};

use super::{CommandFile, Loaded, describe, find, frame, load, read};

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn the_description_comes_from_the_front_matter_or_else_from_the_first_words() {
    for (source, description) in [
        ("---\ndescription: Create a plan\n---\n# Other\n", "Create a plan"),
        ("---\r\nmodel: opus\r\ndescription: \"Say \\\"hi\\\": now\"\r\n---\r\nText", "Say \"hi\": now"),
        ("---\ndescription: 'It''s fine'\n---\n", "It's fine"),
        ("---\ndescription: Bare # a remark\n---\n", "Bare"),
        ("---\ndescription: >-\n  goes on\n  and on\nmodel: x\n---\n", "goes on and on"),
        ("---\ndescription:\n---\n# Plan a feature #\n", "Plan a feature"),
        ("---\nmodel: opus\n---\n\n## Plan\n", "Plan"),
        ("---\n\nA rule that nothing closes", "A rule that nothing closes"),
        ("\u{feff}# With a mark\n", "With a mark"),
        ("You are an expert\nplanner. Create a plan for v1.2.", "You are an expert planner"),
        ("Steps:\n1. one", "Steps"),
        ("Read config.toml first", "Read config.toml first"),
        ("#hashtag is no heading", "#hashtag is no heading"),
        ("<!-- note -->\n\nText\u{1b}[31m\tred", "Text [31m red"),
        ("", ""),
        ("\n\n", ""),
    ] {
        assert_eq!(CommandFile::parse(source).description, description, "{source:?}");
    }
    let long = CommandFile::parse(&"wörd ".repeat(1_000)).description;
    assert_eq!(long.chars().count(), 160, "{long}");
    assert!(long.ends_with('…'));
}

#[test]
fn the_text_comes_without_the_front_matter() {
    assert_eq!(CommandFile::parse("---\na: b\n---\n\nDo $1.\n---\nMore.\n").text, "Do $1.\n---\nMore.");
    assert_eq!(CommandFile::parse("---\nnever closed\n").text, "---\nnever closed");
}

#[test]
fn a_folder_is_loaded_with_what_is_new_replaced_clashing_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop");
    put(&root, ".claude/commands/plan.md", "# Plan it");
    put(&root, ".claude/commands/old/plan.md", "# Plan it the old way");
    put(&root, ".claude/commands/zeta/code_review.md", "Review the code.");
    put(&root, ".claude/commands/prime.md", "Prime.");
    put(&root, ".claude/commands/commit.md", "Commit.");
    put(&root, ".claude/commands/.hidden/x.md", "");
    put(&root, ".claude/commands/has space.md", "");
    put(&root, ".claude/commands/notes.txt", "");
    std::fs::write(root.join(".claude/commands/binary.md"), [0xff, 0xfe]).unwrap();
    std::fs::File::create(root.join(".claude/commands/huge.md")).unwrap().set_len(5 * 1024 * 1024).unwrap();
    put(folder.path(), "secret", "s");
    std::os::unix::fs::symlink("../../../secret", root.join(".claude/commands/evil.md")).unwrap();
    let command =
        |path: &str, description: &str| RegisteredCommand { path: path.into(), description: description.into() };
    let mut registry = CommandRegistry::from([
        ("commit".to_owned(), command(".claude/commands/commit.md", "Commit")),
        ("Prime".to_owned(), command("elsewhere.md", "Another")),
        ("kept".to_owned(), command("kept.md", "")),
    ]);
    let loaded = load(&root, ".claude/commands", &mut registry).unwrap();
    assert_eq!(
        loaded,
        Loaded {
            loaded: names(&["code_review", "commit", "plan", "prime"]),
            replaced: names(&["prime"]),
            clashing: names(&["plan"]),
            refused: ["binary.md", "evil.md", "has space.md", "huge.md"]
                .map(|name| format!(".claude/commands/{name}"))
                .to_vec(),
        }
    );
    assert_eq!(registry.keys().collect::<Vec<_>>(), ["code_review", "commit", "kept", "plan", "prime"]);
    assert_eq!(registry["plan"], command(".claude/commands/plan.md", "Plan it"), "the last in the order of paths");
    assert_eq!(find(&registry, "CODE-review").map(|(name, _)| name), Some("code_review"));
    assert_eq!(find(&registry, "none"), None);
    let again = load(&root, ".claude/commands", &mut registry).unwrap();
    assert!(again.replaced.is_empty(), "the same again replaces nothing");
}

#[test]
fn a_folder_that_cannot_be_loaded_is_an_error_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut registry = CommandRegistry::new();
    for path in ["../", "none", "/etc", ".git"] {
        assert!(load(folder.path(), path, &mut registry).is_err(), "{path}");
    }
    assert!(registry.is_empty());
}

#[test]
fn a_command_file_is_read_only_inside_its_codebase_and_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop");
    put(&root, "a.md", "---\ndescription: A\n---\nDo it.\n");
    put(folder.path(), "secret.md", "s");
    std::os::unix::fs::symlink("../secret.md", root.join("link.md")).unwrap();
    assert_eq!(read(&root, "a.md").unwrap(), "Do it.");
    assert_eq!(describe(&root, "a.md").unwrap(), "A");
    for path in ["../secret.md", "link.md", "none.md"] {
        assert!(read(&root, path).is_err(), "{path}");
    }
    std::fs::write(root.join("bad.md"), [b'a', 0xff]).unwrap();
    assert_eq!(read(&root, "bad.md").unwrap_err().message, "`bad.md` is no text in UTF-8.");
}

#[test]
fn a_framed_command_says_that_it_is_to_be_carried_out_and_keeps_its_text() {
    let text = frame("plan", "Plan $1 `now`.");
    assert!(text.starts_with("The user invoked the command `plan`. Carry out its instructions below now"));
    assert!(text.ends_with("\n\nPlan $1 `now`."));
}

#[test]
fn a_menu_has_names_that_can_be_tapped_and_what_is_tapped_is_found_again() {
    let command =
        |path: &str, description: &str| RegisteredCommand { path: path.into(), description: description.into() };
    let registry: CommandRegistry = [
        ("plan-feature", command("a/plan-feature.md", "Plan a feature")),
        ("plan.feature", command("b/plan.feature.md", "")),
        ("Plan_Feature", command("c/Plan_Feature.md", "Another")),
        ("status", command("status.md", "Hidden by the gateway's own")),
        ("\u{6f22}\u{5b57}", command("han.md", "Nothing of it can be typed")),
        ("a-name-that-is-far-too-long-for-any-menu-one", command("one.md", "One")),
        ("a-name-that-is-far-too-long-for-any-menu-two", command("two.md", "Two")),
    ]
    .map(|(name, command)| (name.to_owned(), command))
    .into();
    let menu = super::menu(&registry);
    let names: Vec<_> = menu.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "plan_feature",
            "a_name_that_is_far_too_long_for_",
            "a_name_that_is_far_too_long_fo_2",
            "plan_feature_2",
            "plan_feature_3"
        ]
    );
    assert_eq!(menu[4].description, "b/plan.feature.md", "what has no description is told by its file");
    for entry in &menu {
        assert!(super::find(&registry, &entry.name).is_some(), "{}", entry.name);
        assert!((1..=32).contains(&entry.name.len()));
    }
    let found = |name: &str| super::find(&registry, name).map(|(known, _)| known.to_owned());
    assert_eq!(
        found("a_name_that_is_far_too_long_fo_2").as_deref(),
        Some("a-name-that-is-far-too-long-for-any-menu-two")
    );
    assert_eq!(found("plan_feature_3").as_deref(), Some("plan.feature"));
}
