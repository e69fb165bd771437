//! A turn that ran when the gateway went away: attach to its run, replay it from its beginning, go on in the same
//! message. What is committed already is recognised and not said again.

use adjutant_core::assistant::{OpenError, Opening, Outcome};
use adjutant_core::turn::Turn;
use adjutant_store::record::{Inbound, OutboxRow};

use super::prepare::Prepared;
use super::receive::text_of;
use super::turn::KnownRow;
use super::work::Before;
use super::{Actor, Halt, Place, Work};
use crate::words::one_line;

impl Actor {
    /// `inbound` is the prompt, `steered` what was put into the turn later.
    pub(super) async fn recover(
        &mut self,
        turn: Turn,
        (inbound, steered): (Inbound, Vec<Inbound>),
        rows: &[OutboxRow],
    ) -> Result<(), Halt> {
        let Some(session) = self.session.clone().filter(|session| session.id == turn.session) else {
            return self.recover_without_session(turn, (inbound, steered), rows).await;
        };
        // Only needed if the prompt never arrived: the runner drops one that it has written already.
        let prepared = self.prepare(&inbound).await.unwrap_or_else(|_| as_written(&inbound));
        let place = self.place_after_restart();
        let (run, from, id) = (turn.run, turn.spool_start, turn.id);
        self.stored_run = None;
        self.set_turn(turn, inbound, prepared, place);
        self.know(rows, steered);
        tracing::info!(turn = %id, run = %run, "going on with turn {id}");
        match self.open(run, &session, Opening::Attach { from, turn: Some(id) }).await {
            Ok(open) => {
                self.hold(run, &session, open, from);
                let Work::Turn(turn) = &self.work else { return Ok(()) };
                let Some(run) = &self.run else { return Ok(()) };
                if let Err(gone) = run.control.prompt(id, &turn.prompt).await {
                    // It has ended in the meantime; its events say how.
                    tracing::debug!(turn = %id, "the process takes no prompt any more: {gone}");
                }
                self.give_steered().await
            }
            Err(OpenError::Gone) => self.move_to_new_run().await,
            Err(OpenError::Failed { class, message }) => self.end_turn(Outcome::Failed { class, message }).await,
        }
    }

    /// The session ended while its turn was being stopped: nothing is left to go on with.
    async fn recover_without_session(
        &mut self,
        turn: Turn,
        (inbound, steered): (Inbound, Vec<Inbound>),
        rows: &[OutboxRow],
    ) -> Result<(), Halt> {
        let session = self.context.store.session(turn.session).await?;
        if let Some(assistant) = session.and_then(|session| self.context.assistants.get(session.assistant).cloned())
            && let Err(error) = assistant.end(turn.run).await
        {
            tracing::warn!(run = %turn.run, %error, "a stopped process did not end: {error}");
        }
        let prepared = as_written(&inbound);
        self.set_turn(turn, inbound, prepared, Place::default());
        self.know(rows, steered);
        self.end_turn(Outcome::Interrupted).await
    }

    fn know(&mut self, rows: &[OutboxRow], steered: Vec<Inbound>) {
        let Work::Turn(turn) = &mut self.work else { return };
        turn.steered = steered;
        turn.before = Before::Unknown;
        turn.rows = rows.iter().filter_map(|row| Some((row.turn?.1, KnownRow::from(row)))).collect();
    }
}

fn as_written(inbound: &Inbound) -> Prepared {
    let text = text_of(inbound);
    Prepared {
        text: text.to_owned(),
        command: None,
        title: one_line(text, 60),
        fresh: false,
        notes: Vec::new(),
        strange: false,
    }
}
