//! `/worktree`, `/worktree new [name]`, `/worktree list`, `/worktree leave`

use std::path::{Path, PathBuf};

use adjutant_codebases::worktree::{Request, slug};
use adjutant_codebases::{Workspace, Worktree};
use adjutant_core::codebase::Codebase;
use adjutant_core::error::UserError;
use adjutant_core::session::EndReason;
use async_trait::async_trait;

use super::{Action, Call, Command, CommandError, Group, Outcome};
use crate::words::worktree::{self as words, Entered, Left};

/// Worktrees that are looked at for a list.
const MOST_LISTED: usize = 20;

/// A directory and a branch of its own for this conversation.
pub struct WorktreeCommand;

#[async_trait]
impl Command for WorktreeCommand {
    fn name(&self) -> &'static str {
        "worktree"
    }

    fn usage(&self) -> &'static str {
        "[new [name] | list | leave]"
    }

    fn summary(&self) -> &'static str {
        "Work in a directory and on a branch of its own"
    }

    fn group(&self) -> Group {
        Group::Codebase
    }

    fn is_quick(&self, rest: &str) -> bool {
        !matches!(Wanted::read(rest), Wanted::New(_) | Wanted::Leave)
    }

    fn decides_place(&self, rest: &str) -> bool {
        !self.is_quick(rest)
    }

    async fn run(&self, call: &Call, rest: &str) -> Result<Outcome, CommandError> {
        let home = Home::of(call)?;
        match Wanted::read(rest) {
            Wanted::Here => here(call, &home).await,
            Wanted::New(name) => new(call, &home, name).await,
            Wanted::List => list(call, &home).await,
            Wanted::Leave => leave(call, &home).await,
            Wanted::Unknown(word) => Err(words::unknown(call, word).into()),
        }
    }
}

/// What is wanted.
enum Wanted<'a> {
    Here,
    New(&'a str),
    List,
    Leave,
    Unknown(&'a str),
}

impl<'a> Wanted<'a> {
    fn read(rest: &'a str) -> Self {
        let rest = rest.trim();
        let (word, name) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        match word.to_ascii_lowercase().as_str() {
            "" => Self::Here,
            "new" => Self::New(name.trim()),
            "list" => Self::List,
            "leave" => Self::Leave,
            _ => Self::Unknown(word),
        }
    }
}

/// Where the conversation is at home, and where it works now.
struct Home<'a> {
    codebase: &'a Codebase,
    /// The codebase's own working tree.
    tree: PathBuf,
    cwd: PathBuf,
    key: String,
}

impl<'a> Home<'a> {
    fn of(call: &'a Call) -> Result<Self, UserError> {
        let codebase = call.need_codebase()?;
        let cwd = call.conversation.cwd.clone().unwrap_or_else(|| codebase.default_cwd.clone());
        // The end of the id is random, and long enough that no two conversations share a directory.
        let id = call.conversation.id.0.simple().to_string();
        let key = id[id.len() - 12..].to_owned();
        Ok(Self { codebase, tree: call.tree(&codebase.default_cwd), cwd: PathBuf::from(cwd), key })
    }

    fn own(&self, workspace: &Workspace) -> Option<Worktree> {
        workspace.find_worktree(&self.tree, &self.key)
    }

    fn is_in(&self, worktree: &Worktree) -> bool {
        self.cwd.starts_with(&worktree.path)
    }
}

async fn here(call: &Call, home: &Home<'_>) -> Result<Outcome, CommandError> {
    let workspace = &call.context.workspace;
    let own = home.own(workspace);
    Ok(Outcome::say(match own {
        Some(worktree) if home.is_in(&worktree) => {
            words::inside(call, home.codebase, &worktree, &workspace.standing(&worktree).await)
        }
        other => words::outside(call, home.codebase, other.as_ref()),
    }))
}

async fn new(call: &Call, home: &Home<'_>, name: &str) -> Result<Outcome, CommandError> {
    if call.turn.is_some() {
        return Err(words::turn_runs(call).into());
    }
    let workspace = &call.context.workspace;
    if let Some(worktree) = home.own(workspace).filter(|own| home.is_in(own)) {
        return Err(words::inside_already(call, &worktree).into());
    }
    // Named after what the person waits for, where nothing else is said.
    let first = call.queue.first().map(String::as_str).unwrap_or_default();
    let named = [name, first].into_iter().map(slug).find(|slug| !slug.is_empty());
    let named = named.unwrap_or_else(|| home.key[..6].to_owned());
    let request = Request { tree: &home.tree, key: &home.key, slug: &named };
    let created = workspace.create_worktree(request).await?;
    let path = created.worktree().path.clone();
    let below = home.cwd.strip_prefix(&home.tree).map(|below| path.join(below));
    let cwd = below.ok().filter(|below| below.is_dir()).unwrap_or(path);
    let left_behind = workspace.inspect(&home.tree).await.dirty;
    let entered = Entered { codebase: home.codebase, created: &created, cwd: &cwd, left_behind };
    Ok(go(Outcome::say(words::entered(call, &entered)), home, &cwd))
}

async fn list(call: &Call, home: &Home<'_>) -> Result<Outcome, CommandError> {
    let workspace = &call.context.workspace;
    let all = workspace.list_worktrees(&home.tree);
    let seen = all.iter().take(MOST_LISTED).map(|worktree| async move {
        words::Listed {
            worktree: worktree.clone(),
            standing: workspace.standing(worktree).await,
            here: home.is_in(worktree),
        }
    });
    let seen = futures_util::future::join_all(seen).await;
    Ok(Outcome::say(words::list(call, home.codebase, &seen, all.len())))
}

async fn leave(call: &Call, home: &Home<'_>) -> Result<Outcome, CommandError> {
    if call.turn.is_some() {
        return Err(words::turn_runs(call).into());
    }
    let workspace = &call.context.workspace;
    if !workspace.is_in_worktree(&home.cwd) {
        return Err(words::not_inside(call, home.codebase).into());
    }
    let left = match home.own(workspace) {
        Some(worktree) if home.is_in(&worktree) => match call.context.directories.take_now(&worktree.path) {
            Some(_hold) => {
                let removal = workspace.remove_worktree(&home.tree, &worktree).await?;
                Left::Own { worktree, removal }
            }
            None => Left::InUse(worktree),
        },
        // Another conversation's, or one that a repetition of this command has removed.
        _ => Left::Other,
    };
    let text = words::left(call, home.codebase, &left);
    Ok(go(Outcome::say(text), home, Path::new(&home.codebase.default_cwd)))
}

fn go(outcome: Outcome, home: &Home<'_>, cwd: &Path) -> Outcome {
    outcome
        .and(Action::Bind { codebase: Some(home.codebase.id), cwd: Some(cwd.to_string_lossy().into_owned()) })
        .and(Action::EndSession(EndReason::DirectoryChanged))
}
