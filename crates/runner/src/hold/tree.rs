//! The processes that descend from another, and their end.
//!
//! Process groups do not do: the shells of an assistant's tools start sessions of their own. Descent holds, because
//! the runner is a subreaper: whoever loses his parent becomes the runner's own child.

use std::collections::HashMap;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

/// What a signal to several processes did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Reached {
    /// Processes that got it.
    pub signalled: u32,
    /// Processes of somebody else, which may not be signalled.
    pub refused: u32,
}

/// The direct children of `parent`, zombies left out.
pub(crate) fn children_of(parent: Pid) -> Vec<Pid> {
    families().remove(&parent).unwrap_or_default()
}

/// Everything that descends from `root`, parents before their children, zombies left out.
pub(crate) fn descendants_of(root: Pid) -> Vec<Pid> {
    let mut families = families();
    let mut found = families.remove(&root).unwrap_or_default();
    let mut next = 0;
    while let Some(pid) = found.get(next) {
        found.extend(families.remove(pid).unwrap_or_default());
        next += 1;
    }
    found
}

/// Signals every process in `processes`.
pub(crate) fn signal_all(processes: &[Pid], signal: Signal) -> Reached {
    let mut reached = Reached::default();
    for &pid in processes {
        match kill_process(pid, signal) {
            Ok(()) => reached.signalled += 1,
            Err(Errno::PERM) => reached.refused += 1,
            Err(_) => {}
        }
    }
    reached
}

/// Kills `root` and everything that descends from it, as far as it is there now.
pub(crate) fn kill_with_descendants(root: Pid) {
    let descendants = descendants_of(root);
    let _ = kill_process(root, Signal::KILL);
    signal_all(&descendants, Signal::KILL);
}

/// Living children by parent.
#[cfg(target_os = "linux")]
fn families() -> HashMap<Pid, Vec<Pid>> {
    let mut families: HashMap<Pid, Vec<Pid>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else {
            continue;
        };
        let Ok(stat) = std::fs::read(entry.path().join("stat")) else { continue };
        if let Some(parent) = parent_in(&stat) {
            families.entry(parent).or_default().push(pid);
        }
    }
    families
}

/// `pid (name) state parent …`; the name may hold anything, parentheses too.
#[cfg(target_os = "linux")]
fn parent_in(stat: &[u8]) -> Option<Pid> {
    let behind_name = stat.iter().rposition(|&byte| byte == b')')? + 1;
    let mut fields = std::str::from_utf8(&stat[behind_name..]).ok()?.split_ascii_whitespace();
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.next()?.parse().ok().and_then(Pid::from_raw),
    }
}

/// macOS has no `/proc`, and no subreaper either: an orphan is the child of process 1 and out of sight.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::disallowed_methods, reason = "the list of processes is asked for by a program there")]
fn families() -> HashMap<Pid, Vec<Pid>> {
    let mut families: HashMap<Pid, Vec<Pid>> = HashMap::new();
    let Ok(listing) = std::process::Command::new("/bin/ps").args(["-axo", "pid=,ppid=,stat="]).output() else {
        return families;
    };
    for line in String::from_utf8_lossy(&listing.stdout).lines() {
        let mut fields = line.split_ascii_whitespace();
        let mut number = || fields.next().and_then(|field| field.parse().ok()).and_then(Pid::from_raw);
        if let (Some(pid), Some(parent)) = (number(), number())
            && !fields.next().is_some_and(|state| state.starts_with('Z'))
        {
            families.entry(parent).or_default().push(pid);
        }
    }
    families
}
