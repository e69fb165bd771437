//! What a runner does between the start of its child and its own end.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::getpid;
use rustix::time::{ClockId, clock_gettime};

use super::child::{self, Child, Output};
use super::client::Client;
use super::ending::Ending;
use super::keys::Keys;
use super::stderr::StderrTail;
use super::{Start, requests};
use crate::directory::{self, Claim, EXIT, SOCKET};
use crate::launcher::StartError;
use crate::spec::{Limits, RunSpec};
use crate::spool::Spool;
use crate::wire::{Answer, CHUNK, Exit};

/// Connections at a time; a gateway needs one, the lingering one of its predecessor is a second.
const MAX_CLIENTS: usize = 64;
/// Between attempts to write to a full disk, in milliseconds.
const RETRY_MS: u64 = 1_000;
/// How long the last messages may take to be read when everything else is over, in milliseconds.
const LINGER_MS: u64 = 2_000;

/// A run.
pub(super) struct Hold {
    pub limits: Limits,
    pub child: Child,
    pub ending: Ending,
    pub spool: Spool,
    pub keys: Keys,
    pub stderr: StderrTail,
    pub clients: Vec<Client>,
    /// Everything below is stored by the gateway.
    pub taken: u64,
    /// Monotonic, in milliseconds: a wall clock that jumps ends no run.
    pub keep_until: u64,
    /// SIGTERM came: nobody is waited for once the child has ended.
    leaving: bool,
    /// A file could not be written: try again then.
    pub retry_at: Option<u64>,
    exit: Option<Exit>,
    linger_until: Option<u64>,
    buffer: Vec<u8>,
    listener: OwnedFd,
    signals: OwnedFd,
    _claim: Claim,
}

/// What [`poll`] found.
#[derive(Default)]
struct Ready {
    signals: bool,
    listener: bool,
    stdout: bool,
    stderr: bool,
    stdin: bool,
    clients: Vec<bool>,
}

impl Hold {
    /// Starts the child. The starter is the first client.
    pub fn begin(spec: RunSpec, start: Start, starter: OwnedFd, signals: OwnedFd) -> Result<Hold, (StartError, OwnedFd)> {
        let Start { claim, listener, keys } = start;
        let child = match child::spawn(&spec) {
            Ok(child) => child,
            Err(error) => {
                directory::unclaim(claim, &spec.dir);
                return Err((error, starter));
            }
        };
        let mut hold = Hold {
            limits: spec.limits,
            ending: Ending::new(child.pid, spec.limits),
            child,
            spool: Spool::new(spec.limits.segment_bytes, spec.limits.line_bytes),
            keys,
            stderr: StderrTail::new(spec.limits.stderr_bytes),
            clients: Vec::new(),
            taken: 0,
            keep_until: monotonic_ms(spec.keep_until_ms),
            leaving: false,
            retry_at: None,
            exit: None,
            linger_until: None,
            buffer: vec![0; CHUNK],
            listener,
            signals,
            _claim: claim,
        };
        for line in &spec.first_lines {
            hold.child.stdin.push(line.line.as_bytes());
        }
        hold.child.stdin.flush();
        if rustix::io::ioctl_fionbio(&starter, true).is_ok() {
            let mut starter = Client::new(starter);
            starter.attach(0, &hold.spool);
            hold.clients.push(starter);
        }
        Ok(hold)
    }

    /// Serves until nobody needs this run any more.
    pub fn run(&mut self) {
        loop {
            let now = now_ms();
            self.settle(now);
            if self.is_over(now) {
                break;
            }
            let ready = self.wait(now);
            if ready.signals {
                self.hear_signals();
            }
            if ready.stdin {
                self.child.stdin.flush();
            }
            if ready.stdout {
                self.read_stdout();
            }
            if ready.stderr {
                self.read_stderr();
            }
            for (index, _) in ready.clients.iter().enumerate().filter(|(_, ready)| **ready) {
                requests::receive(self, index);
            }
            if ready.listener {
                self.accept();
            }
        }
        let _ = std::fs::remove_file(SOCKET);
    }

