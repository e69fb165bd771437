//! What the gateway's buttons carry: short opaque tokens, the state is in the database.

use adjutant_core::assistant::Answer;
use adjutant_core::id::{ApprovalId, InboundSeq};

/// A pressed button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// Answers an approval.
    Approval { id: ApprovalId, answer: Answer },
    /// Denies an approval with the person's next message as the reason.
    DenyWhy { id: ApprovalId },
    /// Answers one question of an approval.
    Pick { id: ApprovalId, question: usize, pick: Pick },
    /// Puts a message that waits into the running turn.
    Steer { message: InboundSeq },
    /// Takes a message out of the line.
    Drop { message: InboundSeq },
    /// Tries a message again whose turn failed.
    Again { message: InboundSeq },
    /// Runs a command, as if it had been typed without its slash.
    Command { text: String },
}

/// What is picked of a question's choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The choice at this place, from 0.
    Choice(usize),
    /// What is picked so far is all.
    Done,
    /// The person's next message.
    Other,
}

/// The token of a button that answers a question.
#[must_use]
pub fn pick(id: ApprovalId, question: usize, pick: Pick) -> String {
    match pick {
        Pick::Choice(place) => format!("a:{id}:{question}:{place}"),
        Pick::Done => format!("a:{id}:{question}:d"),
        Pick::Other => format!("a:{id}:{question}:w"),
    }
}

/// The token of a button that denies with a reason.
#[must_use]
pub fn deny_why(id: ApprovalId) -> String {
    format!("p:{id}:w")
}

/// The token of a button that runs a command.
#[must_use]
pub fn command(text: &str) -> String {
    format!("c:{text}")
}

/// The token of a button that puts a waiting message into the running turn.
#[must_use]
pub fn steer(message: InboundSeq) -> String {
    format!("s:{}", message.0)
}

/// The token of a button that answers an approval.
#[must_use]
pub fn approval(id: ApprovalId, answer: &Answer) -> String {
    let letter = match answer {
        Answer::AllowOnce => 'o',
        Answer::AllowSession => 's',
        Answer::Deny { .. } | Answer::Chosen { .. } => 'd',
    };
    format!("p:{id}:{letter}")
}

/// The token of a button that takes a waiting message out of the line.
#[must_use]
pub fn drop(message: InboundSeq) -> String {
    format!("q:{}", message.0)
}

/// The token of a button that tries a message again.
#[must_use]
pub fn again(message: InboundSeq) -> String {
    format!("r:{}", message.0)
}

/// Reads a token; `None` for one that this version never made.
#[must_use]
pub fn parse(token: &str) -> Option<Press> {
    if let Some(text) = token.strip_prefix("c:") {
        return Some(Press::Command { text: text.to_owned() });
    }
    if let Some(seq) = token.strip_prefix("s:") {
        return Some(Press::Steer { message: InboundSeq(seq.parse().ok()?) });
    }
    if let Some(message) = token.strip_prefix("r:") {
        return Some(Press::Again { message: InboundSeq(message.parse().ok()?) });
    }
    if let Some(message) = token.strip_prefix("q:") {
        return Some(Press::Drop { message: InboundSeq(message.parse().ok()?) });
    }
    if let Some(rest) = token.strip_prefix("a:") {
        return parse_pick(rest);
    }
    let (id, letter) = token.strip_prefix("p:")?.split_once(':')?;
    let id = ApprovalId(id.parse().ok()?);
    let answer = match letter {
        "w" => return Some(Press::DenyWhy { id }),
        "o" => Answer::AllowOnce,
        "s" => Answer::AllowSession,
        "d" => Answer::Deny { reason: None },
        _ => return None,
    };
    Some(Press::Approval { id, answer })
}

fn parse_pick(token: &str) -> Option<Press> {
    let mut parts = token.split(':');
    let (id, question, letter) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
    let pick = match letter {
        "d" => Pick::Done,
        "w" => Pick::Other,
        place => Pick::Choice(place.parse().ok()?),
    };
    parts.next().is_none().then_some(Press::Pick { id: ApprovalId(id), question, pick })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_back_and_unknown_ones_are_not() {
        for answer in [Answer::AllowOnce, Answer::AllowSession, Answer::Deny { reason: None }] {
            let id = ApprovalId(7);
            assert_eq!(parse(&approval(id, &answer)), Some(Press::Approval { id, answer }));
        }
        let id = ApprovalId(7);
        for one in [Pick::Choice(0), Pick::Choice(11), Pick::Done, Pick::Other] {
            assert_eq!(parse(&pick(id, 2, one)), Some(Press::Pick { id, question: 2, pick: one }));
        }
        assert_eq!(parse(&deny_why(id)), Some(Press::DenyWhy { id }));
        let message = InboundSeq(12);
        assert_eq!(parse(&steer(message)), Some(Press::Steer { message }));
        assert_eq!(parse(&drop(message)), Some(Press::Drop { message }));
        assert_eq!(parse(&again(message)), Some(Press::Again { message }));
        assert_eq!(parse(&command("stop")), Some(Press::Command { text: "stop".into() }));
        for token in ["", "p:7", "p:x:o", "p:7:y", "s:", "s:x", "q:x", "a:7", "a:7:0", "a:7:0:x", "a:7:0:1:2", "yes"] {
            assert_eq!(parse(token), None);
        }
    }
}
