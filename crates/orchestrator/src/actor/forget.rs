//! What is kept of sessions and of the conversation is deleted: first the files, then the rows, together with what is
//! said about it. Whoever is killed in between finds the message not handled, and does it again.

use adjutant_core::session::{EndReason, KeptSession, Session};
use adjutant_store::change::Change;
use adjutant_store::record::Inbound;

use super::{Actor, Ending, Halt};
use crate::commands::Forgetting;
use crate::words::forget::{self as words, Was, What};

impl Actor {
    pub(super) async fn forget(&mut self, inbound: &Inbound, what: Forgetting) -> Result<(), Halt> {
        let conversation = self.conversation.id;
        tracing::info!(%conversation, "deleting what is kept of conversation {conversation}");
        let sessions = what.sessions();
        let at = self.context.clock.now();
        let mut changes = Vec::new();
        let active = self.session.take_if(|active| sessions.iter().any(|session| session.id == active.id));
        if let Some(active) = &active {
            self.announced_model = None;
            changes.push(Change::EndSession { id: active.id, reason: EndReason::Closed, at });
            changes.extend(self.close_run().await);
            self.end_closed_runs_now().await;
        }
        let waiting = match &what {
            Forgetting::Conversation(_) => self.clear_line(),
            Forgetting::Session { .. } => Vec::new(),
        };
        let dropped = waiting.len();
        changes.extend(waiting);
        if matches!(what, Forgetting::Conversation(_)) {
            changes.push(Change::ForgetOffers { conversation });
        }
        let text = match self.delete(&what).await {
            Ok(files) => {
                changes.extend(sessions.iter().map(|session| Change::ForgetSession { id: session.id, at }));
                self.deleted(&what, (files, dropped), if active.is_some() { Was::Active } else { Was::Ended })
            }
            Err(problem) => self.not_deleted(&what, &problem),
        };
        let said = self.answer_to(inbound, text);
        self.done(inbound, changes, vec![said]).await
    }

    /// Ends what was closed, and lets go of it: a runner stays as long as somebody listens to it.
    async fn end_closed_runs_now(&mut self) {
        for ending in std::mem::take(&mut self.endings) {
            match ending {
                Ending::Held(control) => control.end().await,
                // Whoever deletes its session ends it.
                Ending::Stored(..) => {}
            }
        }
    }

    /// Deletes the files, and says how many of them people had sent.
    async fn delete(&self, what: &Forgetting) -> Result<usize, String> {
        for session in what.sessions() {
            self.delete_session(session).await?;
        }
        if matches!(what, Forgetting::Session { .. }) {
            return Ok(0);
        }
        let (uploads, outgoing) = (self.context.uploads.clone(), self.context.outgoing.clone());
        let conversation = self.conversation.id;
        let files = uploads.count(conversation);
        let delete = move || uploads.forget(conversation).and_then(|()| outgoing.forget(conversation));
        let gone = tokio::task::spawn_blocking(delete).await;
        let gone = gone.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        gone.map_err(|error| format!("the files that people sent: {error}"))?;
        self.platform.forget(&self.conversation.key).await.map_err(|error| format!("the messages: {error}"))?;
        Ok(files)
    }

    async fn delete_session(&self, session: &Session) -> Result<(), String> {
        let runs = self.context.store.list_runs_of(session.id).await.map_err(|error| error.to_string())?;
        let assistant = self.context.assistants.get(session.assistant);
        let assistant = assistant.ok_or_else(|| format!("{} is not part of this installation", session.assistant))?;
        let kept = KeptSession {
            id: session.id,
            assistant_session_id: session.assistant_session_id.clone(),
            runs: runs.into_iter().map(|run| run.id).collect(),
        };
        assistant.forget(&kept).await.map_err(|error| error.to_string())
    }

    fn deleted(&self, what: &Forgetting, (files, dropped): (usize, usize), was: Was) -> String {
        match what {
            Forgetting::Conversation(sessions) => {
                let keeps_messages = self.platform.keeps_messages();
                let what = What { sessions: sessions.len(), files, keeps_messages };
                words::deleted(&what, dropped, self.conversation.platform)
            }
            Forgetting::Session { number, .. } => words::session_deleted(*number, was),
        }
    }

    fn not_deleted(&self, what: &Forgetting, problem: &str) -> String {
        let reference = crate::fault::reference();
        let problem = self.context.mask.apply(problem.to_owned());
        tracing::error!(reference, problem, "not everything could be deleted (reference {reference}): {problem}");
        let again = match what {
            Forgetting::Conversation(_) => "forget yes".to_owned(),
            Forgetting::Session { number, .. } => format!("sessions delete {number} yes"),
        };
        words::not_all(&reference, &self.platform.spell_command(&again))
    }
}