    /// Begins to end the child and all it started.
    pub fn stop(&mut self) {
        if self.ending.is_running() {
            self.child.stdin.close_now();
            self.ending.begin(now_ms());
        }
    }

    /// Whether the end is complete and told.
    pub fn has_ended(&self) -> bool {
        self.exit.is_some()
    }

    /// Does everything that is due without anybody asking.
    fn settle(&mut self, now: u64) {
        self.ending.advance(now);
        if self.retry_at.is_some_and(|at| now >= at) {
            self.retry_at = None;
            self.spool.retry();
            self.note_fault(now);
        }
        requests::accept_waiting_lines(self, now);
        if self.ending.is_dead() && self.exit.is_none() {
            self.finish(now);
        }
        if !self.leaving && !self.is_wanted(now) {
            self.stop();
        }
        for client in &mut self.clients {
            client.serve(&mut self.spool, self.exit.as_ref());
            if self.exit.is_some() {
                for id in std::mem::take(&mut client.stops) {
                    client.reply(id, Answer::Done);
                }
            }
        }
        self.clients.retain(|client| !client.lost);
    }

    /// Whether somebody is there, or may still come.
    fn is_wanted(&self, now: u64) -> bool {
        now < self.keep_until || self.clients.iter().any(Client::is_attached)
    }

    /// Whether this process can go: the child has ended, and its output is stored or nobody wants it.
    fn is_over(&mut self, now: u64) -> bool {
        let Some(exit) = &self.exit else { return false };
        if self.taken < exit.end && self.is_wanted(now) && !self.leaving {
            self.linger_until = None;
            return false;
        }
        let linger_until = *self.linger_until.get_or_insert(now + LINGER_MS);
        now >= linger_until || self.clients.iter().all(Client::is_served)
    }

    /// Nothing lives: reads what the pipes still hold, and makes the exit known.
    fn finish(&mut self, now: u64) {
        // A pipe that is empty, though not at its end, is held open by somebody outside the tree.
        while self.read_stderr() {}
        // One pipe's worth, whatever waits to be taken.
        while self.spool.fault().is_none() && self.read_stdout() {}
        if self.spool.fault().is_some() && self.is_wanted(now) && !self.leaving {
            return;
        }
        self.child.stdin.close_now();
        let status = self.ending.status;
        let exit = Exit {
            code: status.and_then(|status| status.exit_status()),
            signal: status.and_then(|status| status.terminating_signal()),
            end: self.spool.end(),
            stderr_tail: self.stderr.text(),
            stderr_bytes: self.stderr.total,
            left_over: self.ending.left_over,
            out_of_reach: self.ending.out_of_reach,
        };
        // On a full disk the file is missing, and only those who attach in time hear how the child ended.
        let _ = serde_json::to_vec(&exit).map(|text| std::fs::write(EXIT, text));
        self.exit = Some(exit);
    }

    fn wait(&self, now: u64) -> Ready {
        let mut polled = Vec::with_capacity(5 + self.clients.len());
        polled.push(PollFd::new(&self.signals, PollFlags::IN));
        polled.push(PollFd::new(&self.listener, PollFlags::IN));
        let stdout = add(&mut polled, self.child.stdout.as_ref().filter(|_| self.wants_stdout()), PollFlags::IN);
        let stderr = add(&mut polled, self.child.stderr.as_ref(), PollFlags::IN);
        let stdin = add(&mut polled, self.child.stdin.wants_writing(), PollFlags::OUT);
        let first_client = polled.len();
        for client in &self.clients {
            let wanted = if client.wants_writing(&self.spool) { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
            let socket: BorrowedFd<'_> = client.socket();
            polled.push(PollFd::from_borrowed_fd(socket, wanted));
        }
        let timeout = self.next_deadline(now).map(|at| timespec(at.saturating_sub(now)));
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
            clients: polled[first_client..].iter().map(|client| !client.revents().difference(PollFlags::OUT).is_empty()).collect(),
        }
    }

    fn next_deadline(&self, now: u64) -> Option<u64> {
        let nobody_attached = !self.clients.iter().any(Client::is_attached);
        let keep_until = (nobody_attached && (self.ending.is_running() || self.ending.is_dead())).then_some(self.keep_until);
        [self.ending.deadline(now), self.retry_at, self.linger_until, keep_until].into_iter().flatten().min()
    }

