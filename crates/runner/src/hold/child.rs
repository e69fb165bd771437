//! The child: how it is started, and its three pipes.

use std::collections::VecDeque;
use std::ffi::CString;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use rustix::io::Errno;
use rustix::process::Pid;

use crate::launcher::{StartError, StartFailure};
use crate::spec::RunSpec;
use crate::sys::{self, ChildSetup};

/// The child's process and our ends of its pipes; a pipe that is at its end is `None`.
pub(super) struct Child {
    pub pid: Pid,
    pub stdin: Stdin,
    pub stdout: Option<OwnedFd>,
    pub stderr: Option<OwnedFd>,
}

/// The child's stdin, and what waits for it.
pub(super) struct Stdin {
    pipe: Option<OwnedFd>,
    queue: VecDeque<u8>,
    /// Close it when the queue is empty.
    closing: bool,
}

/// What a read gave.
pub(super) enum Output {
    Bytes(usize),
    Nothing,
    End,
}

/// Starts the program.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the way through which children start, with the given environment only"
)]
pub(super) fn spawn(spec: &RunSpec) -> Result<Child, StartError> {
    let other = |error: io::Error| StartError { kind: StartFailure::Other, message: error.to_string() };
    let cwd = CString::new(spec.cwd.as_os_str().as_bytes()).map_err(|error| other(error.into()))?;
    let (told, stage) = sys::nonblocking_pipe().map_err(other)?;
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).env_clear().envs(spec.env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    sys::prepare_child(&mut command, ChildSetup { run_as: spec.run_as.clone(), cwd, stage });
    let mut process = command.spawn().map_err(|error| explain(spec, &error, told))?;
    let pipe = |end: Option<OwnedFd>| {
        let end = end.ok_or_else(|| other(io::Error::other("a pipe is missing")))?;
        rustix::io::ioctl_fionbio(&end, true).map_err(|error| other(error.into()))?;
        Ok(end)
    };
    Ok(Child {
        pid: i32::try_from(process.id())
            .ok()
            .and_then(Pid::from_raw)
            .ok_or_else(|| other(io::Error::other("no process id")))?,
        stdin: Stdin {
            pipe: Some(pipe(process.stdin.take().map(Into::into))?),
            queue: VecDeque::new(),
            closing: false,
        },
        stdout: Some(pipe(process.stdout.take().map(Into::into))?),
        stderr: Some(pipe(process.stderr.take().map(Into::into))?),
    })
}

/// Reads what is there.
pub(super) fn read(pipe: &OwnedFd, buffer: &mut [u8]) -> Output {
    match rustix::io::retry_on_intr(|| rustix::io::read(pipe, &mut *buffer)) {
        Ok(0) => Output::End,
        Ok(count) => Output::Bytes(count),
        Err(Errno::AGAIN) => Output::Nothing,
        Err(_) => Output::End,
    }
}

impl Stdin {
    /// The pipe, while something waits to be written to it.
    pub fn wants_writing(&self) -> Option<&OwnedFd> {
        self.pipe.as_ref().filter(|_| !self.queue.is_empty())
    }

    pub fn is_open(&self) -> bool {
        self.pipe.is_some() && !self.closing
    }

    pub fn waiting_bytes(&self) -> usize {
        self.queue.len()
    }

    /// Queues a line, with its newline.
    pub fn push(&mut self, line: &[u8]) {
        self.queue.extend(line);
        if line.last() != Some(&b'\n') {
            self.queue.push_back(b'\n');
        }
    }

    /// Closes it behind what waits.
    pub fn close(&mut self) {
        self.closing = true;
        self.flush();
    }

    /// Closes it and drops what waits.
    pub fn close_now(&mut self) {
        *self = Stdin { pipe: None, queue: VecDeque::new(), closing: true };
    }

    /// Writes what the pipe takes.
    pub fn flush(&mut self) {
        while let Some(pipe) = &self.pipe {
            let (front, _) = self.queue.as_slices();
            if front.is_empty() {
                break;
            }
            match rustix::io::write(pipe, front) {
                Ok(count) => drop(self.queue.drain(..count)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // The child has closed its end: nobody will read the rest.
                Err(_) => return self.close_now(),
            }
        }
        // The buffer of a long prompt is not kept for the rest of the run.
        self.queue = VecDeque::new();
        if self.closing {
            self.pipe = None;
        }
    }
}

/// Says at which step a start failed.
fn explain(spec: &RunSpec, error: &io::Error, told: OwnedFd) -> StartError {
    let mut stage = [0];
    let step = match std::fs::File::from(told).read(&mut stage) {
        Ok(1) => stage[0],
        _ => 0,
    };
    let (kind, message) = match (step, error.kind()) {
        (sys::STAGE_DIRECTORY, _) => {
            (StartFailure::BadDirectory, format!("the directory `{}` cannot be entered: {error}", spec.cwd.display()))
        }
        (sys::STAGE_USER, _) => (StartFailure::PermissionDenied, format!("the user cannot be changed: {error}")),
        (_, io::ErrorKind::NotFound) => {
            (StartFailure::NotFound, format!("the program `{}` is not there", spec.program.display()))
        }
        (_, io::ErrorKind::PermissionDenied) => {
            (StartFailure::PermissionDenied, format!("the program `{}` may not be executed", spec.program.display()))
        }
        _ => (StartFailure::Other, format!("the program `{}` could not be started: {error}", spec.program.display())),
    };
    StartError { kind, message }
}
