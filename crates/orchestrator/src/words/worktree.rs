//! Worktrees, and directories in which another turn works.

use std::path::Path;

use adjutant_codebases::Worktree;
use adjutant_codebases::inspect::Dirty;
use adjutant_codebases::worktree::{Created, Kept, Removal, Standing};
use adjutant_core::codebase::Codebase;
use adjutant_core::error::UserError;

use super::{code, count};
use crate::commands::Call;

/// The button that gives the conversation a directory of its own.
pub const USE: &str = "Use a worktree";
/// The button that starts a prompt in a directory that is in use.
pub const BESIDE: &str = "Start beside it";

/// A prompt waits because another conversation's turn works in its directory.
#[must_use]
pub fn directory_taken(call: &Call, path: &Path) -> String {
    let taken = format!(
        "Queued: another conversation works in {}. Yours starts when that turn ends.",
        code(&call.place(&path.to_string_lossy()), 120)
    );
    match call.context.workspace.tree_of(path) {
        Some(_) => format!("{taken} `{}` lets both work at once.", call.spell("worktree new")),
        None => taken,
    }
}

/// What `/worktree new` made or found.
#[derive(Debug)]
pub struct Entered<'a> {
    pub codebase: &'a Codebase,
    pub created: &'a Created,
    pub cwd: &'a Path,
    /// What is uncommitted in the codebase's own tree.
    pub left_behind: Option<Dirty>,
}

/// `/worktree new`.
#[must_use]
pub fn entered(call: &Call, entered: &Entered<'_>) -> String {
    let (worktree, mut lines) = match entered.created {
        Created::New { worktree, copied } => {
            let mut lines = vec![format!("Worktree of {} made.", code(&entered.codebase.name, 60))];
            if *copied > 0 {
                lines.push(format!("Copied: {} named in `.worktreeinclude`", count(*copied, "ignored file")));
            }
            (worktree, lines)
        }
        Created::Found { worktree } => (
            worktree,
            vec![format!("Back in the worktree of {}; nothing in it was changed.", code(&entered.codebase.name, 60))],
        ),
    };
    if let Some(branch) = &worktree.branch {
        lines.insert(1, format!("Branch: {}", code(branch, 80)));
    }
    lines.push(format!("CWD: {}", code(&call.place(&entered.cwd.to_string_lossy()), 200)));
    if let Some(dirty) = entered.left_behind.filter(|dirty| !dirty.is_clean()) {
        lines.push(format!("{} keeps its {}.", code(&entered.codebase.name, 60), uncommitted(dirty)));
    }
    lines.push(format!("The next message starts a fresh session. `{}` goes back.", call.spell("worktree leave")));
    lines.join("\n")
}

/// `/worktree` inside of one.
#[must_use]
pub fn inside(call: &Call, codebase: &Codebase, worktree: &Worktree, standing: &Standing) -> String {
    format!(
        "Worktree of {} on {}: {}.\n`{}` goes back.",
        code(&codebase.name, 60),
        branch(worktree),
        stands(standing),
        call.spell("worktree leave")
    )
}

/// `/worktree` outside of one.
#[must_use]
pub fn outside(call: &Call, codebase: &Codebase, kept: Option<&Worktree>) -> String {
    let name = code(&codebase.name, 60);
    let new = call.spell("worktree new");
    match kept {
        Some(worktree) => {
            format!("Working in {name} itself. `{new}` goes back to the worktree on {}.", branch(worktree))
        }
        None => format!("Working in {name} itself. `{new}` makes a directory and a branch for this conversation."),
    }
}

/// One worktree of a list.
#[derive(Debug)]
pub struct Listed {
    pub worktree: Worktree,
    pub standing: Standing,
    pub here: bool,
}

/// `/worktree list`.
#[must_use]
pub fn list(call: &Call, codebase: &Codebase, seen: &[Listed], all: usize) -> String {
    if seen.is_empty() {
        let new = call.spell("worktree new");
        return format!("{} has no worktrees. `{new}` makes one.", code(&codebase.name, 60));
    }
    let mut lines = vec![format!("Worktrees of {}:", code(&codebase.name, 60))];
    lines.extend(seen.iter().map(|listed| {
        let mark = if listed.here { " ← here" } else { "" };
        let place = code(&call.place(&listed.worktree.path.to_string_lossy()), 200);
        format!("- {} in {place}: {}{mark}", branch(&listed.worktree), stands(&listed.standing))
    }));
    if all > seen.len() {
        lines.push(format!("- and {} more", all - seen.len()));
    }
    lines.join("\n")
}

