//! The fork server: a small single-threaded process split off at the very beginning of `main`.
//!
//! Forking it costs a sixth of executing the whole program again, and a runner forked from it shares its pages. It is
//! asked by handing it one end of a socket; it forks, and the child becomes a runner that reads its run from there.
//! It outlives the gateway by nothing: the end of the gateway's socket is its end. Its runners go on.

use std::collections::HashSet;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use rustix::process::{Pid, WaitOptions, wait};

use crate::hold::{self, tree};
use crate::sys::{self, Forked};

/// A handle on the fork server. It ends when the last handle is gone; the runs it started do not.
#[derive(Debug, Clone)]
pub struct ForkServer {
    socket: Arc<UnixStream>,
}

/// The first thing in `main`, before any thread: becomes a runner if asked, else splits off the fork server.
/// `None` if there can be none: runs are then started with [`crate::Launcher::with_program`].
pub fn early_main() -> Option<ForkServer> {
    run_if_asked();
    fork_server().ok()
}

/// Becomes a runner and never returns, if the first argument is `runner`; the run comes through stdin, a socket.
pub fn run_if_asked() {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == "runner") {
        become_runner();
    }
}

/// Splits off the fork server. No thread may exist yet. This process is hardened ([`crate::harden_process`]).
///
/// # Errors
/// Whatever the system says; also when threads exist already.
pub fn fork_server() -> io::Result<ForkServer> {
    sys::harden_process();
    let (ours, theirs) = UnixStream::pair()?;
    match sys::fork()? {
        Forked::Parent(_) => Ok(ForkServer { socket: Arc::new(ours) }),
        Forked::Child => {
            drop(ours);
            let ended = serve(theirs.into());
            sys::end_process(i32::from(ended.is_err()))
        }
    }
}

impl ForkServer {
    /// Has a runner forked that is connected to the other end of `runner`.
    ///
    /// # Errors
    /// When the fork server is gone.
    pub(crate) fn fork_runner(&self, runner: &OwnedFd) -> io::Result<()> {
        let descriptors = [runner.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
        // This blocks only while hundreds of requests wait, for as long as a few forks take.
        rustix::io::retry_on_intr(|| sendmsg(&self.socket, &[IoSlice::new(&[0])], &mut control, no_sigpipe()))?;
        Ok(())
    }
}

fn no_sigpipe() -> SendFlags {
    #[cfg(target_os = "linux")]
    return SendFlags::NOSIGNAL;
    #[cfg(not(target_os = "linux"))]
    SendFlags::empty()
}

/// `<program> runner`: leaves the gateway's family by a fork of its own and becomes a runner.
fn become_runner() -> ! {
    let taken = sys::take_stdin().and_then(|socket| {
        sys::close_inherited(&socket);
        sys::silence_standard_streams()?;
        Ok((socket, sys::fork()?))
    });
    match taken {
        Ok((socket, Forked::Child)) => hold::run(socket),
        Ok((_, Forked::Parent(_))) => sys::end_process(0),
        Err(_) => sys::end_process(1),
    }
}

/// The fork server's life.
fn serve(socket: OwnedFd) -> io::Result<()> {
    // Out of the terminal's reach: Ctrl-C is for the gateway, which still needs this process while it shuts down.
    rustix::process::setsid()?;
    sys::silence_standard_streams()?;
    sys::close_inherited(&socket);
    sys::wipe_environment();
    // Orphans of runners come here: exited runners are reaped, and what a killed runner leaves behind is found.
    sys::become_subreaper();
    let signals = sys::signals_to_pipe(&[libc::SIGCHLD])?;
    let mut runners = HashSet::new();
    loop {
        let mut ready = [PollFd::new(&socket, PollFlags::IN), PollFd::new(&signals, PollFlags::IN)];
        match poll(&mut ready, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [asked, signalled] = ready.map(|each| !each.revents().is_empty());
        if signalled {
            let _ = rustix::io::read(&signals, &mut [0; 64]);
            reap(&mut runners);
        }
        if asked {
            let Some(connection) = receive(&socket)? else { return Ok(()) };
            match sys::fork() {
                Ok(Forked::Child) => {
                    drop((socket, signals));
                    hold::run(connection)
                }
                Ok(Forked::Parent(pid)) => {
                    runners.insert(pid);
                }
                Err(error) => hold::refuse(&connection, &format!("no process can be forked: {error}")),
            }
        }
    }
}

/// One request: a byte with a descriptor. `None` is the end of the gateway.
fn receive(socket: &OwnedFd) -> io::Result<Option<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    loop {
        let mut parts = [IoSliceMut::new(&mut byte)];
        let received = match recvmsg(socket, &mut parts, &mut control, receive_flags()) {
            Ok(received) => received,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        };
        if received.bytes == 0 {
            return Ok(None);
        }
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(mut descriptors) = message
                && let Some(descriptor) = descriptors.next()
            {
                return Ok(Some(descriptor));
            }
        }
    }
}

fn receive_flags() -> RecvFlags {
    #[cfg(target_os = "linux")]
    return RecvFlags::CMSG_CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    RecvFlags::empty()
}

/// Collects what has exited. A runner that did not end by itself leaves a family behind, which nobody else would end.
fn reap(runners: &mut HashSet<Pid>) {
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        // What is killed here reparents its own children to this process, hence the look after those as well.
        let ended_by_itself = runners.remove(&pid) && status.exit_status() == Some(0);
        if !ended_by_itself {
            for orphan in tree::children_of(rustix::process::getpid()) {
                if !runners.contains(&orphan) {
                    tree::kill_with_descendants(orphan);
                }
            }
        }
    }
}
