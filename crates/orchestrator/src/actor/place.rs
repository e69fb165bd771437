//! What a turn needs before it begins: a place among the concurrent turns, and its working tree for itself.

use std::path::{Path, PathBuf};

use adjutant_core::assistant::PermissionMode;
use adjutant_core::platform::Button;
use adjutant_store::change::Change;
use adjutant_store::record::{Inbound, InboundState};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sync_wrapper::SyncFuture;

use super::prepare::Prepared;
use super::{Actor, Halt, Work, told};
use crate::buttons;
use crate::commands::Command;
use crate::directories::Hold;
use crate::outbound::Message;
use crate::slots::Slot;
use crate::words::{turn as words, worktree as worktree_words};

/// What a turn holds while it runs.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub slot: Option<Slot>,
    pub directory: Option<Hold>,
}

/// What a prompt waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitsFor {
    Slot,
    Directory,
}

impl Actor {
    /// Begins at once, or waits and says for what.
    pub(super) async fn begin_in_place(&mut self, inbound: Inbound, prepared: Prepared) -> Result<(), Halt> {
        let wanted = self.directory_to_hold();
        let directory = wanted.as_deref().and_then(|path| self.context.directories.take_now(path));
        if let (Some(path), None) = (&wanted, &directory) {
            return self.wait_for_directory(inbound, prepared, path.clone()).await;
        }
        match self.context.slots.take_now() {
            Some(slot) => self.begin(inbound, prepared, Place { slot: Some(slot), directory }).await,
            None => self.wait_for_slot(inbound, prepared, directory).await,
        }
    }

    pub(super) async fn on_place(&mut self, place: Place) -> Result<(), Halt> {
        let Work::Waiting { inbound, prepared, .. } = std::mem::replace(&mut self.work, Work::Idle) else {
            return Ok(());
        };
        self.begin(*inbound, *prepared, place).await
    }

    /// What a turn that runs already gets again. Two that shared a directory before go on sharing it.
    pub(super) fn place_after_restart(&self) -> Place {
        let directory = self.directory_to_hold().and_then(|path| self.context.directories.take_now(&path));
        Place { slot: self.context.slots.take_now(), directory }
    }

    /// The working tree that the turn may write to. `None` where an assistant only plans, and outside of the
    /// workspace, where the samples are: they are everybody's.
    fn directory_to_hold(&self) -> Option<PathBuf> {
        let workspace = &self.context.workspace;
        let cwd = Path::new(self.conversation.cwd.as_deref()?);
        let writes = self.context.settings.permission_mode(self.codebase.as_ref()) != PermissionMode::Plan;
        (writes && cwd.starts_with(workspace.root()))
            .then(|| workspace.tree_of(cwd).unwrap_or_else(|| cwd.to_path_buf()))
    }

    async fn wait_for_slot(
        &mut self,
        inbound: Inbound,
        prepared: Prepared,
        directory: Option<Hold>,
    ) -> Result<(), Halt> {
        let notice = self.about(&inbound, words::waits_for_place(self.context.slots.max())).await?;
        let slots = self.context.slots.clone();
        let place = async move { Place { slot: slots.take().await, directory } }.boxed();
        self.wait(inbound, prepared, notice).await?.stand(self, WaitsFor::Slot, place);
        Ok(())
    }

    async fn wait_for_directory(&mut self, inbound: Inbound, prepared: Prepared, path: PathBuf) -> Result<(), Halt> {
        let call = self.call(&inbound);
        let mut buttons =
            vec![Button { label: worktree_words::BESIDE.to_owned(), token: buttons::command("start-beside") }];
        if self.context.workspace.tree_of(&path).is_some() {
            let token = buttons::command("worktree new");
            buttons.insert(0, Button { label: worktree_words::USE.to_owned(), token });
        }
        let mut notice = self.about(&inbound, worktree_words::directory_taken(&call, &path)).await?;
        notice.part.buttons = vec![buttons];
        let (slots, directories) = (self.context.slots.clone(), self.context.directories.clone());
        let place = async move {
            let directory = Some(directories.take(path).await);
            Place { slot: slots.take().await, directory }
        };
        self.wait(inbound, prepared, notice).await?.stand(self, WaitsFor::Directory, place.boxed());
        Ok(())
    }

    /// Says that a prompt waits, unless that was said before. What has waited for a provider's limit waits for something
    /// else now.
    async fn wait(&self, mut inbound: Inbound, prepared: Prepared, notice: Message) -> Result<Waiter, Halt> {
        let limit_is_over = inbound.hold.take().is_some();
        if inbound.state != InboundState::Queued || limit_is_over {
            let at = self.context.clock.now();
            let queued = Change::SetInbound { seq: inbound.seq, state: InboundState::Queued, at };
            let told = told::tell(&mut inbound, &notice);
            self.commit(vec![queued, told], vec![notice]).await?;
            inbound.state = InboundState::Queued;
        }
        Ok(Waiter { inbound: Box::new(inbound), prepared: Box::new(prepared) })
    }

    /// Whether a prompt waits until another conversation's turn leaves its directory.
    pub(super) fn waits_for_directory(&self) -> bool {
        matches!(self.work, Work::Waiting { waits_for: WaitsFor::Directory, .. })
    }

    /// The prompt that waits is first in line again: what comes before it changes where it works.
    pub(super) fn stand_back(&mut self) {
        if matches!(self.work, Work::Waiting { .. })
            && let Work::Waiting { inbound, .. } = std::mem::replace(&mut self.work, Work::Idle)
        {
            self.line.push_front(*inbound);
        }
    }

    /// A command that decides where the waiting prompt works is carried out before it.
    pub(super) async fn go_first(
        &mut self,
        inbound: Inbound,
        command: &'static dyn Command,
        rest: &str,
    ) -> Result<(), Halt> {
        self.stand_back();
        self.start_command(inbound, command, rest.to_owned()).await
    }

    /// The person wants the waiting prompt to start although another turn works in its directory.
    pub(super) fn stop_waiting_for_directory(&mut self) {
        let Work::Waiting { place, waits_for, .. } = &mut self.work else { return };
        if *waits_for == WaitsFor::Directory {
            let slots = self.context.slots.clone();
            *waits_for = WaitsFor::Slot;
            let next = async move { Place { slot: slots.take().await, directory: None } }.boxed();
            *place = SyncFuture::new(next);
        }
    }
}

/// A prompt that was told to wait.
struct Waiter {
    inbound: Box<Inbound>,
    prepared: Box<Prepared>,
}

impl Waiter {
    fn stand(self, actor: &mut Actor, waits_for: WaitsFor, place: BoxFuture<'static, Place>) {
        let Self { inbound, prepared } = self;
        actor.work = Work::Waiting { inbound, prepared, place: SyncFuture::new(place), waits_for };
    }
}
