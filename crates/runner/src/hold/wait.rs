//! What a runner waits for.

use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, poll};

use super::clock::timespec;
use super::event_loop::Hold;

/// What [`poll`] found.
#[derive(Default)]
pub(super) struct Ready {
    pub signals: bool,
    pub listener: bool,
    pub stdout: bool,
    pub stderr: bool,
    pub stdin: bool,
    pub clients: Vec<bool>,
}

/// Waits for something to happen, or for something to be due.
pub(super) fn wait(hold: &Hold, now: u64) -> Ready {
    let mut polled = Vec::with_capacity(5 + hold.clients.len());
    polled.push(PollFd::new(&hold.signals, PollFlags::IN));
    polled.push(PollFd::new(&hold.listener, PollFlags::IN));
    let stdout = add(&mut polled, hold.child.stdout.as_ref().filter(|_| hold.wants_stdout()), PollFlags::IN);
    let stderr = add(&mut polled, hold.child.stderr.as_ref(), PollFlags::IN);
    let stdin = add(&mut polled, hold.child.stdin.wants_writing(), PollFlags::OUT);
    let first_client = polled.len();
    for client in &hold.clients {
        let wanted = if client.wants_writing(&hold.spool) { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        polled.push(PollFd::from_borrowed_fd(client.socket(), wanted));
    }
    let timeout = hold.next_deadline(now).map(|at| timespec(at.saturating_sub(now)));
    if poll(&mut polled, timeout.as_ref()).is_err() {
        return Ready::default();
    }
    let fired = |index: usize| !polled[index].revents().is_empty();
    Ready {
        signals: fired(0),
        listener: fired(1),
        stdout: stdout.is_some_and(fired),
        stderr: stderr.is_some_and(fired),
        stdin: stdin.is_some_and(fired),
        // That a socket takes more again is `settle`'s matter.
        clients: polled[first_client..]
            .iter()
            .map(|client| !client.revents().difference(PollFlags::OUT).is_empty())
            .collect(),
    }
}

/// Has a pipe polled, if there is one. Returns its place among those polled.
fn add<'a>(polled: &mut Vec<PollFd<'a>>, pipe: Option<&'a OwnedFd>, flags: PollFlags) -> Option<usize> {
    polled.push(PollFd::new(pipe?, flags));
    Some(polled.len() - 1)
}
