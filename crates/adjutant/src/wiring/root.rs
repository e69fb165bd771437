//! Under which user assistants and Git run.

use adjutant_assistants::claude::{RootPolicy, User};
use anyhow::Context as _;

use crate::config::root::Root;

/// Decides the user. As root with nothing decided, real assistants are off and Git runs as the gateway does.
///
/// # Errors
/// When `ADJUTANT_RUN_AS` names nobody.
pub fn policy(root: &Root) -> anyhow::Result<RootPolicy> {
    if !rustix::process::geteuid().is_root() {
        return Ok(RootPolicy::NotRoot);
    }
    match &root.run_as {
        Some(name) => Ok(RootPolicy::RunAs(find_user(name)?)),
        None if root.allow_root => Ok(RootPolicy::Allowed),
        None => Ok(RootPolicy::Off),
    }
}

fn find_user(name: &str) -> anyhow::Result<User> {
    let user = nix::unistd::User::from_name(name)
        .context("The user database cannot be read.")?
        .with_context(|| format!("`ADJUTANT_RUN_AS`: there is no user `{name}` on this machine."))?;
    let c_name = std::ffi::CString::new(name).context("`ADJUTANT_RUN_AS` holds a zero byte.")?;
    let groups = nix::unistd::getgrouplist(&c_name, user.gid).context("The group database cannot be read.")?;
    Ok(User {
        name: user.name,
        home: user.dir,
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
        groups: groups.into_iter().map(nix::unistd::Gid::as_raw).collect(),
    })
}

/// The user Git runs as, where that is another one.
#[must_use]
pub fn git_user(policy: &RootPolicy) -> Option<adjutant_codebases::RunAs> {
    match policy {
        RootPolicy::RunAs(user) => Some(adjutant_codebases::RunAs { uid: user.uid, gid: user.gid }),
        RootPolicy::NotRoot | RootPolicy::Allowed | RootPolicy::Off => None,
    }
}
