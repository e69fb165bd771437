//! Questions with choices, answered by buttons or in words, and the message that is a reason or an answer because its
//! sender was just asked for one.

use adjutant_core::approval::{Approval, ApprovalState, Awaited, Awaits};
use adjutant_core::assistant::{Answer, PermissionDetail, PermissionRequest, Question};
use adjutant_core::id::ApprovalId;
use adjutant_core::kind::AssistantKind;
use adjutant_core::platform::{Button, Part};
use adjutant_store::change::Change;
use adjutant_store::record::{Inbound, PartKind};

use super::{Actor, Halt};
use crate::buttons::{self, Pick};
use crate::outbound::Message;
use crate::words::{approval as approval_words, question as words};

impl Actor {
    /// What a person is shown of a request, with its buttons.
    pub(super) fn question_part(&self, assistant: AssistantKind, id: ApprovalId, request: &PermissionRequest) -> Part {
        if let PermissionDetail::Choices { questions } = &request.detail
            && let Some((place, question)) = open_question(questions)
        {
            let answer = self.platform.spell_command("answer");
            let mut part = Part::text(words::asks(assistant, (id, place), questions, &answer));
            part.buttons = choice_buttons(id, place, question);
            return part;
        }
        let approve = self.platform.spell_command("approve");
        let mut part = Part::text(approval_words::question(assistant, id, request, &approve));
        part.buttons = permission_buttons(id);
        part
    }

    pub(super) fn has_choices(&self, id: ApprovalId) -> bool {
        let detail = self.approvals.get(&id).map(|approval| &approval.request.detail);
        matches!(detail, Some(PermissionDetail::Choices { .. }))
    }

    /// The revision that the message of an approval gets when it is replaced.
    pub(super) async fn next_revision(&self, id: ApprovalId) -> Result<i64, Halt> {
        let Some(approval) = self.approvals.get(&id).filter(|_| self.has_choices(id)) else { return Ok(2) };
        Ok(self.context.store.part(approval.part).await?.map_or(2, |row| row.revision + 1))
    }

    /// A button of a question was pressed.
    pub(super) async fn on_pick(
        &mut self,
        inbound: &Inbound,
        (id, place): (ApprovalId, usize),
        pick: Pick,
    ) -> Result<(), Halt> {
        let Some((open, question)) = self.question_of(id) else {
            // Settled or unknown: said as for any other approval.
            return self.answer_approval(inbound, id, Answer::Chosen { answers: Vec::new() }).await;
        };
        if open != place {
            // A button of an earlier question, pressed before the message has changed.
            return self.done(inbound, Vec::new(), Vec::new()).await;
        }
        let mut question = question.clone();
        match pick {
            Pick::Other => return self.await_next(inbound, id, Awaited::Answer).await,
            Pick::Choice(choice) if choice >= question.choices.len() => {
                return self.done(inbound, Vec::new(), Vec::new()).await;
            }
            Pick::Choice(choice) if question.several => match question.picked.iter().position(|one| *one == choice) {
                Some(at) => drop(question.picked.remove(at)),
                None => question.picked.push(choice),
            },
            Pick::Choice(choice) => question.answer = Some(question.choices[choice].label.clone()),
            Pick::Done if question.picked.is_empty() => {
                let notice = self.answer_to(inbound, words::nothing_picked());
                return self.done(inbound, Vec::new(), vec![notice]).await;
            }
            Pick::Done => {
                question.picked.sort_unstable();
                let labels: Vec<&str> =
                    question.picked.iter().map(|place| question.choices[*place].label.as_str()).collect();
                question.answer = Some(labels.join(", "));
            }
        }
        self.note_answer(inbound, (id, place), question).await
    }

    /// `/answer <id> <text>`, or the message that was waited for.
    pub(super) async fn answer_in_words(&mut self, inbound: &Inbound, id: ApprovalId, text: &str) -> Result<(), Halt> {
        let Some((place, question)) = self.question_of(id) else {
            let is_open = self.approvals.get(&id).is_some_and(|approval| approval.state == ApprovalState::Open);
            if !is_open {
                return self.answer_approval(inbound, id, Answer::Chosen { answers: Vec::new() }).await;
            }
            let spell = |verb: &str| self.platform.spell_command(&format!("{verb} {id}"));
            let notice = self.answer_to(inbound, words::is_a_permission(&spell("approve"), &spell("deny")));
            return self.done(inbound, Vec::new(), vec![notice]).await;
        };
        let mut question = question.clone();
        question.answer = Some(in_words(&question, text));
        self.note_answer(inbound, (id, place), question).await
    }

    /// Keeps what was picked. With the last answer the whole goes to the assistant.
    async fn note_answer(
        &mut self,
        inbound: &Inbound,
        (id, place): (ApprovalId, usize),
        answered: Question,
    ) -> Result<(), Halt> {
        let revision = self.next_revision(id).await?;
        let assistant = self.assistant_kind();
        let Some(approval) = self.approvals.get_mut(&id) else { return Ok(()) };
        let PermissionDetail::Choices { questions } = &mut approval.request.detail else { return Ok(()) };
        questions[place] = answered;
        let answers: Option<Vec<String>> = questions.iter().map(|question| question.answer.clone()).collect();
        if let Some(answers) = answers {
            return self.answer_approval(inbound, id, Answer::Chosen { answers }).await;
        }
        let (part_id, request) = (approval.part, approval.request.clone());
        let mut changes = vec![Change::Pick { id, detail: request.detail.clone() }];
        if approval.awaits.take().is_some() {
            changes.push(Change::Await { id, awaits: None });
        }
        let part = self.question_part(assistant, id, &request);
        let mut message = Message::new(&self.conversation, PartKind::Approval, part);
        (message.id, message.revision) = (part_id, revision);
        self.done(inbound, changes, vec![message]).await
    }

