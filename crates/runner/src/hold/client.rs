//! One connection to the runner's socket. It has a place in the spool of its own and is served from there, so one
//! that reads slowly, or not at all, holds up nobody.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

use crate::spool::Spool;
use crate::wire::{self, Answer, CHUNK, Exit, HEADER, LineRequest, Request, Say, WINDOW};

/// Replies a client may leave unread before it is dropped, in bytes.
const MAX_UNREAD: usize = 4 << 20;
/// Lines a client may have waiting for the child to read, in bytes.
const MAX_WAITING: usize = wire::MAX_FRAME;

pub(super) struct Client {
    socket: OwnedFd,
    received: Vec<u8>,
    unsent: Vec<u8>,
    sent: usize,
    /// Where it is in the spool, and up to where it wants output; `None` before it attached.
    place: Option<Place>,
    /// Lines for which there is no room yet.
    pub lines: VecDeque<LineRequest>,
    /// Those who wait for the end.
    pub stops: Vec<u64>,
    told_exit: bool,
    pub lost: bool,
}

struct Place {
    at: u64,
    until: u64,
}

impl Client {
    pub fn new(socket: OwnedFd) -> Client {
        Client {
            socket,
            received: Vec::new(),
            unsent: Vec::new(),
            sent: 0,
            place: None,
            lines: VecDeque::new(),
            stops: Vec::new(),
            told_exit: false,
            lost: false,
        }
    }

    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    pub fn is_attached(&self) -> bool {
        self.place.is_some()
    }

    /// Begins to give output from `from` on, or from what is left of it.
    pub fn attach(&mut self, from: u64, spool: &Spool) {
        let at = from.clamp(spool.start(), spool.end());
        self.place = Some(Place { at, until: at + WINDOW });
        self.say(&Say::Attached { end: spool.end() });
    }

    pub fn has_read(&mut self, upto: u64) {
        if let Some(place) = &mut self.place {
            place.until = place.until.max(upto.saturating_add(WINDOW));
        }
    }

    /// Whether it has got everything there is, the exit included.
    pub fn is_served(&self) -> bool {
        self.unsent.is_empty() && (self.told_exit || self.place.is_none())
    }

    pub fn wants_writing(&self, spool: &Spool) -> bool {
        !self.unsent.is_empty() || self.wants_output(spool)
    }

    fn wants_output(&self, spool: &Spool) -> bool {
        self.place.as_ref().is_some_and(|place| place.at < spool.end().min(place.until))
    }

    pub fn reply(&mut self, id: u64, answer: Answer) {
        if id != 0 {
            self.say(&Say::Reply { id, answer });
        }
    }

    pub fn say(&mut self, say: &Say) {
        self.unsent.extend(wire::encode(say));
        self.flush();
        if self.unsent.len() - self.sent > MAX_UNREAD {
            self.lost = true;
        }
    }

    /// Gives output that has just arrived, if this client is up to date, without a detour over the spool's files.
    pub fn offer(&mut self, offset: u64, bytes: &[u8]) {
        let Some(place) = &mut self.place else { return };
        let next = offset + bytes.len() as u64;
        if place.at != offset || next > place.until || !self.unsent.is_empty() || bytes.is_empty() {
            return;
        }
        place.at = next;
        let header = wire::data_header(offset, bytes.len());
        let sent = match rustix::io::writev(&self.socket, &[IoSlice::new(&header), IoSlice::new(bytes)]) {
            Ok(sent) => sent,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(_) => return self.lost = true,
        };
        self.unsent.extend_from_slice(header.get(sent..).unwrap_or_default());
        self.unsent.extend_from_slice(&bytes[sent.saturating_sub(header.len())..]);
    }

    /// Gives what is in the spool, as far as the socket takes it, and then the exit.
    pub fn serve(&mut self, spool: &mut Spool, exit: Option<&Exit>) {
        self.flush();
        while self.unsent.is_empty() && !self.lost && self.wants_output(spool) {
            self.load(spool);
            self.flush();
        }
        if let (Some(exit), Some(place)) = (exit, &self.place)
            && place.at == spool.end()
            && !self.told_exit
        {
            self.told_exit = true;
            self.say(&Say::Exited(exit.clone()));
        }
    }

    /// Puts the next piece of the spool among what is to be sent.
    fn load(&mut self, spool: &mut Spool) {
        let Some(place) = &mut self.place else { return };
        // What lay below has been taken by another client, so it is stored.
        if place.at < spool.start() {
            *place = Place { at: spool.start(), until: place.until.max(spool.start() + WINDOW) };
        }
        let wanted = usize::try_from(place.until.saturating_sub(place.at)).unwrap_or(CHUNK).min(CHUNK);
        let mut bytes = vec![0; HEADER + 8 + wanted];
        match spool.read(place.at, &mut bytes[HEADER + 8..]) {
            Ok(0) | Err(_) => self.lost = true,
            Ok(count) => {
                bytes[..HEADER + 8].copy_from_slice(&wire::data_header(place.at, count));
                bytes.truncate(HEADER + 8 + count);
                place.at += count as u64;
                self.unsent = bytes;
            }
        }
    }

    /// Sends what the socket takes.
    fn flush(&mut self) {
        while self.sent < self.unsent.len() && !self.lost {
            match rustix::io::write(&self.socket, &self.unsent[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => self.lost = true,
            }
        }
        self.unsent = Vec::new();
        self.sent = 0;
    }

    /// Reads what has come. Nonsense and the end of the connection mark it as lost.
    pub fn receive(&mut self) -> Vec<Request> {
        let mut buffer = [0; 16 << 10];
        let mut requests = Vec::new();
        // A bounded number of reads, so that a talkative client leaves the others their turn.
        for _ in 0..16 {
            match rustix::io::read(&self.socket, &mut buffer) {
                Ok(0) => self.lost = true,
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => break,
                Err(_) => self.lost = true,
            }
            self.take_frames(&mut requests);
            if self.lost {
                break;
            }
        }
        requests
    }

    /// Holds a line back until there is room.
    pub fn hold_back(&mut self, line: LineRequest) {
        let waiting: usize = self.lines.iter().map(|line| line.line.len()).sum();
        if waiting + line.line.len() > MAX_WAITING {
            self.lost = true;
        } else {
            self.lines.push_back(line);
        }
    }

    fn take_frames(&mut self, requests: &mut Vec<Request>) {
        let mut used = 0;
        while let Some(header) = self.received[used..].first_chunk::<HEADER>() {
            let decoded = wire::body_length(header).and_then(|length| {
                let body = self.received.get(used + HEADER..used + HEADER + length);
                body.map(|body| wire::decode_request(header[4], body).map(|request| (request, HEADER + length)))
                    .transpose()
            });
            match decoded {
                Ok(Some((request, length))) => {
                    requests.push(request);
                    used += length;
                }
                Ok(None) => break,
                Err(wire::Garbage) => {
                    self.lost = true;
                    break;
                }
            }
        }
        if used == self.received.len() {
            self.received = Vec::new();
        } else {
            self.received.drain(..used);
        }
    }
}
