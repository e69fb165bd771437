//! Calls of the operating system that need `unsafe`.

/// Forbids other processes of the same user to read this process's memory and environment, and core dumps.
pub fn harden_process() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
