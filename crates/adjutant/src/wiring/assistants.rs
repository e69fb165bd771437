//! The assistants of this installation: one line each in [`all`].

use std::path::PathBuf;
use std::sync::Arc;

use adjutant_assistants::claude::{ClaudeAssistant, ClaudeConfig, Credential, RootPolicy};
use adjutant_assistants::demo::{DemoAssistant, DemoConfig, make_sample_codebase};
use adjutant_core::assistant::Assistant;
use adjutant_core::clock::Clock;
use adjutant_core::kind::AssistantKind;
use adjutant_orchestrator::context::SampleCodebase;
use adjutant_runner::{ForkServer, Launcher};

use crate::cli::DEMO_MODE;
use crate::config::{Config, claude};

/// Who stands in when nothing else is ready.
pub const FALLBACK: AssistantKind = AssistantKind::Demo;

/// Every assistant.
///
/// # Errors
/// When the gateway's own program cannot be found.
pub fn all(
    config: &Config,
    root: &RootPolicy,
    fork_server: Option<ForkServer>,
    clock: &Clock,
) -> anyhow::Result<Vec<Arc<dyn Assistant>>> {
    let launcher = match fork_server {
        Some(fork_server) => Launcher::with_fork_server(fork_server),
        None => Launcher::with_program(own_program()?),
    };
    Ok(vec![
        Arc::new(ClaudeAssistant::new(claude_config(config, root), launcher.clone(), clock.clone())),
        Arc::new(DemoAssistant::new(demo_config(config)?, launcher, clock.clone())),
    ])
}

/// What Claude is started with.
#[must_use]
pub fn claude_config(config: &Config, root: &RootPolicy) -> ClaudeConfig {
    let path = super::system("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".to_owned());
    ClaudeConfig {
        program: config.claude.program.clone(),
        credential: config.claude.credential.as_ref().map(|credential| match credential {
            claude::Credential::ApiKey(key) => Credential::ApiKey(key.clone()),
            claude::Credential::OauthToken(token) => Credential::OAuthToken(token.clone()),
        }),
        base_url: config.claude.base_url.clone(),
        model: config.claude.model.clone(),
        operator_home: match root {
            RootPolicy::RunAs(user) => Some(user.home.clone()),
            _ => super::system("HOME").map(PathBuf::from),
        },
        lang: super::system("LANG").unwrap_or_else(|| "C.UTF-8".to_owned()),
        root: root.clone(),
        ..ClaudeConfig::new(config.data_dir.clone(), path)
    }
}

fn demo_config(config: &Config) -> anyhow::Result<DemoConfig> {
    Ok(DemoConfig { program: own_program()?, args: vec![DEMO_MODE.to_owned()], data_dir: config.data_dir.clone() })
}

/// The codebases that assistants bring along.
#[must_use]
pub fn samples(config: &Config) -> std::collections::BTreeMap<AssistantKind, SampleCodebase> {
    let path = config.codebases.workspace.join("sample");
    let make: SampleCodebase = Arc::new(move || {
        std::fs::create_dir_all(&path)?;
        make_sample_codebase(&path)?;
        path.canonicalize()
    });
    std::collections::BTreeMap::from([(AssistantKind::Demo, make)])
}

fn own_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().map_err(|error| anyhow::anyhow!("The gateway's own program cannot be found: {error}."))
}
