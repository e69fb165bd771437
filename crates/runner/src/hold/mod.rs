//! The runner process: one child, one spool, one socket, one thread.
//!
//! Order of a start: read the run from the starter's connection · claim the directory · see that the starter is still
//! there · listen · note the keys of the first lines · start the child. A starter that is gone when the directory has
//! been claimed may have been succeeded by one that found the run unstarted and called it off; a starter that goes
//! later leaves a claimed directory, which its successor finds.

mod child;
mod client;
mod clock;
mod ending;
mod event_loop;
mod keys;
mod requests;
mod stderr;
pub(crate) mod tree;
mod wait;

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::Mode;

use crate::directory::{self, Claim, ClaimError, SOCKET};
use crate::launcher::{StartError, StartFailure};
use crate::spec::RunSpec;
use crate::sys;
use crate::wire::{self, Ask, HEADER, Request, Say, What};

use event_loop::Hold;
use keys::Keys;

/// The runner's life, from the connection of its starter on.
pub(crate) fn run(starter: OwnedFd) -> ! {
    let ended = live(starter);
    sys::end_process(i32::from(ended.is_none()))
}

/// Tells a starter that there will be no run.
pub(crate) fn refuse(starter: &OwnedFd, reason: &str) {
    tell(starter, StartError { kind: StartFailure::Other, message: reason.to_owned() });
}

fn live(starter: OwnedFd) -> Option<()> {
    let signals = prepare().inspect_err(|error| refuse(&starter, &error.to_string())).ok()?;
    let (starter, spec) = read_spec(starter)?;
    match start(&spec) {
        Ok(Start { claim, listener, keys, .. }) if is_gone(&starter) => {
            drop((listener, keys));
            directory::unclaim(claim, &spec.dir);
            None
        }
        Ok(begun) => match Hold::begin(spec, begun, starter, signals) {
            Ok(mut hold) => {
                hold.run();
                Some(())
            }
            Err((error, starter)) => {
                tell(&starter, error);
                None
            }
        },
        Err(error) => {
            tell(&starter, error);
            None
        }
    }
}

/// What a run needs before its child.
struct Start {
    claim: Claim,
    listener: OwnedFd,
    keys: Keys,
}

/// Makes this process what a runner is: alone, silent, unreadable, and the parent of every orphan below it.
fn prepare() -> io::Result<OwnedFd> {
    let _ = rustix::process::setsid();
    sys::keep_umask(rustix::process::umask(Mode::RWXG | Mode::RWXO));
    sys::harden_process();
    sys::become_subreaper();
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_name(c"adjutant-run");
    sys::signals_to_pipe(&[libc::SIGCHLD, libc::SIGTERM])
}

/// The first frame of the starter. A starter that ends before it has been read wanted no run.
fn read_spec(starter: OwnedFd) -> Option<(OwnedFd, RunSpec)> {
    let mut stream = UnixStream::from(starter);
    let mut header = [0; HEADER];
    stream.read_exact(&mut header).ok()?;
    let mut body = vec![0; wire::body_length(&header).ok()?];
    stream.read_exact(&mut body).ok()?;
    match wire::decode_request(header[4], &body) {
        Ok(Request::Ask(Ask { what: What::Start { spec }, .. })) => Some((stream.into(), *spec)),
        _ => None,
    }
}

fn start(spec: &RunSpec) -> Result<Start, StartError> {
    let claim = directory::claim(&spec.dir).map_err(|error| match error {
        ClaimError::Used => StartError {
            kind: StartFailure::AlreadyStarted,
            message: format!("the run in `{}` was started before", spec.dir.display()),
        },
        ClaimError::Io(error) => failed(spec, &error),
    })?;
    match open(spec) {
        Ok((listener, keys)) => Ok(Start { claim, listener, keys }),
        Err(error) => {
            let error = failed(spec, &error);
            directory::unclaim(claim, &spec.dir);
            Err(error)
        }
    }
}

/// Enters the directory: from here on every name is relative to it, which also keeps the socket's name short.
fn open(spec: &RunSpec) -> io::Result<(OwnedFd, Keys)> {
    std::env::set_current_dir(&spec.dir)?;
    let listener = UnixListener::bind(SOCKET)?;
    std::fs::set_permissions(SOCKET, std::fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    let mut keys = Keys::new()?;
    for line in &spec.first_lines {
        if !Keys::is_valid(&line.key) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("`{}` is no key for a line", line.key.escape_debug()),
            ));
        }
        keys.note(&line.key)?;
    }
    Ok((listener.into(), keys))
}

fn failed(spec: &RunSpec, error: &io::Error) -> StartError {
    StartError {
        kind: StartFailure::Other,
        message: format!("the run's directory `{}` cannot be used: {error}", spec.dir.display()),
    }
}

fn is_gone(starter: &OwnedFd) -> bool {
    let mut hung_up = [PollFd::new(starter, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut hung_up, Some(&now)).is_ok_and(|count| count > 0)
}

fn tell(starter: &OwnedFd, error: StartError) {
    if let Ok(copy) = starter.as_fd().try_clone_to_owned() {
        // A starter that does not listen any more asks the directory.
        let _ = UnixStream::from(copy).write_all(&wire::encode(&Say::NotStarted(error)));
    }
}
