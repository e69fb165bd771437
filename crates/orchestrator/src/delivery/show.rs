//! Previews: the newest text of an open row, shown now and then, recorded nowhere.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adjutant_core::id::PartId;
use adjutant_core::message::MessageRef;
use adjutant_core::platform::{Form, Part, SendError};
use adjutant_store::change::Change;

use super::budget::Priority;
use super::counts::{Call, Outcome};
use super::desk::{Desk, Shown};
use super::event::DeliveryEvent;
use super::guarded::guarded;
use super::ledger::LedgerError;
use super::row::OpenPart;
use super::sender::{Line, Office};
use super::slot::Seen;
use super::tail::preview_tail;

/// What one preview is made of.
struct Look {
    open: OpenPart,
    part: Part,
    seen: Seen,
    showing: Showing,
    /// Nothing of it was shown before.
    first: bool,
}

/// How it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Showing {
    Edit(MessageRef),
    Draft,
    Send,
}

impl Office {
    /// Shows the newest text of an open row, if the budget allows and it looks different from before.
    pub(super) async fn show(self: &Arc<Self>, desk: &Desk, id: PartId) {
        let Some(look) = self.look(desk, id) else { return };
        let Some(line) = self.line(look.open.to.platform) else { return };
        let now = self.clock.monotonic();
        let priority = if look.first { Priority::First } else { Priority::Preview };
        if let Err(at) = line.budgets.try_take(&desk.capabilities.budget.buckets, priority, now) {
            return desk.put_off(id, at);
        }
        let to = &look.open.to;
        let result = match &look.showing {
            Showing::Edit(at) => guarded(line.platform.edit(&to.key, at, &look.part)).await.map(|()| None),
            Showing::Draft => guarded(line.platform.draft(&to.key, id, &look.part)).await.map(|()| None),
            Showing::Send => guarded(line.platform.send(&to.key, &look.part)).await.map(Some),
        };
        self.counts.count(to.platform, Call::Preview, Outcome::of(&result));
        let now = self.clock.monotonic();
        desk.lock().last_call = Some(now);
        match result {
            Ok(new) => {
                desk.previewed(id, look.seen, now);
                if let Some(message) = new {
                    self.first_shown(desk, &look.open, message, now).await;
                }
            }
            Err(error) => self.not_shown(line, desk, &look, error).await,
        }
    }

    /// Renders it; `None` if it looks as before.
    fn look(&self, desk: &Desk, id: PartId) -> Option<Look> {
        let mut state = desk.lock();
        let shown = state.shown(id).map(|shown| shown.message);
        let slot = state.slot(id)?;
        let (body, status, seen) = {
            let text = slot.text.lock();
            let seen = Seen { length: text.body.len(), turns: text.turns, hash: slot.seen.hash };
            (text.body.clone(), text.status.clone(), seen)
        };
        let (open, form, last_shown, no_draft) = (slot.open.clone(), slot.form, slot.last_shown, slot.no_draft);
        drop(state);
        let platform = &self.line(open.to.platform)?.platform;
        let (body, status) = (self.mask.apply(body), self.mask.apply(status));
        let text = render(&body, &status, desk.capabilities.part_limit, &|text| platform.measure(text));
        // What is not complete yet has no need of the first rung, and some of it would not be taken.
        let forms = platform.forms(&Part { text: text.clone(), form, ..open.part.clone() });
        let form = if form == Form::Formatted && forms.contains(&Form::Simple) { Form::Simple } else { form };
        let hash = fingerprint(&text, form);
        let now = self.clock.monotonic();
        let keep = desk.keep_alive().filter(|_| !no_draft);
        let fading = last_shown.zip(keep).is_some_and(|(last, keep)| last + keep <= now);
        if hash == seen.hash && !fading {
            desk.unchanged(id, seen, now);
            return None;
        }
        // A message that is there already is edited, also where drafts came into use since.
        let showing = match shown.or_else(|| open.message.clone()) {
            Some(at) => Showing::Edit(at),
            None if desk.keep_alive().is_some() && !no_draft => Showing::Draft,
            None => Showing::Send,
        };
        let first = !matches!(showing, Showing::Edit(_)) && last_shown.is_none();
        let part = self.masked(Part { text, form, ..open.part.clone() });
        Some(Look { open, part, seen: Seen { hash, ..seen }, showing, first })
    }

