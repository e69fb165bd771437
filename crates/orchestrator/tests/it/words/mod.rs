//! Every sentence of the product, said once with everyday values and kept in a snapshot per area, so that one who changes
//! a word sees where it is read. What is read is looked through as well: the voice, the next step, no path of the machine.

#![expect(clippy::expect_used, reason = "a test that cannot go on ends")]

mod catalogue;
mod stage;

use std::collections::BTreeSet;
use std::path::Path;

use adjutant_core::error::UserError;
use adjutant_core::id::ApprovalId;

/// What was said, in the order in which it was said.
#[derive(Default)]
struct Said {
    all: Vec<Sentence>,
}

struct Sentence {
    /// `area::function`.
    name: String,
    text: String,
    /// An error without a next step.
    ends_there: bool,
}

/// What a function of `words` gives.
trait Spoken {
    fn text(&self) -> String;

    fn ends_there(&self) -> bool {
        false
    }
}

impl Spoken for String {
    fn text(&self) -> String {
        self.clone()
    }
}

impl Spoken for &str {
    fn text(&self) -> String {
        (*self).to_owned()
    }
}

impl Spoken for UserError {
    fn text(&self) -> String {
        self.to_string()
    }

    fn ends_there(&self) -> bool {
        self.hint.is_empty()
    }
}

impl Spoken for (String, usize) {
    fn text(&self) -> String {
        self.0.clone()
    }
}

impl<T: Spoken> Spoken for Option<T> {
    fn text(&self) -> String {
        self.as_ref().map_or_else(|| "(nothing)".to_owned(), Spoken::text)
    }
}

impl<T: Spoken> Spoken for Result<T, UserError> {
    fn text(&self) -> String {
        self.as_ref().map_or_else(Spoken::text, Spoken::text)
    }

    fn ends_there(&self) -> bool {
        self.as_ref().is_err_and(Spoken::ends_there)
    }
}

impl Spoken for ApprovalId {
    fn text(&self) -> String {
        format!("(the number {self})")
    }
}

impl Said {
    fn say(&mut self, name: &str, spoken: &dyn Spoken) {
        let name = name.split_whitespace().collect::<String>();
        self.all.push(Sentence { name, text: spoken.text(), ends_there: spoken.ends_there() });
    }

    fn areas(&self) -> BTreeSet<&str> {
        self.all.iter().filter_map(|sentence| sentence.name.split("::").next()).collect()
    }

    fn of(&self, area: &str) -> String {
        let prefix = format!("{area}::");
        let of = self.all.iter().filter_map(|said| Some((said.name.strip_prefix(&prefix)?, &said.text)));
        of.map(|(name, text)| format!("{name}\n    {}\n", text.replace('\n', "\n    "))).collect()
    }
}

/// The sentences there are: the public functions of the files in `words`. What is in `mod.rs` helps them.
fn written() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/words");
    let files = std::fs::read_dir(folder).expect("the sentences").map(|entry| entry.expect("a file").path());
    let mut names = BTreeSet::new();
    for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "rs") && !file.ends_with("mod.rs")) {
        let area = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let source = std::fs::read_to_string(&file).expect("a source");
        let starts = ["pub fn ", "pub const fn "];
        let functions = source.lines().filter_map(|line| starts.iter().find_map(|start| line.strip_prefix(start)));
        names.extend(functions.filter_map(|line| Some(format!("{area}::{}", line.split(['(', '<']).next()?))));
    }
    names
}

#[tokio::test]
async fn every_sentence_is_in_a_snapshot() {
    let said = catalogue::all().await;
    let in_snapshots: BTreeSet<String> = said.all.iter().map(|sentence| sentence.name.clone()).collect();
    let missing: Vec<_> = written().difference(&in_snapshots).cloned().collect();
    assert!(missing.is_empty(), "add them to tests/it/words/catalogue.rs: {missing:?}");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for area in said.areas() {
        settings.bind(|| insta::assert_snapshot!(area.to_owned(), said.of(area)));
    }
}

#[tokio::test]
async fn no_sentence_shouts_blames_apologises_or_names_a_path_of_the_machine() {
    for Sentence { name, text, .. } in catalogue::all().await.all {
        // What the assistant is told is not what people read.
        if name == "files::for_the_assistant" {
            continue;
        }
        let lower = text.to_lowercase();
        assert!(!text.contains('!'), "{name} shouts: {text}");
        for word in ["sorry", "apolog", "unfortunately", "oops", "you must", "you should", "invalid", "illegal"] {
            assert!(!lower.contains(word), "{name} says {word:?}: {text}");
        }
        // A path has a second slash; a command has none.
        let words = text.split(|c: char| c.is_whitespace() || "`()'\"".contains(c));
        let path = words.clone().find(|word| word.starts_with('/') && word[1..].contains('/'));
        assert_eq!(path, None, "{name} names a path of the machine: {text}");
        assert!(!text.contains("  ") || text.contains("\n  "), "{name} has a gap: {text}");
    }
}

#[tokio::test]
async fn every_error_says_what_to_do_next() {
    // The product's specification has the next step in the sentence itself.
    let exact = "codebase::none_configured";
    let said = catalogue::all().await;
    let ends: BTreeSet<_> = said.all.iter().filter(|said| said.ends_there).map(|said| said.name.as_str()).collect();
    assert_eq!(ends, BTreeSet::from([exact]));
}