    fn hear_signals(&mut self) {
        let mut numbers = [0; 64];
        if let Ok(count) = rustix::io::read(&self.signals, &mut numbers)
            && numbers[..count].contains(&(libc::SIGTERM as u8))
        {
            self.leaving = true;
            self.stop();
        }
    }

    /// Whether output may be read: what was read before is written, and not too much waits to be taken.
    fn wants_stdout(&self) -> bool {
        let untaken = self.spool.end() - self.taken.min(self.spool.end());
        self.child.stdout.is_some() && self.spool.fault().is_none() && untaken < self.limits.untaken_bytes
    }

    /// Returns whether there was something.
    fn read_stdout(&mut self) -> bool {
        let Some(pipe) = &self.child.stdout else { return false };
        match child::read(pipe, &mut self.buffer) {
            Output::Bytes(count) => {
                let offset = self.spool.end();
                let kept = self.spool.append(&self.buffer[..count]);
                for client in &mut self.clients {
                    client.offer(offset, &kept);
                }
                self.note_fault(now_ms());
            }
            Output::Nothing => return false,
            Output::End => self.child.stdout = None,
        }
        true
    }

    /// Returns whether there was something.
    fn read_stderr(&mut self) -> bool {
        let Some(pipe) = &self.child.stderr else { return false };
        match child::read(pipe, &mut self.buffer) {
            Output::Bytes(count) => self.stderr.push(&self.buffer[..count]),
            Output::Nothing => return false,
            Output::End => self.child.stderr = None,
        }
        true
    }

    fn note_fault(&mut self, now: u64) {
        if self.spool.fault().is_some() {
            self.retry_at.get_or_insert(now + RETRY_MS);
        }
    }

    /// Asks for another attempt at writing a file.
    pub fn retry_later(&mut self, now: u64) {
        self.retry_at.get_or_insert(now + RETRY_MS);
    }

    fn accept(&mut self) {
        use rustix::net::accept;
        while let Ok(socket) = accept(&self.listener) {
            let ready = rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC).and_then(|()| rustix::io::ioctl_fionbio(&socket, true));
            if self.clients.len() < MAX_CLIENTS && ready.is_ok() {
                self.clients.push(Client::new(socket));
            }
        }
    }

    /// The run's state, for whoever asks.
    pub fn status(&self) -> crate::wire::Status {
        crate::wire::Status {
            runner_pid: getpid().as_raw_pid(),
            pid: self.child.pid.as_raw_pid(),
            alive: self.ending.status.is_none(),
            spool_start: self.spool.start(),
            spool_end: self.spool.end(),
            taken: self.taken,
            stderr_bytes: self.stderr.total,
            clients: self.clients.len(),
            spool_fault: self.spool.fault().map(ToOwned::to_owned),
        }
    }
}

/// Has a pipe polled, if there is one. Returns its place among those polled.
fn add<'a>(polled: &mut Vec<PollFd<'a>>, pipe: Option<&'a OwnedFd>, flags: PollFlags) -> Option<usize> {
    polled.push(PollFd::new(pipe?, flags));
    Some(polled.len() - 1)
}

/// Milliseconds of the monotonic clock.
pub(super) fn now_ms() -> u64 {
    millis(clock_gettime(ClockId::Monotonic))
}

/// A moment of Unix time on the monotonic clock. What lies in the past is now.
pub(super) fn monotonic_ms(unix_ms: i64) -> u64 {
    let ahead = u64::try_from(unix_ms).unwrap_or(0).saturating_sub(millis(clock_gettime(ClockId::Realtime)));
    now_ms().saturating_add(ahead)
}

fn millis(time: Timespec) -> u64 {
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000
}

fn timespec(ms: u64) -> Timespec {
    // Rounded up by one, so that the deadline has passed when the wait ends; a month at most, to suit any kernel.
    let ms = ms.min(30 * 24 * 3_600_000) + 1;
    Timespec { tv_sec: (ms / 1_000) as _, tv_nsec: ((ms % 1_000) * 1_000_000) as _ }
}
