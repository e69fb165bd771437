//! `/diff`.

use adjutant_codebases::diff::{Diff, FileDiff, FileState};

use super::{code, count, visible};
use crate::commands::Call;

/// Files that are listed one by one.
const MOST_LISTED: usize = 20;

/// Lines that are shown: more than anybody reads in a chat.
const MOST_LINES: usize = 100;

/// Where was looked.
#[derive(Debug)]
pub struct Place {
    /// The tree, as seen from the workspace.
    pub name: String,
    pub branch: Option<String>,
    /// Only this file or folder.
    pub only: Option<String>,
}

impl Place {
    fn shown(&self) -> String {
        let inside = self.only.as_ref().map(|only| format!("{} of ", code(only, 120))).unwrap_or_default();
        let branch = self.branch.as_ref().map(|branch| format!(" on {}", code(branch, 80))).unwrap_or_default();
        format!("{inside}{}{branch}", code(&self.name, 120))
    }
}

/// The file that holds all the lines.
pub const FILE: &str = "changes.diff";

/// Below that file.
#[must_use]
pub fn whole(diff: &Diff) -> String {
    let lines = count(diff.patch.lines().count(), "line");
    if diff.cut { format!("The first {lines}; the rest is too long.") } else { format!("All {lines}.") }
}

/// The files and as many lines as one message takes, which `fits` says; how many lines are left out.
#[must_use]
pub fn diff(call: &Call, place: &Place, diff: &Diff, fits: &dyn Fn(&str) -> bool) -> (String, usize) {
    if diff.files.is_empty() {
        return (format!("Nothing is uncommitted in {}.", place.shown()), 0);
    }
    let (added, removed) = diff.lines();
    let mut head = format!("{} in {}, +{added} −{removed}", count(diff.files.len(), "file"), place.shown());
    for file in diff.files.iter().take(MOST_LISTED) {
        head.push_str(&format!("\n- {}", listed(file)));
    }
    if diff.files.len() > MOST_LISTED {
        head.push_str(&format!("\n- and {} more", diff.files.len() - MOST_LISTED));
    }
    let patch: Vec<&str> = diff.patch.lines().map(|line| line.trim_end_matches('\r')).collect();
    let with = |lines: usize| {
        let left_out = patch.len() - lines;
        let rest = if left_out > 0 || diff.cut { rest(call, left_out, diff) } else { String::new() };
        if lines == 0 {
            return format!("{head}{rest}");
        }
        let shown = visible(&patch[..lines].join("\n"));
        let fence = "`".repeat(longest_run(&shown).max(2) + 1);
        format!("{head}\n\n{fence}diff\n{shown}\n{fence}{rest}")
    };
    let most = patch.len().min(MOST_LINES);
    let whole = with(most);
    if fits(&whole) {
        return (whole, patch.len() - most);
    }
    // The most lines that fit, found by halving.
    let (mut least, mut most) = (0, most);
    while most - least > 1 {
        let middle = usize::midpoint(least, most);
        if fits(&with(middle)) {
            least = middle;
        } else {
            most = middle;
        }
    }
    (with(least), patch.len() - least)
}

fn listed(file: &FileDiff) -> String {
    let state = match file.state {
        FileState::Changed => "",
        FileState::New => " new",
        FileState::Deleted => " deleted",
    };
    let path = code(&file.path, 120);
    if file.binary {
        format!("{path}{state} binary")
    } else {
        format!("{path}{state} +{} −{}", file.added, file.removed)
    }
}

fn rest(call: &Call, left_out: usize, diff: &Diff) -> String {
    // A patch that is cut has more lines than were counted.
    let more = if diff.cut { "More than " } else { "" };
    let left_out = match left_out {
        0 => "\n\nMore lines are left out here.".to_owned(),
        lines => format!("\n\n{more}{} left out here.", count(lines, "line")),
    };
    if diff.files.len() == 1 { left_out } else { format!("{left_out} `{}` shows one file.", call.spell("diff <path>")) }
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}
