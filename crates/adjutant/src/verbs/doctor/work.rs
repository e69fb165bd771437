//! What work is done with: workspace, default codebase, assistants.

use adjutant_assistants::claude::RootPolicy;
use adjutant_codebases::Workspace;
use adjutant_core::assistant::Readiness;
use adjutant_core::clock::Clock;
use rustix::fs::Access;

use super::check::Check;
use crate::config::Config;
use crate::wiring;

pub async fn look(config: &Config) -> Vec<Check> {
    let root = match wiring::root::policy(&config.root) {
        Ok(root) => root,
        // It is told as the user's check already.
        Err(_) => return Vec::new(),
    };
    let mut checks = Vec::new();
    match wiring::context::workspace(config, &root, &Clock::System) {
        Ok(workspace) => {
            checks.push(folder(&workspace, &root));
            checks.extend(default_codebase(config, &workspace));
        }
        Err(error) => checks.push(Check::failed("Workspace", error)),
    }
    checks.extend(assistants(config, &root).await);
    checks
}

fn folder(workspace: &Workspace, root: &RootPolicy) -> Check {
    let path = workspace.root();
    if let RootPolicy::RunAs(user) = root
        && let Some(closed) = user.kept_out_by(path)
    {
        return Check::problem(
            "Workspace",
            format!("`{}` may not enter {}.", user.name, closed.display()),
            "Open that folder to the user, or set `WORKSPACE_PATH` to another.",
        );
    }
    if let Err(error) = rustix::fs::access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        return Check::problem(
            "Workspace",
            format!("{} cannot be written ({error}).", path.display()),
            "Give it to the user that runs the gateway, or set `WORKSPACE_PATH` to another.",
        );
    }
    Check::ok("Workspace", format!("{} · {} Git trees", path.display(), workspace.find_trees().len()))
}

fn default_codebase(config: &Config, workspace: &Workspace) -> Option<Check> {
    let wanted = config.codebases.default_codebase.as_deref()?;
    let is_it = |tree: &std::path::PathBuf| {
        workspace.shown(tree).is_some_and(|shown| shown.eq_ignore_ascii_case(wanted))
            || tree.file_name().is_some_and(|name| name.eq_ignore_ascii_case(wanted))
    };
    Some(match workspace.find_trees().iter().find(|tree| is_it(tree)) {
        Some(tree) => Check::ok("Default", format!("new conversations start in {}", tree.display())),
        None => Check::warning(
            "Default",
            format!("The workspace has no Git tree `{wanted}`, in which new conversations are to start."),
            "Correct `DEFAULT_CODEBASE`, or fetch it with `/clone`.",
        ),
    })
}

async fn assistants(config: &Config, root: &RootPolicy) -> Vec<Check> {
    let all = match wiring::assistants::all(config, root, None, &Clock::System) {
        Ok(all) => all,
        Err(error) => return vec![Check::failed("Assistants", error)],
    };
    let mut checks = Vec::new();
    let mut real = false;
    for assistant in all {
        let kind = assistant.kind();
        let fallback = kind == wiring::assistants::FALLBACK;
        let chosen = config.conversations.default_assistant == Some(kind);
        checks.push(match assistant.readiness().await {
            Readiness::Ready { .. } if fallback && real => Check::ok(kind.shown(), "there, not needed"),
            Readiness::Ready { detail } | Readiness::Checking { detail } => {
                real |= !fallback;
                Check::ok(kind.shown(), detail)
            }
            Readiness::Off { reason, hint } if chosen => Check::problem(kind.shown(), reason, hint),
            Readiness::Off { reason, hint } => Check::off(kind.shown(), reason, hint),
        });
    }
    checks
}
