//! What a turn has done, for the footer of its reply: files changed, tests run, time and money.
//!
//! What the tree was like before is found out beside the turn, when a tool is used for the first time, or when the turn
//! begins where tools may change something unasked. A turn that only talks costs nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use adjutant_codebases::changes::{Baseline, Changes};
use adjutant_core::assistant::{PermissionMode, ToolTitle};
use tokio::task::JoinHandle;

use super::turn::ActiveTurn;
use super::{Actor, Work};
use crate::footer::is_test_run;
use crate::words::footer as words;

/// How long a prompt or a reply may wait for Git to look at the files. Longer, and nothing is said about them.
const COMPARING: Duration = Duration::from_millis(1500);

/// What is known of the tree as it was before the turn.
#[derive(Debug, Default)]
pub(super) enum Before {
    /// Nothing has happened to it yet.
    #[default]
    Untouched,
    /// It is being found out.
    Looking(JoinHandle<Option<(PathBuf, Baseline)>>),
    Known(PathBuf, Baseline),
    /// The turn has run in an earlier life of the gateway.
    Unknown,
}

/// How a tool call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToolEnd {
    Success,
    Failure,
}

/// The tests that were run.
#[derive(Debug, Default)]
pub(super) struct Tests {
    /// Calls whose end is awaited.
    running: Vec<String>,
    passed: Option<bool>,
}

impl Tests {
    pub(super) fn started(&mut self, id: &str, title: &ToolTitle) {
        if is_test_run(title) {
            self.running.push(id.to_owned());
        }
    }

    /// What was to run is denied. It ends as if it had failed.
    pub(super) fn not_run(&mut self) {
        self.running.clear();
    }

    pub(super) fn finished(&mut self, id: &str, end: ToolEnd) {
        if let Some(place) = self.running.iter().position(|known| known == id) {
            self.running.remove(place);
            self.passed = Some(end == ToolEnd::Success);
        }
    }
}

impl Actor {
    /// A turn begins. Whoever asks before each change leaves time until the first tool; others may change something at
    /// once, so the prompt waits for the look at the tree.
    pub(super) async fn look_before_turn(&mut self) {
        let Some(session) = &self.session else { return };
        let mode = self.permission_mode(session);
        let unasked = matches!(mode, PermissionMode::AcceptEdits | PermissionMode::Trust);
        if !unasked && !self.run.as_ref().is_some_and(|run| run.allows_unasked) {
            return;
        }
        self.look_before();
        let clock = self.context.clock.clone();
        let Work::Turn(turn) = &mut self.work else { return };
        if let Before::Looking(looking) = &mut turn.before {
            turn.before = tokio::select! {
                found = looking => known(found.ok().flatten()),
                () = clock.sleep(COMPARING) => Before::Unknown,
            };
        }
    }

    /// Finds out what the tree is like, unless that is known or too late.
    pub(super) fn look_before(&mut self) {
        let workspace = self.context.workspace.clone();
        let tree = self.conversation.cwd.as_deref().and_then(|cwd| workspace.tree_of(Path::new(cwd)));
        let wanted = self.context.settings.footer;
        let Work::Turn(turn) = &mut self.work else { return };
        let (Before::Untouched, Some(tree), true) = (&turn.before, tree, wanted) else { return };
        let looking = async move { workspace.baseline(&tree).await.map(|baseline| (tree, baseline)) };
        turn.before = Before::Looking(tokio::spawn(looking));
    }

    /// The footer of a turn that used tools.
    pub(super) async fn footer(&mut self) -> Option<String> {
        if !self.context.settings.footer {
            return None;
        }
        let Work::Turn(turn) = &mut self.work else { return None };
        if !turn.used_tools {
            return None;
        }
        let before = std::mem::replace(&mut turn.before, Before::Unknown);
        let changes = self.changes_since(before).await;
        let Work::Turn(turn) = &self.work else { return None };
        let work = words::Work { changes, tests: turn.tests.passed, cost_usd: turn.usage.cost_usd };
        Some(words::footer(&work, self.time_taken(turn)))
    }

    pub(super) fn time_taken(&self, turn: &ActiveTurn) -> chrono::Duration {
        let taken = self.context.clock.monotonic().saturating_duration_since(turn.started);
        chrono::Duration::from_std(taken).unwrap_or_default()
    }

    async fn changes_since(&self, before: Before) -> Option<Changes> {
        let comparing = async {
            let (tree, baseline) = match before {
                Before::Looking(looking) => looking.await.ok()??,
                Before::Known(tree, baseline) => (tree, baseline),
                Before::Untouched | Before::Unknown => return None,
            };
            self.context.workspace.changed(&tree, &baseline).await
        };
        tokio::select! {
            changes = comparing => changes,
            () = self.context.clock.sleep(COMPARING) => None,
        }
    }
}

fn known(found: Option<(PathBuf, Baseline)>) -> Before {
    found.map_or(Before::Unknown, |(tree, baseline)| Before::Known(tree, baseline))
}