    /// "Deny and say why".
    pub(super) async fn await_reason(&mut self, inbound: &Inbound, id: ApprovalId) -> Result<(), Halt> {
        let is_open = self.approvals.get(&id).is_some_and(|approval| approval.state == ApprovalState::Open);
        if !is_open {
            return self.answer_approval(inbound, id, Answer::Deny { reason: None }).await;
        }
        self.await_next(inbound, id, Awaited::Reason).await
    }

    async fn await_next(&mut self, inbound: &Inbound, approval: ApprovalId, what: Awaited) -> Result<(), Halt> {
        let deny = self.platform.spell_command(&format!("deny {approval}"));
        let text = match what {
            Awaited::Reason => words::write_reason(self.assistant_kind(), &deny),
            Awaited::Answer => words::write_answer(self.assistant_kind()),
        };
        let notice = self.answer_to(inbound, text);
        let awaits = Awaits { sender: inbound.message.sender.id.clone(), what };
        let mut changes = Vec::new();
        for known in self.approvals.values_mut() {
            // One at a time: the next message belongs to what was asked last.
            let wanted = (known.id == approval).then(|| awaits.clone());
            if known.awaits != wanted {
                known.awaits.clone_from(&wanted);
                changes.push(Change::Await { id: known.id, awaits: wanted });
            }
        }
        self.done(inbound, changes, vec![notice]).await
    }

    /// Whether this person was just asked for a message. Everybody else's goes its ordinary way.
    pub(super) fn awaits(&self, inbound: &Inbound) -> bool {
        self.awaited_of(inbound).is_some()
    }

    pub(super) async fn take_awaited(&mut self, inbound: &Inbound, text: &str) -> Result<(), Halt> {
        let Some((approval, what)) = self.awaited_of(inbound) else { return Ok(()) };
        match what {
            Awaited::Reason => {
                let answer = Answer::Deny { reason: Some(text.to_owned()) };
                self.answer_approval(inbound, approval, answer).await
            }
            Awaited::Answer => self.answer_in_words(inbound, approval, text).await,
        }
    }

    fn awaited_of(&self, inbound: &Inbound) -> Option<(ApprovalId, Awaited)> {
        let of = |approval: &Approval| {
            let awaits = approval.awaits.as_ref().filter(|_| approval.state == ApprovalState::Open)?;
            (awaits.sender == inbound.message.sender.id).then_some((approval.id, awaits.what))
        };
        self.approvals.values().find_map(of)
    }

    /// The question of an open approval that is to be answered now, and its place.
    fn question_of(&self, id: ApprovalId) -> Option<(usize, &Question)> {
        let approval = self.approvals.get(&id).filter(|approval| approval.state == ApprovalState::Open)?;
        match &approval.request.detail {
            PermissionDetail::Choices { questions } => open_question(questions),
            _ => None,
        }
    }
}

fn open_question(questions: &[Question]) -> Option<(usize, &Question)> {
    questions.iter().enumerate().find(|(_, question)| question.answer.is_none())
}

/// The labels of choices that are meant by their numbers or labels; any other text as it is.
fn in_words(question: &Question, text: &str) -> String {
    let choice = |word: &str| {
        let word = word.trim();
        let by_number = word.parse::<usize>().ok().and_then(|n| question.choices.get(n.checked_sub(1)?));
        by_number.or_else(|| question.choices.iter().find(|choice| choice.label.eq_ignore_ascii_case(word)))
    };
    let words: Vec<&str> = if question.several { text.split(',').collect() } else { vec![text] };
    let labels: Option<Vec<&str>> =
        words.into_iter().map(|word| choice(word).map(|choice| choice.label.as_str())).collect();
    labels.map_or_else(|| text.to_owned(), |labels| labels.join(", "))
}

fn choice_buttons(id: ApprovalId, place: usize, question: &Question) -> Vec<Vec<Button>> {
    let button = |label, pick| vec![Button { label, token: buttons::pick(id, place, pick) }];
    let choices = (0..question.choices.len()).map(|n| button(words::choice_button(question, n), Pick::Choice(n)));
    let done = question.several.then(|| button(words::done_button(), Pick::Done));
    choices.chain(done).chain([button(words::other_button(), Pick::Other)]).collect()
}

fn permission_buttons(id: ApprovalId) -> Vec<Vec<Button>> {
    let button = |label: &str, answer| Button { label: label.to_owned(), token: buttons::approval(id, &answer) };
    let why = Button { label: words::why_button(), token: buttons::deny_why(id) };
    vec![
        vec![button("Allow once", Answer::AllowOnce), button("Allow for this session", Answer::AllowSession)],
        vec![button("Deny", Answer::Deny { reason: None }), why],
    ]
}

#[cfg(test)]
mod tests {
    use adjutant_core::assistant::Choice;

    use super::*;

    #[test]
    fn numbers_and_labels_mean_choices_and_other_words_stay() {
        let choice = |label: &str| Choice { label: label.to_owned(), description: String::new() };
        let choices = vec![choice("Red"), choice("Blue")];
        let mut question = Question { text: String::new(), choices, several: false, picked: Vec::new(), answer: None };
        assert_eq!(in_words(&question, "2"), "Blue");
        assert_eq!(in_words(&question, "red"), "Red");
        assert_eq!(in_words(&question, "1, 2"), "1, 2");
        assert_eq!(in_words(&question, "3"), "3");
        question.several = true;
        assert_eq!(in_words(&question, "1, blue"), "Red, Blue");
        assert_eq!(in_words(&question, "red and a bit of blue"), "red and a bit of blue");
    }
}
