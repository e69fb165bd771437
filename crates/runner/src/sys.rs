//! The calls of the operating system that need `unsafe`, each small enough to be judged by itself.
//!
//! `rustix` covers the rest safely. What is here is here because its soundness rests on facts the compiler does not
//! see: that no other thread exists (fork), that code between fork and exec allocates nothing and takes no lock, that
//! a signal handler does nothing but `write`, that nobody else owns a descriptor.
#![expect(unsafe_code, reason = "fork, exec set-up and signal handlers have no safe interface")]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use rustix::process::Pid;

use crate::spec::RunAs;

/// Which side of a fork this is.
pub(crate) enum Forked {
    Parent(Pid),
    Child,
}

/// What is done in the child between fork and exec.
pub(crate) struct ChildSetup {
    pub run_as: Option<RunAs>,
    pub cwd: CString,
    /// Gets one byte, [`STAGE_DIRECTORY`] or [`STAGE_USER`], when the set-up fails there.
    pub stage: OwnedFd,
}

pub(crate) const STAGE_DIRECTORY: u8 = b'd';
pub(crate) const STAGE_USER: u8 = b'u';

/// The child's mask for new files.
static CHILD_UMASK: AtomicU32 = AtomicU32::new(0o022);

/// Where the signal handler writes the number of each signal it gets.
static SIGNAL_PIPE: AtomicI32 = AtomicI32::new(-1);

/// Forbids other processes of the same user to read this process's memory and environment, and forbids core dumps.
/// Lasts until the next exec. Linux only; elsewhere it does nothing.
pub fn harden_process() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Ends a process that never was the gateway, without returning into the gateway's `main`.
pub(crate) fn end_process(code: i32) -> ! {
    std::process::exit(code)
}

/// Makes this process the parent of every orphan among its descendants. Linux only.
pub(crate) fn become_subreaper() {
    // The call takes a flag dressed as a process id: any id switches it on.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Forks. The child has this thread only.
///
/// # Errors
/// Whatever the system says; refused when this process has other threads.
pub(crate) fn fork() -> io::Result<Forked> {
    if !is_single_threaded() {
        return Err(io::Error::other("a process with several threads is not forked"));
    }
    // SAFETY: there is no other thread, so none can hold a lock (the allocator's, say) that the child would miss.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Forked::Child),
        pid => Pid::from_raw(pid).map(Forked::Parent).ok_or_else(|| io::Error::other("fork gave no process id")),
    }
}

#[cfg(target_os = "linux")]
fn is_single_threaded() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1)
}

#[cfg(not(target_os = "linux"))]
fn is_single_threaded() -> bool {
    // Only asked at the very start of `main` and in processes forked there.
    true
}

/// Overwrites the environment this process was started with, which may hold the gateway's secrets. Only for a
/// forked process that never reads its environment again.
pub(crate) fn wipe_environment() {
    unsafe extern "C" {
        static environ: *const *mut libc::c_char;
    }
    // SAFETY: `environ` is a null-terminated array of writable strings, or null; no other thread reads it.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            std::ptr::write_bytes(*entry, 0, libc::strlen(*entry));
            entry = entry.add(1);
        }
    }
}

/// Closes every descriptor from 3 on, apart from `keep`. Only for a process just forked or executed, whose inherited
/// descriptors belong to nobody.
pub(crate) fn close_inherited(keep: &OwnedFd) {
    let keep = keep.as_raw_fd();
    close_range(3, keep - 1);
    close_range(keep.max(2) + 1, RawFd::MAX);
}

fn close_range(first: RawFd, last: RawFd) {
    if first > last {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        // SAFETY: plain integers; the caller owns the whole process.
        if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0 {
            return;
        }
    }
    let open = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(65_536).min(65_536);
    for descriptor in first..=last.min(RawFd::try_from(open).unwrap_or(65_536)) {
        // SAFETY: as above; closing a number that is not open is an error without effect.
        unsafe { libc::close(descriptor) };
    }
}

/// Takes descriptor 0, which the launcher made a socket.
pub(crate) fn take_stdin() -> io::Result<OwnedFd> {
    // SAFETY: called once, at the start of a process that reads its stdin nowhere else; the number is kept open by
    // pointing it to /dev/null afterwards.
    let stdin = unsafe { std::os::fd::BorrowedFd::borrow_raw(0) };
    Ok(rustix::io::fcntl_dupfd_cloexec(stdin, 3)?)
}

/// Points stdin, stdout and stderr to `/dev/null`.
pub(crate) fn silence_standard_streams() -> io::Result<()> {
    let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}

