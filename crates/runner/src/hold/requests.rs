//! What clients ask for, carried out.

use super::clock::{monotonic_ms, now_ms};
use super::event_loop::Hold;
use super::keys::Keys;
use crate::wire::{Answer, Ask, LineRequest, Request, What};

/// What became of a line.
enum Fate {
    Written {
        repeated: bool,
    },
    /// There is no room, or the key cannot be noted now.
    Later,
    Gone,
}

/// Reads and carries out what the client at `index` sent.
pub(super) fn receive(hold: &mut Hold, index: usize) {
    for request in hold.clients[index].receive() {
        match request {
            Request::Line(line) if Keys::is_valid(&line.key) => {
                hold.clients[index].hold_back(line);
                accept_lines_of(hold, index, now_ms());
            }
            Request::Line(_) => hold.clients[index].lost = true,
            Request::Ask(ask) => answer(hold, index, ask),
        }
    }
}

/// Lets those lines through for which there is room now.
pub(super) fn accept_waiting_lines(hold: &mut Hold, now: u64) {
    for index in 0..hold.clients.len() {
        if !hold.clients[index].lines.is_empty() {
            accept_lines_of(hold, index, now);
        }
    }
}

fn accept_lines_of(hold: &mut Hold, index: usize, now: u64) {
    while let Some(line) = hold.clients[index].lines.pop_front() {
        let answer = match take(hold, &line, now) {
            Fate::Later => return hold.clients[index].lines.push_front(line),
            Fate::Written { repeated } => Answer::Written { repeated },
            Fate::Gone => Answer::Gone { reason: "its input is closed".into() },
        };
        hold.clients[index].reply(line.id, answer);
    }
}

fn take(hold: &mut Hold, line: &LineRequest, now: u64) -> Fate {
    if hold.keys.contains(&line.key) {
        return Fate::Written { repeated: true };
    }
    if !hold.child.stdin.is_open() || hold.ending.status.is_some() {
        return Fate::Gone;
    }
    if hold.child.stdin.waiting_bytes() >= hold.limits.stdin_bytes {
        return Fate::Later;
    }
    if hold.keys.note(&line.key).is_err() {
        hold.retry_later(now);
        return Fate::Later;
    }
    hold.child.stdin.push(&line.line);
    hold.child.stdin.flush();
    Fate::Written { repeated: false }
}

fn answer(hold: &mut Hold, index: usize, Ask { id, what }: Ask) {
    let answer = match what {
        What::Attach { from } => {
            let client = &mut hold.clients[index];
            return client.attach(from, &hold.spool);
        }
        What::Read { upto } => return hold.clients[index].has_read(upto),
        What::Taken { upto } => {
            hold.taken = hold.taken.max(upto.min(hold.spool.end()));
            hold.spool.forget_below(hold.taken);
            return;
        }
        What::Stop if !hold.has_ended() => {
            hold.clients[index].stops.push(id);
            return hold.stop();
        }
        What::Stop => Answer::Done,
        What::CloseStdin => {
            hold.child.stdin.close();
            Answer::Done
        }
        What::Signal { number } => {
            hold.ending.signal(number).map_or_else(|reason| Answer::Gone { reason }, |()| Answer::Done)
        }
        What::KeepUntil { unix_ms } => {
            hold.keep_until = monotonic_ms(unix_ms);
            Answer::Done
        }
        What::Status => Answer::Status(hold.status()),
        What::Start { .. } | What::Unknown => Answer::Unsupported,
    };
    hold.clients[index].reply(id, answer);
}
