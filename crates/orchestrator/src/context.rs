//! What every conversation shares.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use adjutant_codebases::Workspace;
use adjutant_core::clock::Clock;
use adjutant_core::id::CodebaseId;
use adjutant_core::kind::{AssistantKind, PlatformKind};
use adjutant_core::mask::Mask;
use adjutant_core::platform::Platform;
use adjutant_store::store::Store;

use crate::assistants::Assistants;
use crate::delivery::Delivery;
use crate::directories::Directories;
use crate::live::LiveRuns;
use crate::metrics::Metrics;
use crate::people::People;
use crate::settings::Settings;
use crate::slots::Slots;
use crate::uploads::Uploads;

/// Makes the sample codebase of an assistant that brings one, and says where it is.
pub type SampleCodebase = Arc<dyn Fn() -> std::io::Result<PathBuf> + Send + Sync>;

/// Everything a conversation needs, shared by all of them.
pub struct Context {
    pub store: Store,
    pub delivery: Delivery,
    pub platforms: BTreeMap<PlatformKind, Arc<dyn Platform>>,
    pub assistants: Assistants,
    /// Assistants that bring a codebase of their own, so that a first message is answered without any set-up.
    pub samples: BTreeMap<AssistantKind, SampleCodebase>,
    pub workspace: Workspace,
    /// The files people send.
    pub uploads: Uploads,
    /// Copies of the files that assistants hand to people, on their way.
    pub outgoing: Uploads,
    pub clock: Clock,
    pub mask: Mask,
    pub settings: Settings,
    pub people: People,
    pub metrics: Metrics,
    /// Turns that may run at the same time.
    pub slots: Slots,
    /// Working trees that turns work in.
    pub directories: Directories,
    /// Processes that are alive.
    pub live: LiveRuns,
    /// Rows of an earlier life of the gateway may still wait: actors look for theirs before they say anything.
    pub recovering: AtomicBool,
    /// The configured default codebase, once a conversation has started in it.
    pub default_codebase: std::sync::OnceLock<CodebaseId>,
    /// Held while a working tree is looked up and recorded.
    pub recording: tokio::sync::Mutex<()>,
}

impl Context {
    /// The platform of a conversation. Rows of a platform that is switched off now have none.
    #[must_use]
    pub fn platform(&self, kind: PlatformKind) -> Option<&Arc<dyn Platform>> {
        self.platforms.get(&kind)
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("settings", &self.settings).finish_non_exhaustive()
    }
}
