//! One value out of the layers: text, number, choice, list, secret, path. Problems are gathered, not returned, so
//! that the operator hears of all of them at once.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

use super::names;
use super::problem::{Problem, Problems};
use super::sources::Sources;

/// Reads values and gathers problems.
#[derive(Debug)]
pub struct Reader<'a> {
    sources: &'a Sources,
    asked: BTreeSet<&'static str>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    #[must_use]
    pub fn new(sources: &'a Sources) -> Self {
        Self { sources, asked: BTreeSet::new(), problems: Vec::new() }
    }

    /// The value as it stands; an empty one counts as not set, since compose files pass such.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.asked.insert(name);
        self.lookup(name).map(str::to_owned)
    }

    /// The value turned into something; `wanted` says what it has to be.
    pub fn parsed<T>(&mut self, name: &'static str, wanted: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        let value = parse(text.trim());
        if value.is_none() {
            self.problem(name, &format!("is `{text}`, but has to be {wanted}"));
        }
        value
    }

    /// A whole number within bounds.
    pub fn number(&mut self, name: &'static str, bounds: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let wanted = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        self.parsed(name, &wanted, |text| text.parse().ok().filter(|number| bounds.contains(number)))
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let words: Vec<_> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
        self.parsed(name, &format!("one of {}", words.join(", ")), |text| {
            choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
        })
    }

    /// An address that starts with `http://` or `https://`.
    pub fn address(&mut self, name: &'static str) -> Option<Url> {
        self.parsed(name, "an address that starts with `https://` or `http://`", |text| {
            Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        })
    }

    /// Values between commas or spaces; every one has to be right.
    pub fn list<T>(&mut self, name: &'static str, wanted: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let Some(text) = self.text(name) else { return Vec::new() };
        let mut values = Vec::new();
        for item in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|item| !item.is_empty()) {
            match parse(item) {
                Some(value) => values.push(value),
                None => self.problem(name, &format!("contains `{item}`, but every value has to be {wanted}")),
            }
        }
        values
    }

    /// An absolute path; `~/` is the home folder, relative ones start in the working directory.
    pub fn path(&mut self, name: &'static str) -> Option<PathBuf> {
        let text = self.text(name)?;
        Some(self.absolute(&text))
    }

    /// A secret, from the variable itself or from the file that `NAME_FILE` names.
    pub fn secret(&mut self, name: &'static str) -> Option<SecretString> {
        let direct = self.text(name);
        let file = self.lookup(&format!("{name}_FILE")).map(str::to_owned);
        let Some(file) = file else { return direct.map(|text| SecretString::from(text.trim().to_owned())) };
        if direct.is_some() {
            self.problem(name, &format!("is set, and so is `{name}_FILE`: keep one of them"));
            return None;
        }
        match (self.sources.read)(&self.absolute(&file)) {
            Ok(text) if !text.trim().is_empty() => Some(SecretString::from(text.trim().to_owned())),
            Ok(_) => self.file_problem(name, &format!("names `{file}`, which is empty")),
            Err(error) => self.file_problem(name, &format!("names `{file}`, which cannot be read ({error})")),
        }
    }

    /// A variable of the system, such as `HOME`; never from `.env`.
    #[must_use]
    pub fn system(&self, name: &str) -> Option<&'a str> {
        self.sources.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The text of a file; `None` when it is not there.
    pub fn file(&mut self, path: &Path) -> Option<String> {
        match (self.sources.read)(path) {
            Ok(text) => Some(text),
            // Where a folder above it is none, whoever uses that folder says so in better words.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => None,
            Err(error) => {
                self.problem(&path.display().to_string(), &format!("cannot be read: {error}"));
                None
            }
        }
    }

    /// Adds a problem; the text goes on after the name and shows no secret.
    pub fn problem(&mut self, name: &str, text: &str) {
        self.problems.push(Problem { name: name.to_owned(), text: text.to_owned() });
    }

    /// Checks the names themselves; what is odd about them comes back.
    ///
    /// # Errors
    /// All problems, when there are any.
    pub fn finish(mut self) -> Result<Vec<String>, Problems> {
        let warnings = self.check_names();
        if self.problems.is_empty() { Ok(warnings) } else { Err(Problems(self.problems)) }
    }

    fn file_problem<T>(&mut self, name: &'static str, text: &str) -> Option<T> {
        self.problem(&format!("{name}_FILE"), text);
        None
    }

    fn lookup(&self, name: &str) -> Option<&'a str> {
        self.sources.find(name).map(|(_, value)| value)
    }

    fn absolute(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.system("HOME")) {
            (Some(rest), Some(home)) => Path::new(home).join(rest),
            _ => self.sources.directory.join(text),
        }
    }

    /// An unknown `ADJUTANT_…` is a problem; another name that is almost one of ours is worth a warning.
    fn check_names(&mut self) -> Vec<String> {
        let mut warnings = Vec::new();
        let names: BTreeSet<_> = self.sources.environment.keys().chain(self.sources.dotenv.keys()).collect();
        for name in names {
            if names::find(name).is_some() || is_for_tests(name) {
                continue;
            }
            let nearest = names::nearest(name);
            if name.starts_with("ADJUTANT_") {
                let hint = nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
                self.problem(name, &format!("is no setting of this version{hint}"));
            } else if let Some(nearest) = nearest.filter(|nearest| is_slip(name, nearest)) {
                warnings.push(format!("`{name}` is no setting; did you mean `{nearest}`?"));
            }
        }
        warnings
    }

    #[cfg(test)]
    pub fn asked(&self) -> &BTreeSet<&'static str> {
        &self.asked
    }
}

/// Test builds are steered by names that no release knows.
fn is_for_tests(name: &str) -> bool {
    cfg!(debug_assertions) && name.starts_with("ADJUTANT_TEST_")
}

/// Long names one or two letters apart are slips; short ones may well be somebody else's.
fn is_slip(name: &str, nearest: &str) -> bool {
    nearest.len() >= 10 && names::distance(name, nearest) <= 2
}
