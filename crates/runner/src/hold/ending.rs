//! How a run ends, step by step: the child first, then what it has left behind, then the rest of its output.

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, wait};

use super::tree;
use crate::spec::Limits;

/// Between two looks at processes that should be dying, in milliseconds; a death wakes the runner earlier.
const LOOK_AGAIN_MS: u64 = 20;
/// How long processes of other users are waited for, in milliseconds.
const OUT_OF_REACH_MS: u64 = 2_000;

/// How far the end has come. Times are milliseconds of the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// Stdin is closed; SIGTERM follows.
    Closing {
        until: u64,
    },
    /// SIGTERM is sent; SIGKILL follows.
    Terminating {
        until: u64,
    },
    /// SIGKILL is sent to the child and all it started, again and again: there may be new ones.
    Killing,
    /// The child has exited, others live.
    Sweeping {
        kill_at: u64,
        give_up_at: u64,
    },
    /// Nothing lives. What the pipes hold is still to be read.
    Dead,
}

/// The state of the child and of its end.
pub(super) struct Ending {
    child: Pid,
    limits: Limits,
    phase: Phase,
    /// Once the child has exited.
    pub status: Option<WaitStatus>,
    pub left_over: u32,
    pub out_of_reach: u32,
    /// Somebody died since the last look.
    bereaved: bool,
    /// Without a subreaper orphans get out of sight, so those seen before are remembered.
    #[cfg(not(target_os = "linux"))]
    seen: Vec<Pid>,
}

impl Ending {
    pub fn new(child: Pid, limits: Limits) -> Ending {
        Ending {
            child,
            limits,
            phase: Phase::Running,
            status: None,
            left_over: 0,
            out_of_reach: 0,
            bereaved: true,
            #[cfg(not(target_os = "linux"))]
            seen: Vec::new(),
        }
    }

    /// Whether the child and all it started are gone.
    pub fn is_dead(&self) -> bool {
        self.phase == Phase::Dead
    }

    pub fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Begins to end the child, whose stdin the caller closes. Later calls change nothing.
    pub fn begin(&mut self, now: u64) {
        if self.phase == Phase::Running {
            self.phase = Phase::Closing { until: now + self.limits.close_grace_ms };
        }
    }

    /// SIGCHLD came.
    pub fn look(&mut self) {
        self.bereaved = true;
    }

    /// Signals the child.
    pub fn signal(&self, number: i32) -> Result<(), String> {
        if self.status.is_some() {
            return Err("the process has ended".into());
        }
        let signal = Signal::from_named_raw(number).ok_or_else(|| format!("{number} is no signal"))?;
        kill_process(self.child, signal).map_err(|error| error.to_string())
    }

    /// When to call [`Ending::advance`] at the latest.
    pub fn deadline(&self, now: u64) -> Option<u64> {
        match self.phase {
            Phase::Running | Phase::Dead => None,
            Phase::Closing { until } | Phase::Terminating { until } => Some(until),
            Phase::Killing => Some(now + LOOK_AGAIN_MS),
            Phase::Sweeping { kill_at, .. } if now < kill_at => Some(kill_at),
            Phase::Sweeping { .. } => Some(now + LOOK_AGAIN_MS),
        }
    }

    /// Collects the dead and takes the next step that is due.
    pub fn advance(&mut self, now: u64) {
        if self.phase == Phase::Dead || (self.phase == Phase::Running && !self.bereaved) {
            return;
        }
        self.bereaved = false;
        #[cfg(not(target_os = "linux"))]
        self.remember();
        let somebody_lives = self.reap();
        if !somebody_lives {
            self.phase = Phase::Dead;
            #[cfg(not(target_os = "linux"))]
            self.end_remembered();
            return;
        }
        match self.phase {
            _ if self.status.is_some() => self.sweep(now),
            Phase::Closing { until } if now >= until => {
                let _ = self.signal(Signal::TERM.as_raw());
                self.phase = Phase::Terminating { until: now + self.limits.term_grace_ms };
            }
            Phase::Terminating { until } if now >= until => {
                self.phase = Phase::Killing;
                self.kill_all();
            }
            Phase::Killing => self.kill_all(),
            _ => {}
        }
    }

    /// Ends what the child has left behind: SIGTERM, a moment, SIGKILL until nobody is left.
    fn sweep(&mut self, now: u64) {
        let processes = tree::descendants_of(getpid());
        let Phase::Sweeping { kill_at, give_up_at } = self.phase else {
            self.left_over = u32::try_from(processes.len()).unwrap_or(u32::MAX);
            let grace = match self.phase {
                Phase::Killing => 0,
                _ => self.limits.leftover_grace_ms,
            };
            tree::signal_all(&processes, Signal::TERM);
            self.phase = Phase::Sweeping { kill_at: now + grace, give_up_at: now + grace + OUT_OF_REACH_MS };
            return;
        };
        if now < kill_at {
            return;
        }
        let reached = tree::signal_all(&processes, Signal::KILL);
        if reached.signalled == 0 && reached.refused > 0 && now >= give_up_at {
            self.out_of_reach = reached.refused;
            self.phase = Phase::Dead;
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn remember(&mut self) {
        if self.phase != Phase::Running && self.status.is_none() {
            self.seen.extend(tree::descendants_of(self.child));
        }
    }

    /// Those of the child's process group, and those seen while it was being stopped. What has left the group and was
    /// orphaned earlier is not found.
    #[cfg(not(target_os = "linux"))]
    fn end_remembered(&mut self) {
        let _ = rustix::process::kill_process_group(self.child, Signal::KILL);
        self.left_over += tree::signal_all(&self.seen, Signal::KILL).signalled;
    }

    fn kill_all(&self) {
        tree::kill_with_descendants(self.child);
        // Orphans are this process's own children by now.
        tree::signal_all(&tree::descendants_of(getpid()), Signal::KILL);
    }

    /// Collects the dead. Returns whether children, and so perhaps their children, are left.
    fn reap(&mut self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.child => self.status = Some(status),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }
}