/// How a worktree was left.
#[derive(Debug)]
pub enum Left {
    Own {
        worktree: Worktree,
        removal: Removal,
    },
    /// Another conversation's turn works in it.
    InUse(Worktree),
    /// It is not this conversation's, or gone already.
    Other,
}

/// `/worktree leave`.
#[must_use]
pub fn left(call: &Call, codebase: &Codebase, left: &Left) -> String {
    let back = format!("Back in {}. The next message starts a fresh session.", code(&codebase.name, 60));
    let again = call.spell("worktree new");
    let kept = |worktree: &Worktree, why: String| {
        let place = code(&call.place(&worktree.path.to_string_lossy()), 200);
        format!("{back}\nThe worktree on {} is kept in {place}: {why}. `{again}` goes back to it.", branch(worktree))
    };
    match left {
        Left::Own { worktree, removal: Removal::Removed } => {
            format!("{back}\nThe worktree on {} is removed; nothing was only there.", branch(worktree))
        }
        Left::Own { worktree, removal: Removal::Kept(why) } => kept(worktree, reason(*why)),
        Left::InUse(worktree) => kept(worktree, "another conversation works in it".to_owned()),
        Left::Other => back,
    }
}

/// `/worktree` with a word it does not know.
#[must_use]
pub fn unknown(call: &Call, word: &str) -> UserError {
    let [own, new, list, leave] =
        ["worktree", "worktree new", "worktree list", "worktree leave"].map(|c| call.spell(c));
    UserError::new(format!("{own} knows no {}.", code(word, 40)), format!("Use {own}, `{new}`, `{list}` or `{leave}`."))
}

/// The directory cannot change below a turn.
#[must_use]
pub fn turn_runs(call: &Call) -> UserError {
    UserError::new(
        "A turn runs here, so its directory stays.",
        format!("Wait for its end, or end it with {}.", call.spell("stop")),
    )
}

/// `/worktree new` inside of one.
#[must_use]
pub fn inside_already(call: &Call, worktree: &Worktree) -> UserError {
    UserError::new(
        format!("This conversation works in a worktree already, on {}.", branch(worktree)),
        format!("`{}` goes back.", call.spell("worktree leave")),
    )
}

/// `/worktree leave` outside of one.
#[must_use]
pub fn not_inside(call: &Call, codebase: &Codebase) -> UserError {
    UserError::new(
        format!("This conversation works in {} itself.", code(&codebase.name, 60)),
        format!("`{}` makes a worktree.", call.spell("worktree new")),
    )
}

fn branch(worktree: &Worktree) -> String {
    worktree.branch.as_ref().map_or_else(|| "no branch".to_owned(), |branch| code(branch, 80))
}

fn stands(standing: &Standing) -> String {
    match (standing.dirty, standing.own_commits) {
        (Some(dirty), Some(own)) => {
            let mut words = Vec::new();
            if !dirty.is_clean() {
                words.push(uncommitted(dirty));
            }
            if own > 0 {
                words.push(unmerged(own));
            }
            if words.is_empty() { "clean".to_owned() } else { words.join(", ") }
        }
        _ => "Git does not say how it stands".to_owned(),
    }
}

fn reason(kept: Kept) -> String {
    match kept {
        Kept::Uncommitted(dirty) => uncommitted(dirty),
        Kept::Unmerged(own) => unmerged(own),
        Kept::Unknown => "Git does not say how it stands".to_owned(),
    }
}

fn uncommitted(dirty: Dirty) -> String {
    count(dirty.changed + dirty.untracked, "uncommitted file")
}

fn unmerged(own: u64) -> String {
    format!("{} neither pushed nor merged", count(usize::try_from(own).unwrap_or(usize::MAX), "commit"))
}