/// From now on the numbers of these signals arrive in the returned pipe; SIGPIPE, SIGHUP and SIGINT are ignored.
///
/// # Errors
/// Whatever the system says.
pub(crate) fn signals_to_pipe(signals: &[i32]) -> io::Result<OwnedFd> {
    let (read, write) = nonblocking_pipe()?;
    let old = SIGNAL_PIPE.swap(std::os::fd::IntoRawFd::into_raw_fd(write), Ordering::SeqCst);
    if old >= 0 {
        // SAFETY: the number came from `into_raw_fd` in an earlier call (before a fork) and is owned by the static.
        drop(unsafe { OwnedFd::from_raw_fd(old) });
    }
    for &signal in signals {
        set_disposition(signal, note_signal as *const () as libc::sighandler_t)?;
    }
    for signal in [libc::SIGPIPE, libc::SIGHUP, libc::SIGINT] {
        set_disposition(signal, libc::SIG_IGN)?;
    }
    Ok(read)
}

/// A pipe of which both ends neither block nor are inherited.
pub(crate) fn nonblocking_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    #[cfg(target_os = "linux")]
    {
        use rustix::pipe::{PipeFlags, pipe_with};
        Ok(pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let (read, write) = rustix::pipe::pipe()?;
        for end in [&read, &write] {
            rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
            rustix::io::ioctl_fionbio(end, true)?;
        }
        Ok((read, write))
    }
}

extern "C" fn note_signal(signal: libc::c_int) {
    let descriptor = SIGNAL_PIPE.load(Ordering::SeqCst);
    let number = signal as u8;
    // SAFETY: `write` is async-signal-safe; `errno` is put back for the code that was interrupted. A full pipe loses
    // the number, which does not matter: the reader looks at everything when it wakes.
    unsafe {
        let errno = errno_location();
        let saved = *errno;
        libc::write(descriptor, (&raw const number).cast(), 1);
        *errno = saved;
    }
}

unsafe fn errno_location() -> *mut libc::c_int {
    #[cfg(target_os = "linux")]
    // SAFETY: always valid for the calling thread.
    unsafe {
        libc::__errno_location()
    }
    #[cfg(not(target_os = "linux"))]
    // SAFETY: always valid for the calling thread.
    unsafe {
        libc::__error()
    }
}

fn set_disposition(signal: i32, handler: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: a zeroed `sigaction` is a valid one; the handler is a function of the right signature or a constant.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_RESTART | libc::SA_NOCLDSTOP;
        libc::sigemptyset(&raw mut action.sa_mask);
        if libc::sigaction(signal, &raw const action, std::ptr::null_mut()) == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

/// Remembers the mask for new files under which the gateway was started. What the runner writes is private; what the
/// child writes is the operator's work, and follows the operator's mask.
pub(crate) fn keep_umask(mask: rustix::fs::Mode) {
    CHILD_UMASK.store(mask.as_raw_mode(), Ordering::SeqCst);
}

/// Arranges that the child of `command` has its own process group, dies with this process, has the default handling
/// of every signal, runs as the user wanted, and begins in its directory.
pub(crate) fn prepare_child(command: &mut Command, setup: ChildSetup) {
    let parent = rustix::process::getpid();
    let set_up = move || {
        // SAFETY: between fork and exec; every call below is async-signal-safe and allocates nothing.
        unsafe {
            libc::setpgid(0, 0);
            libc::umask(CHILD_UMASK.load(Ordering::SeqCst) as libc::mode_t);
            for signal in 1..32 {
                libc::signal(signal, libc::SIG_DFL);
            }
            if let Some(run_as) = &setup.run_as {
                change_user(run_as).inspect_err(|_| tell(&setup.stage, STAGE_USER))?;
            }
            die_with(parent)?;
            if libc::chdir(setup.cwd.as_ptr()) != 0 {
                let error = io::Error::last_os_error();
                tell(&setup.stage, STAGE_DIRECTORY);
                return Err(error);
            }
        }
        Ok(())
    };
    // SAFETY: see the closure.
    unsafe { command.pre_exec(set_up) };
}

unsafe fn change_user(run_as: &RunAs) -> io::Result<()> {
    // SAFETY: the pointer and length are those of a slice. Groups go first: afterwards there is no right to set them.
    let changed = unsafe {
        libc::setgroups(run_as.groups.len() as _, run_as.groups.as_ptr()) == 0
            && libc::setgid(run_as.gid) == 0
            && libc::setuid(run_as.uid) == 0
    };
    if changed { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The kernel kills this process when the runner dies. A change of user would undo it, so this comes after.
fn die_with(parent: Pid) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        if rustix::process::getppid() != Some(parent) {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = parent;
    Ok(())
}

fn tell(stage: &OwnedFd, what: u8) {
    let _ = rustix::io::write(stage, &[what]);
}
