//! An open row whose text is shown while it is written.

use std::sync::Arc;
use std::time::{Duration, Instant};

use adjutant_core::platform::{Form, Pace};

use super::draft::Shared;
use super::row::OpenPart;

/// An open row and how much of its text is visible.
pub(super) struct Slot {
    pub open: OpenPart,
    pub text: Arc<Shared>,
    pub seen: Seen,
    pub form: Form,
    pub first_text: Option<Instant>,
    pub last_shown: Option<Instant>,
    pub not_before: Option<Instant>,
    /// The platform refuses drafts of it, so it is shown by edits.
    pub no_draft: bool,
    /// The platform refuses to show it; only the final text is sent.
    pub given_up: bool,
}

/// What the last preview was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Seen {
    pub length: usize,
    pub turns: u64,
    /// Of the text as rendered; 0: none.
    pub hash: u64,
}

impl Slot {
    pub fn new(open: OpenPart, text: Arc<Shared>) -> Self {
        Self {
            form: open.part.form,
            open,
            text,
            seen: Seen::default(),
            first_text: None,
            last_shown: None,
            not_before: None,
            no_draft: false,
            given_up: false,
        }
    }

    /// When its next preview is due; `None`: when more text comes, which then wakes the task.
    pub fn due(&mut self, pace: &Pace, interval: Duration, keep: Option<Duration>, now: Instant) -> Option<Instant> {
        if self.given_up {
            return None;
        }
        let (length, turns, blank) = {
            let text = self.text.lock();
            (text.body.len(), text.turns, text.body.is_empty() && text.status.is_empty())
        };
        let turned = turns != self.seen.turns;
        if blank || (length == self.seen.length && !turned) {
            self.text.wake_at(length + 1);
            let again = self.last_shown.zip(keep.filter(|_| !self.no_draft)).map(|(last, keep)| last + keep);
            return again.filter(|_| !blank).map(|due| self.not_before.map_or(due, |at| due.max(at)));
        }
        let due = match self.last_shown {
            None => *self.first_text.get_or_insert(now) + pace.first,
            Some(last) if turned || length >= self.seen.length + pace.chars => last + interval,
            Some(last) => {
                self.text.wake_at(self.seen.length + pace.chars);
                last + interval.max(pace.oldest)
            }
        };
        Some(self.not_before.map_or(due, |at| due.max(at)))
    }
}
