//! What the gateway's buttons carry: short opaque tokens, the state is in the database.

use adjutant_core::assistant::Answer;
use adjutant_core::id::{ApprovalId, InboundSeq};

/// A pressed button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// Answers an approval.
    Approval { id: ApprovalId, answer: Answer },
    /// Puts a message that waits into the running turn.
    Steer { message: InboundSeq },
    /// Takes a message out of the line.
    Drop { message: InboundSeq },
    /// Runs a command, as if it had been typed without its slash.
    Command { text: String },
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
        Answer::Deny { .. } => 'd',
    };
    format!("p:{id}:{letter}")
}

/// The token of a button that takes a waiting message out of the line.
#[must_use]
pub fn drop(message: InboundSeq) -> String {
    format!("q:{}", message.0)
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
    if let Some(message) = token.strip_prefix("q:") {
        return Some(Press::Drop { message: InboundSeq(message.parse().ok()?) });
    }
    let (id, letter) = token.strip_prefix("p:")?.split_once(':')?;
    let answer = match letter {
        "o" => Answer::AllowOnce,
        "s" => Answer::AllowSession,
        "d" => Answer::Deny { reason: None },
        _ => return None,
    };
    Some(Press::Approval { id: ApprovalId(id.parse().ok()?), answer })
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
        let message = InboundSeq(12);
        assert_eq!(parse(&steer(message)), Some(Press::Steer { message }));
        assert_eq!(parse(&drop(message)), Some(Press::Drop { message }));
        assert_eq!(parse(&command("stop")), Some(Press::Command { text: "stop".into() }));
        for token in ["", "p:7", "p:x:o", "p:7:y", "s:", "s:x", "q:x", "yes"] {
            assert_eq!(parse(token), None);
        }
    }
}
