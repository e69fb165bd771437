//! Words that do not belong into this repository.

use super::project::{Finding, Project};

/// A word and why it must not stand here.
struct Word {
    /// In pieces, so that this file does not find itself.
    pieces: [&'static str; 2],
    why: &'static str,
    only: Only,
}

/// Where a word matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Only {
    Rust,
    Everywhere,
}

const REGISTRY: &str =
    "a lock file or a page must not say where packages are fetched: that differs from place to place";
const PLACE: &str = "a path of one machine means nothing on another";

const WORDS: &[Word] = &[
    Word { pieces: ["#[ig", "nore"], why: "a test that does not run is no test", only: Only::Rust },
    Word { pieces: ["tod", "o!("], why: "it panics", only: Only::Rust },
    Word { pieces: ["unimple", "mented!("], why: "it panics", only: Only::Rust },
    Word { pieces: ["FIX", "ME"], why: "mend it or write down what is missing", only: Only::Everywhere },
    Word { pieces: ["/wo", "rk/"], why: PLACE, only: Only::Everywhere },
    Word { pieces: ["/ro", "ot/"], why: PLACE, only: Only::Everywhere },
    Word { pieces: ["registry.np", "mjs.org"], why: REGISTRY, only: Only::Everywhere },
    Word { pieces: ["static.cra", "tes.io"], why: REGISTRY, only: Only::Everywhere },
    Word { pieces: ["index.cra", "tes.io"], why: REGISTRY, only: Only::Everywhere },
    Word { pieces: ["py", "pi.org"], why: REGISTRY, only: Only::Everywhere },
    Word { pieces: ["pythonho", "sted.org"], why: REGISTRY, only: Only::Everywhere },
    Word { pieces: ["deb.deb", "ian.org"], why: REGISTRY, only: Only::Everywhere },
];

pub fn check(project: &Project) -> Vec<Finding> {
    project.files.iter().flat_map(|(path, text)| found(path, text)).collect()
}

fn found(path: &str, text: &str) -> Vec<Finding> {
    let words = WORDS.iter().filter(|word| word.only == Only::Everywhere || path.ends_with(".rs"));
    words.flat_map(|word| lines(path, text, word)).collect()
}

fn lines(path: &str, text: &str, word: &Word) -> Vec<Finding> {
    let needle = word.pieces.concat();
    let lines = text.lines().enumerate().filter(|(_, line)| is_in(line, &needle));
    lines.map(|(index, _)| Finding::line(path, index + 1, format!("`{needle}`: {}", word.why))).collect()
}

/// A path has to begin with the word: `net/work/x` is another one.
fn is_in(line: &str, needle: &str) -> bool {
    line.match_indices(needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !needle.starts_with('/')
            || !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '>'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found_where_it_matters() {
        for word in WORDS {
            let text = format!("fine\nx {}y\n", word.pieces.concat());
            let found = check(&Project::with(&[("crates/a/src/lib.rs", &text)]));
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].at, "crates/a/src/lib.rs:2");
        }
    }

    #[test]
    fn words_of_rust_may_stand_in_documents_and_longer_paths_are_others() {
        let macro_name = ["tod", "o!()"].concat();
        let path = ["net/wo", "rk/x"].concat();
        assert_eq!(check(&Project::with(&[("README.md", &macro_name), ("a.rs", &path)])), []);
    }
}
