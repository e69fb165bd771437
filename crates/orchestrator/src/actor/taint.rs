//! A session that took in a stranger's text does nothing unasked any more, until it is replaced.

use adjutant_core::assistant::PermissionMode;
use adjutant_core::message::{Author, InboundContent, Sender};
use adjutant_core::session::Session;
use adjutant_store::change::Change;
use adjutant_store::record::Inbound;

use super::prepare::Prepared;
use super::{Actor, Ending, Halt};
use crate::words::turn as words;

impl Actor {
    /// Whether text of somebody who is not on the allow-list comes with a message: quoted, or forwarded.
    pub(super) fn is_strange(&self, inbound: &Inbound) -> bool {
        let InboundContent::Text { quote: Some(_), author, .. } = &inbound.message.content else { return false };
        match author {
            Author::Gateway => false,
            Author::Person(id) => {
                let author = Sender { id: id.clone(), name: String::new() };
                !self.context.people.allows(self.conversation.platform, &author)
            }
            Author::Unknown => true,
        }
    }

    /// What a session's assistant may do unasked.
    pub(super) fn permission_mode(&self, session: &Session) -> PermissionMode {
        let mode = self.context.settings.permission_mode(self.codebase.as_ref());
        if session.metadata.tainted { at_most_ask(mode) } else { mode }
    }

    /// Whether a message must not go into the turn that runs: its process may do more than a stranger should have a say in.
    pub(super) fn would_lower(&self, inbound: &Inbound) -> bool {
        self.is_strange(inbound)
            && self.session.as_ref().is_some_and(|session| {
                let mode = self.permission_mode(session);
                at_most_ask(mode) != mode
            })
    }

    /// A stranger's text comes in with the prompt of a turn.
    pub(super) async fn take_in_strange(
        &mut self,
        inbound: &Inbound,
        prepared: &mut Prepared,
    ) -> Result<Option<Change>, Halt> {
        if self.would_lower(inbound) {
            self.lower().await?;
            prepared.notes.push(words::tainted());
        }
        Ok(self.taint())
    }

    /// Remembers that the session took in a stranger's text.
    pub(super) fn taint(&mut self) -> Option<Change> {
        let session = self.session.as_mut().filter(|session| !session.metadata.tainted)?;
        session.metadata.tainted = true;
        Some(Change::SetSessionMetadata { id: session.id, metadata: session.metadata.clone() })
    }

    /// Ends the process that was started with more rights, and waits until nothing of it lives: its session goes on in
    /// another one.
    async fn lower(&mut self) -> Result<(), Halt> {
        let changes = self.close_run().await;
        if changes.is_empty() {
            return Ok(());
        }
        self.commit(changes, Vec::new()).await?;
        for ending in self.endings.drain(..) {
            match ending {
                Ending::Held(control) => control.end().await,
                Ending::Stored(assistant, id) => {
                    if let Err(error) = assistant.end(id).await {
                        tracing::warn!(run = %id, %error, "a process that may do too much did not end: {error}");
                    }
                }
            }
        }
        Ok(())
    }
}

const fn at_most_ask(mode: PermissionMode) -> PermissionMode {
    match mode {
        PermissionMode::AcceptEdits | PermissionMode::Trust => PermissionMode::Ask,
        PermissionMode::Ask | PermissionMode::Plan => mode,
    }
}
