//! `/setcwd`: the folders a person can mean.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use adjutant_codebases::Workspace;
use tempfile::TempDir;

use crate::repository::{put, workspace};

fn shop() -> (TempDir, Workspace) {
    let (folder, workspace) = workspace();
    put(workspace.root(), "acme/shop/api/src/main.rs", "");
    put(workspace.root(), "acme/shop/Grüße 日本/x", "");
    put(folder.path(), "outside/secret", "");
    (folder, workspace)
}

#[test]
fn a_folder_is_meant_from_where_one_is() {
    let (_folder, workspace) = shop();
    let root = workspace.root();
    let shop = root.join("acme/shop");
    for (cwd, text, found) in [
        (None, "acme/shop", "acme/shop"),
        (Some(&shop), "api", "acme/shop/api"),
        (Some(&shop), " ./api/../api/src/ ", "acme/shop/api/src"),
        (Some(&shop), "..", "acme"),
        (Some(&shop), "../..", ""),
        (Some(&shop), "Grüße 日本", "acme/shop/Grüße 日本"),
        (Some(&shop), root.join("acme").to_str().unwrap(), "acme"),
        (Some(&shop), root.to_str().unwrap(), ""),
    ] {
        let expected = if found.is_empty() { root.to_path_buf() } else { root.join(found) };
        assert_eq!(workspace.resolve_dir(cwd.map(|cwd| cwd.as_path()), text).unwrap(), expected, "{text}");
    }
    // A working directory that is not in the workspace any more does not widen it.
    assert_eq!(workspace.resolve_dir(Some("/etc".as_ref()), "acme").unwrap(), root.join("acme"));
}

#[test]
fn nothing_leads_out_of_the_workspace() {
    let (folder, workspace) = shop();
    let root = workspace.root();
    let shop = root.join("acme/shop");
    let link = |to: &std::path::Path, at: &str| std::os::unix::fs::symlink(to, root.join(at)).unwrap();
    link(&folder.path().join("outside"), "out");
    link("../..".as_ref(), "acme/up");
    link("/".as_ref(), "rootlink");
    link("/proc/self/cwd".as_ref(), "magic");
    link("loop".as_ref(), "loop");
    let sibling = format!("{}-evil", root.display());
    std::fs::create_dir(&sibling).unwrap();
    for text in [
        "../../..",
        "../../../outside",
        "/",
        "/etc",
        "/proc/self/root",
        &sibling,
        &format!("{}/../outside", root.display()),
        "../../out",
        "../../out/..",
        "../up",
        "../../rootlink/etc",
        "../../magic",
        "../../loop",
    ] {
        let error = workspace.resolve_dir(Some(&shop), text).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{text}` leaves the workspace. Paths start in `acme/shop/`; /repos lists what is there.")
        );
    }
    let error = workspace.resolve_dir(None, "..").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`..` leaves the workspace. Paths start in the workspace; /repos lists what is there."
    );
}

#[test]
fn links_that_stay_inside_are_followed_to_where_they_lead() {
    let (_folder, workspace) = shop();
    let root = workspace.root();
    std::os::unix::fs::symlink("acme/shop", root.join("relative")).unwrap();
    std::os::unix::fs::symlink(root.join("acme/shop"), root.join("absolute")).unwrap();
    for text in ["relative", "absolute", "relative/api/..", "absolute/../shop"] {
        assert_eq!(workspace.resolve_dir(None, text).unwrap(), root.join("acme/shop"), "{text}");
    }
}

#[test]
fn odd_texts_are_refused_with_a_sentence_that_can_be_shown() {
    let (_folder, workspace) = shop();
    put(workspace.root(), "․․/x", "");
    let long = "a/".repeat(2_048);
    for text in [
        "",
        "  ",
        "acme\0/shop",
        "acme/shop\n",
        "acme/sh\nop",
        &long,
        &"x".repeat(4_096),
        "․․/․․",
        "acme／shop",
        "acme∕shop",
        "ac\u{200b}me",
        "\u{202e}emca",
        "acme/none",
        "acme/shop/api/src/main.rs",
        "acme/shop/api/src/main.rs/x",
        ".incoming",
        "`",
    ] {
        if text == "acme/shop\n" {
            assert!(workspace.resolve_dir(None, text).is_ok(), "white space around a path is no part of it");
            continue;
        }
        std::fs::create_dir_all(workspace.root().join(".incoming")).unwrap();
        let error = workspace.resolve_dir(None, text).unwrap_err().to_string();
        assert!(
            error.len() < 700 && !error.chars().any(|c| c.is_control() || c == '\u{202e}' || c == '\u{200b}'),
            "{error}"
        );
        assert_eq!(error.matches('`').count() % 2, 0, "{error}");
    }
}

#[test]
fn a_link_that_is_swapped_all_the_time_never_leads_out() {
    let (folder, workspace) = shop();
    let root = workspace.root().to_path_buf();
    let outside = folder.path().join("outside");
    std::os::unix::fs::symlink("acme/shop", root.join("swapped")).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let swapper = std::thread::spawn({
        let (stop, root) = (Arc::clone(&stop), root.clone());
        move || {
            while !stop.load(Ordering::Relaxed) {
                for target in ["acme/shop", "../outside"] {
                    std::os::unix::fs::symlink(target, root.join("next")).unwrap();
                    std::fs::rename(root.join("next"), root.join("swapped")).unwrap();
                }
            }
        }
    });
    let mut refused = 0;
    let mut found = 0;
    let mut written = 0;
    // Both happen on any machine sooner or later; the bound only ends a test that fails.
    for _ in 0..2_000_000 {
        match workspace.resolve_dir(None, "swapped") {
            Ok(path) => {
                found += 1;
                assert_eq!(path, root.join("acme/shop"));
            }
            Err(_) => refused += 1,
        }
        written += usize::from(adjutant_codebases::paths::write_file(&root, "swapped/secret", b"overwritten").is_ok());
        if found >= 200 && refused >= 200 && written >= 200 {
            break;
        }
    }
    stop.store(true, Ordering::Relaxed);
    swapper.join().unwrap();
    assert!(found >= 200 && refused >= 200 && written >= 200, "{found} {refused} {written}");
    assert_eq!(std::fs::read(outside.join("secret")).unwrap(), b"");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
}
