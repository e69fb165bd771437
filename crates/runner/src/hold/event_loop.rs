//! What a runner does between the start of its child and its own end.

use std::os::fd::OwnedFd;

use rustix::process::getpid;

use super::child::{self, Child, Output};
use super::client::Client;
use super::clock::{monotonic_ms, now_ms};
use super::ending::Ending;
use super::keys::Keys;
use super::stderr::StderrTail;
use super::wait::wait;
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
/// Between looks, while nobody is attached, whether the run can still be found, in milliseconds.
const LOOK_HOME_MS: u64 = 10_000;
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
    /// Nobody is attached: look then whether somebody still can.
    look_home_at: Option<u64>,
    buffer: Vec<u8>,
    pub listener: OwnedFd,
    pub signals: OwnedFd,
    _claim: Claim,
}

impl Hold {
    /// Starts the child. The starter is the first client.
    pub fn begin(
        spec: RunSpec,
        start: Start,
        starter: OwnedFd,
        signals: OwnedFd,
    ) -> Result<Hold, (StartError, OwnedFd)> {
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
            look_home_at: None,
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
            let ready = wait(self, now);
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
        for client in &mut self.clients {
            client.serve(&mut self.spool, self.exit.as_ref());
            if self.exit.is_some() {
                for id in std::mem::take(&mut client.stops) {
                    client.reply(id, Answer::Done);
                }
            }
        }
        self.clients.retain(|client| !client.lost);
        self.look_home(now);
        if !self.leaving && !self.is_wanted(now) {
            self.stop();
        }
    }

    /// A run whose socket was deleted under it will never be found again.
    fn look_home(&mut self, now: u64) {
        if self.is_attended() {
            self.look_home_at = None;
        } else if now >= *self.look_home_at.get_or_insert(now) {
            self.look_home_at = Some(now + LOOK_HOME_MS);
            if std::fs::symlink_metadata(SOCKET).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
                self.leaving = true;
                self.stop();
            }
        }
    }

    fn is_attended(&self) -> bool {
        self.clients.iter().any(Client::is_attached)
    }

    /// Whether somebody is there, or may still come.
    fn is_wanted(&self, now: u64) -> bool {
        now < self.keep_until || self.is_attended()
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

    /// When there is something to do at the latest.
    pub fn next_deadline(&self, now: u64) -> Option<u64> {
        let keep_until =
            (!self.is_attended() && (self.ending.is_running() || self.ending.is_dead())).then_some(self.keep_until);
        [self.ending.deadline(now), self.retry_at, self.linger_until, self.look_home_at, keep_until]
            .into_iter()
            .flatten()
            .min()
    }

    fn hear_signals(&mut self) {
        self.ending.look();
        let mut numbers = [0; 64];
        if let Ok(count) = rustix::io::read(&self.signals, &mut numbers)
            && numbers[..count].contains(&(libc::SIGTERM as u8))
        {
            self.leaving = true;
            self.stop();
        }
    }

    /// Whether output may be read: what was read before is written, and not too much waits to be taken.
    pub fn wants_stdout(&self) -> bool {
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
            let ready = rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)
                .and_then(|()| rustix::io::ioctl_fionbio(&socket, true));
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
