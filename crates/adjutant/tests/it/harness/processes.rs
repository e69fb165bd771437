//! Processes of a test, found by their working directory: runners and assistants all work below its folder.

use std::path::Path;

/// The processes whose working directory lies below a folder.
pub fn pids_under(folder: &Path) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder)))
        .collect()
}

/// The same, as text for an assertion. Zombies that wait for their parent do not count.
pub fn living_under(folder: &Path) -> Vec<String> {
    pids_under(folder)
        .into_iter()
        .filter_map(|pid| {
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok().filter(|command| !command.is_empty())?;
            Some(format!("{pid}: {}", String::from_utf8_lossy(&command).replace('\0', " ")))
        })
        .collect()
}