    async fn first_shown(&self, desk: &Desk, open: &OpenPart, message: MessageRef, now: Instant) {
        desk.lock().show(Shown { id: open.id, message: message.clone(), since: Some(now) });
        let shown = Change::Shown { id: open.id, message: message.clone() };
        if self.commit(open.lane, open.id, vec![shown]).await == Err(LedgerError::Fenced) {
            return self.fenced(desk, &open.to);
        }
        self.tell(DeliveryEvent::FirstShown { id: open.id, to: open.to.clone(), message });
    }

    async fn not_shown(self: &Arc<Self>, line: &Line, desk: &Desk, look: &Look, error: SendError) {
        let id = look.open.id;
        let now = self.clock.monotonic();
        match error {
            SendError::RetryAfter(wait) => {
                self.counts.count_retry_wait(wait);
                line.budgets.block(&desk.capabilities.budget.buckets, wait, now);
                desk.slow_down(id, now);
            }
            SendError::NotSent(_) => desk.slow_down(id, now),
            // An edit or a draft may be repeated; a message that may stand there already must not be, its text comes with the end.
            SendError::Ambiguous(_) if look.showing != Showing::Send => desk.slow_down(id, now),
            SendError::Rejected(_) if look.showing == Showing::Draft => desk.preview_by_edits(id),
            SendError::Rejected(_) if look.part.form != Form::Plain => desk.preview_plainly(id),
            SendError::Ambiguous(_) => {
                desk.lock().doubt(id);
                desk.give_previews_up(id);
            }
            SendError::Rejected(_) => desk.give_previews_up(id),
            SendError::Gone(reason) => self.gone(desk, &look.open.to, None, reason).await,
            SendError::Moved(to) => self.moved(desk, &look.open.to, to, None),
        }
    }
}

impl Desk {
    /// It looks as before. A draft goes on fading.
    fn unchanged(&self, id: PartId, seen: Seen, now: Instant) {
        if self.keep_alive().is_none() {
            return self.previewed(id, seen, now);
        }
        if let Some(slot) = self.lock().slot(id) {
            slot.seen = seen;
        }
    }

    /// A new message takes every draft out of sight.
    pub(super) fn show_drafts_again(&self) {
        if self.keep_alive().is_some() {
            self.lock().slots.iter_mut().for_each(|slot| slot.seen = Seen::default());
        }
    }

    fn previewed(&self, id: PartId, seen: Seen, now: Instant) {
        let state = &mut *self.lock();
        if let (Some(pacer), Some(pace)) = (&mut state.pacer, self.capabilities.preview.pace()) {
            pacer.clean(&pace);
        }
        if let Some(slot) = state.slot(id) {
            slot.seen = seen;
            slot.last_shown = Some(now);
            slot.not_before = None;
        }
    }

    fn put_off(&self, id: PartId, until: Instant) {
        if let Some(slot) = self.lock().slot(id) {
            slot.not_before = Some(until);
        }
    }

    fn slow_down(&self, id: PartId, now: Instant) {
        let state = &mut *self.lock();
        let mut interval = Duration::ZERO;
        if let (Some(pacer), Some(pace)) = (&mut state.pacer, self.capabilities.preview.pace()) {
            pacer.complained(&pace);
            interval = pacer.interval();
        }
        if let Some(slot) = state.slot(id) {
            slot.not_before = Some(now + interval);
        }
    }

    fn preview_by_edits(&self, id: PartId) {
        if let Some(slot) = self.lock().slot(id) {
            slot.no_draft = true;
        }
    }

    fn preview_plainly(&self, id: PartId) {
        if let Some(slot) = self.lock().slot(id) {
            slot.form = Form::Plain;
        }
    }

    fn give_previews_up(&self, id: PartId) {
        if let Some(slot) = self.lock().slot(id) {
            slot.given_up = true;
        }
    }
}

/// The newest text with the status line below it, within the limit.
fn render(body: &str, status: &str, limit: usize, measure: &dyn Fn(&str) -> usize) -> String {
    if status.is_empty() {
        return preview_tail(body, limit, measure);
    }
    if body.is_empty() {
        return status.to_owned();
    }
    let room = limit.saturating_sub(measure(status) + 2);
    format!("{}\n\n{status}", preview_tail(body, room, measure))
}

fn fingerprint(text: &str, form: Form) -> u64 {
    let mut hasher = DefaultHasher::new();
    (text, form == Form::Plain).hash(&mut hasher);
    hasher.finish().max(1)
}
