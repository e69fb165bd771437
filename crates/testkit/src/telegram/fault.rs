//! What can go wrong on the way, on demand.

use std::time::Duration;

/// What happens to a request instead of, or besides, its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// This status and body; nothing is done.
    Status(u16, String),
    /// 429 with `retry_after` in seconds; nothing is done.
    RetryAfter(u32),
    /// The connection is cut; nothing is done.
    DropBefore,
    /// It is done, then the connection is cut without an answer.
    DropAfter,
    /// Nothing happens for so long, then it is done and answered. A client that has gone by then is not served.
    Hang(Duration),
    /// 200 with a body that is no JSON; nothing is done.
    Garbage,
}

/// A fault that waits for its request.
#[derive(Debug)]
pub struct Planned {
    /// Lower case.
    pub method: String,
    /// Only in this chat.
    pub chat: Option<i64>,
    pub fault: Fault,
    pub left: usize,
}

/// Takes the first fault planned for this request.
pub fn take(planned: &mut Vec<Planned>, method: &str, chat: Option<i64>) -> Option<Fault> {
    let fits = |plan: &Planned| plan.method.eq_ignore_ascii_case(method) && (plan.chat.is_none() || plan.chat == chat);
    let index = planned.iter().position(fits)?;
    planned[index].left -= 1;
    let fault = planned[index].fault.clone();
    if planned[index].left == 0 {
        planned.remove(index);
    }
    Some(fault)
}
