//! Files that an assistant hands to the person: a picture of Markdown on a line of its own, whose file is in the codebase.
//!
//! The path is a model's text, so it is only ever opened beneath a handle of the codebase's folder, which the kernel does
//! not let it leave. What goes out is a copy of the gateway's own: nobody changes it between now and the sending.

use std::path::{Component, Path, PathBuf};

use adjutant_codebases::paths::{Unread, read_beneath};

use crate::words::{files as words, one_line};

/// What was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    pub path: String,
    /// What the assistant wrote for it.
    pub caption: String,
}

/// Takes the lines out that hand files over. Inside code they are code.
#[must_use]
pub fn take(text: String) -> (String, Vec<Handed>) {
    if !text.contains("![") {
        return (text, Vec::new());
    }
    let (mut kept, mut handed, mut fence) = (Vec::new(), Vec::new(), None);
    for line in text.lines() {
        let mark = line.trim_start();
        let run = mark.chars().take_while(|c| matches!(c, '`' | '~')).collect::<String>();
        match &fence {
            None if run.len() >= 3 => fence = Some(run),
            Some(open) if run.starts_with(open.as_str()) && mark.trim_end().len() == run.len() => fence = None,
            None => {
                if let Some(one) = image(line.trim()) {
                    handed.push(one);
                    continue;
                }
            }
            Some(_) => {}
        }
        kept.push(line);
    }
    let kept = (!handed.is_empty()).then(|| kept.join("\n"));
    (kept.unwrap_or(text), handed)
}

/// `![caption](path)`, and nothing else.
fn image(line: &str) -> Option<Handed> {
    let (caption, target) = line.strip_prefix("![")?.split_once("](")?;
    let target = target.strip_suffix(')')?;
    let path = target.strip_prefix('<').and_then(|path| path.strip_suffix('>')).unwrap_or(target).trim();
    let plain = !path.is_empty() && !path.contains("://") && !path.starts_with("data:") && !path.contains(['(', ')']);
    (plain && !caption.contains(']')).then(|| Handed { path: path.to_owned(), caption: one_line(caption, 200) })
}

/// Reads a file of the tree; `cwd` is where relative paths begin. The error is for the person.
///
/// # Errors
/// When it is not in the tree, is no file, is empty, or has more than `most` bytes.
pub fn read(tree: &Path, cwd: &Path, path: &str, most: u64) -> Result<Vec<u8>, String> {
    let inside = inside(tree, cwd, Path::new(path)).ok_or_else(|| words::outside(path))?;
    let most_here = usize::try_from(most).unwrap_or(usize::MAX);
    match read_beneath(tree, &inside, most_here) {
        Ok(bytes) if bytes.is_empty() => Err(words::empty(path)),
        Ok(bytes) => Ok(bytes),
        Err(Unread::TooLarge) => Err(words::too_large_to_send(path, most)),
        Err(Unread::NoFile) => Err(words::not_a_file(path)),
    }
}

/// The path relative to the tree. Git's own folder holds addresses and is nobody's to hand out.
fn inside(tree: &Path, cwd: &Path, path: &Path) -> Option<PathBuf> {
    let whole = if path.is_absolute() { path.to_path_buf() } else { cwd.join(path) };
    let mut names: Vec<&std::ffi::OsStr> = Vec::new();
    for component in whole.strip_prefix(tree).ok()?.components() {
        match component {
            Component::Normal(name) => names.push(name),
            Component::CurDir => {}
            Component::ParentDir => names.pop().map(drop)?,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    let is_git = names.first().is_some_and(|name| name.eq_ignore_ascii_case(".git"));
    (!names.is_empty() && !is_git).then(|| names.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handed(path: &str, caption: &str) -> Handed {
        Handed { path: path.to_owned(), caption: caption.to_owned() }
    }

    #[test]
    fn a_picture_on_a_line_of_its_own_hands_a_file_over() {
        let (text, files) = take("Here it is:\n\n![The cart](out/cart.png)\n  ![](<a b.pdf>)  \n\nDone.".to_owned());
        assert_eq!(text, "Here it is:\n\n\nDone.");
        assert_eq!(files, [handed("out/cart.png", "The cart"), handed("a b.pdf", "")]);
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for text in [
            "See ![cart](cart.png) above.",
            "[cart](cart.png)",
            "![cart](https://example.org/cart.png)",
            "![cart](data:image/png;base64,AAAA)",
            "![cart]()",
            "```md\n![cart](cart.png)\n```",
            "~~~~\n```\n![cart](cart.png)\n~~~~",
        ] {
            assert_eq!(take(text.to_owned()), (text.to_owned(), Vec::new()));
        }
        assert_eq!(take("```\na\n```\n![c](c.png)".to_owned()).1, [handed("c.png", "c")]);
    }

    #[test]
    fn nothing_outside_of_the_tree_is_read() {
        let outer = tempfile::tempdir().unwrap();
        let tree = outer.path().join("shop");
        std::fs::create_dir_all(tree.join("api/.git")).unwrap();
        std::fs::create_dir_all(tree.join(".git")).unwrap();
        for (path, text) in
            [("secret", "s"), ("shop/in.txt", "in"), ("shop/api/deep.txt", "deep"), ("shop/.git/config", "g")]
        {
            std::fs::write(outer.path().join(path), text).unwrap();
        }
        std::fs::write(tree.join("empty"), "").unwrap();
        std::os::unix::fs::symlink("../secret", tree.join("link")).unwrap();
        std::os::unix::fs::symlink(outer.path().join("secret"), tree.join("absolute")).unwrap();
        std::os::unix::fs::symlink("in.txt", tree.join("inner")).unwrap();
        let cwd = tree.join("api");
        let read = |path: &str| read(&tree, &cwd, path, 100);
        let absolute = tree.join("in.txt");
        for (path, bytes) in
            [("deep.txt", "deep"), ("../in.txt", "in"), ("../inner", "in"), (absolute.to_str().unwrap(), "in")]
        {
            assert_eq!(read(path), Ok(bytes.as_bytes().to_vec()), "{path}");
        }
        for path in
            ["../../secret", "/etc/passwd", "../link", "../absolute", "../.git/config", "../.GIT/config", "..", "no"]
        {
            assert!(read(path).is_err(), "{path}");
        }
        assert_eq!(read("../empty"), Err(words::empty("../empty")));
        assert_eq!(super::read(&tree, &cwd, "deep.txt", 3), Err(words::too_large_to_send("deep.txt", 3)));
    }
}
