//! Everything conversations share, put together.

use std::collections::BTreeMap;

use adjutant_assistants::claude::RootPolicy;
use adjutant_codebases::{GitConfig, HostCredential, Identity, Workspace};
use adjutant_core::clock::Clock;
use adjutant_core::kind::AssistantKind;
use adjutant_core::mask::Mask;
use adjutant_orchestrator::assistants::Assistants;
use adjutant_orchestrator::context::Context;
use adjutant_orchestrator::delivery::{Delivery, DeliveryEvent};
use adjutant_orchestrator::directories::Directories;
use adjutant_orchestrator::live::LiveRuns;
use adjutant_orchestrator::metrics::Metrics;
use adjutant_orchestrator::people::People;
use adjutant_orchestrator::settings::{Settings, Watchdogs};
use adjutant_orchestrator::slots::Slots;
use adjutant_orchestrator::uploads::Uploads;
use adjutant_runner::ForkServer;
use adjutant_server::ApiToken;
use adjutant_store::store::Store;
use tokio::sync::mpsc::UnboundedReceiver;

use super::platforms::Platforms;
use super::{assistants, platforms, root, store};
use crate::config::Config;

/// Prompts that may wait in one conversation.
const QUEUE_LIMIT: usize = 20;

/// What the pieces are put together from.
pub struct Pieces<'a> {
    pub config: &'a Config,
    pub clock: &'a Clock,
    pub store: &'a Store,
    pub platforms: &'a Platforms,
    pub root: &'a RootPolicy,
    pub fork_server: Option<ForkServer>,
}

/// Builds the context, and what delivery has to tell.
///
/// # Errors
/// When the workspace cannot be used.
pub fn build(pieces: Pieces<'_>) -> anyhow::Result<(Context, UnboundedReceiver<DeliveryEvent>)> {
    let Pieces { config, clock, store, platforms, root, fork_server } = pieces;
    let list = platforms.list();
    let mut secrets = config.secrets();
    // The one in the data directory is no setting, and assistants that run as the same user can read it.
    secrets.push(ApiToken::load_or_create(&config.data_dir, config.server.api_token.clone())?.secret().clone());
    let mask = Mask::new(secrets);
    let workspace = workspace(config, root, clock)?;
    let settings = settings(config, root, workspace.identity());
    let ledger = std::sync::Arc::new(store.clone());
    let (delivery, events) = Delivery::new(ledger, list.clone(), clock.clone(), mask.clone());
    let all = assistants::all(config, root, fork_server, clock)?;
    let context = Context {
        store: store.clone(),
        delivery,
        platforms: list.into_iter().map(|platform| (platform.kind(), platform)).collect(),
        assistants: Assistants::new(all, settings.default_assistant, Some(assistants::FALLBACK), clock.clone())
            .with_codebases(assistants_of(&settings)),
        samples: assistants::samples(config),
        workspace,
        uploads: uploads(config, root),
        outgoing: outgoing(config),
        clock: clock.clone(),
        mask,
        people: People::new(&settings.platforms, settings.messages_per_hour),
        metrics: Metrics::new(),
        slots: Slots::new(settings.max_turns),
        directories: Directories::default(),
        live: LiveRuns::new(settings.max_live),
        recovering: std::sync::atomic::AtomicBool::new(true),
        default_codebase: std::sync::OnceLock::new(),
        recording: tokio::sync::Mutex::default(),
        settings,
    };
    Ok((context, events))
}

/// Where the files lie that people send, and whose they are.
#[must_use]
pub fn uploads(config: &Config, root: &RootPolicy) -> Uploads {
    let owner = match root {
        RootPolicy::RunAs(user) => Some((user.uid, user.gid)),
        RootPolicy::NotRoot | RootPolicy::Allowed | RootPolicy::Off => None,
    };
    Uploads::new(config.data_dir.join("uploads"), owner)
}

/// Where copies lie of files that people get. No assistant may change them.
#[must_use]
pub fn outgoing(config: &Config) -> Uploads {
    Uploads::new(config.data_dir.join("outgoing"), None)
}

/// The workspace, and Git as it is called there.
///
/// # Errors
/// When its folder cannot be made or is none.
pub fn workspace(config: &Config, root: &RootPolicy, clock: &Clock) -> anyhow::Result<Workspace> {
    let path = &config.codebases.workspace;
    let git = GitConfig {
        protocols: config.codebases.clone_protocols.clone(),
        identity: super::identity::of(config),
        run_as: root::git_user(root),
        credentials: config
            .codebases
            .github_token
            .iter()
            .map(|token| HostCredential::token("github.com", token.clone()))
            .collect(),
        environment: adjutant_codebases::config::PASSED_ON
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), super::system(name)?.into())))
            .collect(),
        clock: clock.clone(),
        ..GitConfig::default()
    };
    Workspace::new(path, git).map_err(|error| {
        anyhow::anyhow!("The workspace `{}` cannot be used: {error}. Set `WORKSPACE_PATH` to another.", path.display())
    })
}

fn assistants_of(settings: &Settings) -> BTreeMap<String, AssistantKind> {
    settings.per_codebase.iter().filter_map(|(name, codebase)| Some((name.clone(), codebase.assistant?))).collect()
}

fn settings(config: &Config, root: &RootPolicy, identity: &Identity) -> Settings {
    let conversations = &config.conversations;
    Settings {
        default_assistant: conversations.default_assistant,
        default_codebase: config.codebases.default_codebase.clone(),
        max_turns: conversations.max_concurrent,
        max_live: conversations.max_live,
        idle: conversations.idle,
        turn_max: conversations.turn_max,
        permission_mode: conversations.permission_mode,
        trust_allowed: conversations.enables_trust() && *root != RootPolicy::Allowed,
        per_codebase: conversations.per_codebase.clone(),
        queue_limit: QUEUE_LIMIT,
        footer: config.conversations.footer,
        messages_per_hour: conversations.messages_per_hour,
        fresh_context_pairs: conversations.fresh_context_pairs.clone(),
        environment: identity.environment(),
        platforms: platforms::settings(config),
        watchdogs: Watchdogs::default(),
        shared_store: store::is_shared(config),
    }
}
