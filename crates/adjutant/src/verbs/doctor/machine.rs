//! The machine: settings, user, data directory, disk, clock, Git.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use adjutant_assistants::claude::RootPolicy;
use adjutant_core::clock::Clock;
use chrono::{DateTime, Utc};

use super::check::Check;
use crate::config::Config;
use crate::wiring;

/// Less free space than this is a problem: the database needs some even to delete.
const SCARCE: u64 = 100 << 20;
/// Less than this should be looked at.
const LITTLE: u64 = 1 << 30;
/// The oldest Git that takes its settings from the environment.
const GIT: (u32, u32) = (2, 31);

pub async fn look(config: &Config) -> Vec<Check> {
    let mut checks = settings(config);
    checks.extend([user(config), data_dir(config)]);
    checks.extend(disk(config));
    checks.extend([clock(Clock::System.now(), built_at()), git().await]);
    checks
}

fn settings(config: &Config) -> Vec<Check> {
    if config.warnings.is_empty() {
        return vec![Check::ok("Settings", "`adjutant config` lists them")];
    }
    config.warnings.iter().map(|warning| Check::warning("Settings", warning, "")).collect()
}

fn user(config: &Config) -> Check {
    match wiring::root::policy(&config.root) {
        Ok(RootPolicy::NotRoot) => Check::ok("User", format!("{}, no privileges", rustix::process::geteuid().as_raw())),
        Ok(RootPolicy::RunAs(user)) => Check::ok("User", format!("root; assistants and Git run as `{}`", user.name)),
        Ok(RootPolicy::Allowed) => Check::warning(
            "User",
            "root, and so are assistants.",
            "Outside of containers set `ADJUTANT_RUN_AS` to a user without privileges.",
        ),
        Ok(RootPolicy::Off) => Check::off(
            "User",
            "root; assistants are off.",
            "Set `ADJUTANT_RUN_AS` to a user without privileges, or in a container `ADJUTANT_ALLOW_ROOT=true`.",
        ),
        Err(error) => Check::failed("User", error),
    }
}

fn data_dir(config: &Config) -> Check {
    let path = &config.data_dir;
    if let Err(error) = wiring::make_data_dir(config) {
        return Check::failed("Data", error);
    }
    match path.metadata() {
        Ok(found) if found.uid() != rustix::process::geteuid().as_raw() => Check::problem(
            "Data",
            format!("{} belongs to user {}.", path.display(), found.uid()),
            "Give it to the user that runs the gateway, or set `ADJUTANT_DATA_DIR` to another.",
        ),
        Ok(found) => Check::ok("Data", format!("{} · mode {:o}", path.display(), found.mode() & 0o777)),
        Err(error) => Check::failed("Data", format!("{}: {error}.", path.display())),
    }
}

/// Free space where the gateway writes: once where both folders are on one file system.
fn disk(config: &Config) -> Vec<Check> {
    let device = |path: &Path| path.metadata().map(|found| found.dev()).ok();
    let (data, workspace) = (existing(&config.data_dir), existing(&config.codebases.workspace));
    let mut folders = vec![data.clone()];
    if device(&data) != device(&workspace) {
        folders.push(workspace);
    }
    folders.iter().map(|folder| free(folder)).collect()
}

/// The folder, or the nearest above it that exists.
fn existing(path: &Path) -> PathBuf {
    path.ancestors().find(|folder| folder.is_dir()).unwrap_or_else(|| Path::new("/")).to_owned()
}

fn free(folder: &Path) -> Check {
    let found = match rustix::fs::statvfs(folder) {
        Ok(found) => found,
        Err(error) => return Check::failed("Disk", format!("{}: {error}.", folder.display())),
    };
    let bytes = found.f_bavail.saturating_mul(found.f_frsize);
    let said = format!("{} free at {}", size(bytes), folder.display());
    let hint = "Make room, or set `ADJUTANT_DATA_DIR` or `WORKSPACE_PATH` to a larger disk.";
    match bytes {
        ..SCARCE => Check::problem("Disk", said + ".", hint),
        SCARCE..LITTLE => Check::warning("Disk", said + ".", hint),
        LITTLE.. => Check::ok("Disk", said),
    }
}

fn size(bytes: u64) -> String {
    // One digit behind the point is exact enough for a disk.
    let tenths = |unit: u32| (bytes >> (unit - 4)) * 10 / 16;
    let (tenths, unit) = if bytes >= LITTLE { (tenths(30), "GB") } else { (tenths(20), "MB") };
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// When this program was written to disk.
fn built_at() -> Option<DateTime<Utc>> {
    let program = std::env::current_exe().ok()?;
    program.metadata().and_then(|found| found.modified()).ok().map(Into::into)
}

/// A clock before the program's own date is wrong: certificates and leases depend on it.
fn clock(now: DateTime<Utc>, built: Option<DateTime<Utc>>) -> Check {
    let said = now.format("%F %H:%M UTC");
    if built.is_some_and(|built| now < built - chrono::Duration::days(1)) {
        return Check::problem(
            "Clock",
            format!("{said}, before this program was installed."),
            "Set the machine's clock, for example with `timedatectl set-ntp true`.",
        );
    }
    Check::ok("Clock", said.to_string())
}

#[expect(clippy::disallowed_methods, reason = "it asks for nothing but the version of the program on the path")]
async fn git() -> Check {
    let hint = "Install Git 2.31 or newer.";
    match tokio::process::Command::new("git").arg("--version").output().await {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            match version(&said) {
                Some(version) if version < GIT => Check::problem("Git", format!("{said} is too old."), hint),
                _ => Check::ok("Git", said),
            }
        }
        Ok(output) => Check::problem("Git", format!("`git --version` failed with {}.", output.status), hint),
        Err(error) => Check::problem("Git", format!("`git` cannot be started ({error})."), hint),
    }
}

/// The first two numbers in `git version 2.47.3`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.split_whitespace().nth(2)?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn a_clock_that_was_never_set_is_seen() {
        let built = DateTime::from_timestamp(1_750_000_000, 0);
        assert_eq!(clock(DateTime::UNIX_EPOCH, built).state, State::Problem);
        assert_eq!(clock(built.unwrap(), built).state, State::Ok);
        assert_eq!(clock(DateTime::UNIX_EPOCH, None).state, State::Ok);
    }

    #[test]
    fn versions_of_git_are_compared_as_numbers() {
        assert!(version("git version 2.9.5").unwrap() < GIT);
        assert!(version("git version 2.47.3 (Apple Git-154)").unwrap() >= GIT);
        assert_eq!(version("something else"), None);
    }

    #[test]
    fn sizes_read_as_people_say_them() {
        assert_eq!([size(0), size(150 << 20), size((3 << 30) / 2)], ["0.0 MB", "150.0 MB", "1.5 GB"]);
    }
}
