//! The assistants of this installation, and which one a conversation gets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adjutant_core::assistant::{Assistant, Readiness};
use adjutant_core::clock::Clock;
use adjutant_core::codebase::Codebase;
use adjutant_core::error::UserError;
use adjutant_core::kind::AssistantKind;
use tokio::sync::Mutex;

/// How long "off" and "not known yet" are believed before it is looked at again: somebody may just have logged in.
const RECHECK: Duration = Duration::from_secs(10);

/// The assistants, with what is known of their readiness.
pub struct Assistants {
    known: BTreeMap<AssistantKind, Arc<dyn Assistant>>,
    default: Option<AssistantKind>,
    /// What the operator configured for single codebases, by name.
    per_codebase: BTreeMap<String, AssistantKind>,
    /// Only stands in when nothing else is ready.
    fallback: Option<AssistantKind>,
    clock: Clock,
    readiness: Mutex<BTreeMap<AssistantKind, (Readiness, Instant)>>,
}

impl Assistants {
    /// `default` is what the operator configured; `fallback` is used only when nothing else is ready.
    #[must_use]
    pub fn new(
        assistants: Vec<Arc<dyn Assistant>>,
        default: Option<AssistantKind>,
        fallback: Option<AssistantKind>,
        clock: Clock,
    ) -> Self {
        let known = assistants.into_iter().map(|assistant| (assistant.kind(), assistant)).collect();
        Self { known, default, per_codebase: BTreeMap::new(), fallback, clock, readiness: Mutex::default() }
    }

    /// What the operator configured for single codebases, by name.
    #[must_use]
    pub fn with_codebases(self, per_codebase: BTreeMap<String, AssistantKind>) -> Self {
        Self { per_codebase, ..self }
    }

    #[must_use]
    pub fn get(&self, kind: AssistantKind) -> Option<&Arc<dyn Assistant>> {
        self.known.get(&kind)
    }

    /// Whether each of them can be used now, in the order in which they are offered.
    pub async fn readiness(&self) -> Vec<(AssistantKind, Readiness)> {
        let mut all = Vec::with_capacity(self.known.len());
        for kind in self.known.keys() {
            all.push((*kind, self.check(*kind).await));
        }
        all
    }

    /// The assistants that could take over from this one now. What only stands in does not.
    pub async fn others(&self, than: AssistantKind) -> Vec<AssistantKind> {
        let mut others = Vec::new();
        for kind in self.known.keys().filter(|kind| **kind != than && Some(**kind) != self.fallback) {
            if self.check(*kind).await.is_usable() {
                others.push(*kind);
            }
        }
        others
    }

    /// The assistant for a new session: the conversation's, else what the operator configured for the codebase or what
    /// the codebase brings, else the configured one, else the first that is ready.
    ///
    /// # Errors
    /// When none is ready: the reasons, and what to do.
    pub async fn choose(
        &self,
        conversation: Option<AssistantKind>,
        codebase: Option<&Codebase>,
    ) -> Result<AssistantKind, UserError> {
        let named = codebase.and_then(|codebase| self.per_codebase.get(&codebase.name)).copied();
        let detected = codebase.and_then(|codebase| codebase.assistant).filter(|_| named.is_none());
        let wanted = [conversation, detected];
        for kind in wanted.into_iter().flatten() {
            if self.check(kind).await.is_usable() {
                return Ok(kind);
            }
        }
        // What the operator named is never replaced by another without a word.
        if let Some(kind) = named.or(self.default) {
            return match self.check(kind).await {
                Readiness::Ready { .. } | Readiness::Checking { .. } => Ok(kind),
                Readiness::Off { reason, hint } => Err(UserError::new(reason, hint)),
            };
        }
        let mut reasons = Vec::new();
        for kind in self.known.keys().filter(|kind| Some(**kind) != self.fallback) {
            match self.check(*kind).await {
                Readiness::Ready { .. } | Readiness::Checking { .. } => return Ok(*kind),
                Readiness::Off { reason, hint } => reasons.push(UserError::new(reason, hint).to_string()),
            }
        }
        match self.fallback {
            Some(kind) if self.check(kind).await.is_usable() => Ok(kind),
            _ if reasons.is_empty() => {
                Err(UserError::new("No assistant is configured.", "`adjutant doctor` says how to set one up."))
            }
            _ => Err(UserError::new(reasons.join("\n"), "")),
        }
    }

    async fn check(&self, kind: AssistantKind) -> Readiness {
        let Some(assistant) = self.known.get(&kind) else {
            return Readiness::Off {
                reason: format!("{} is not part of this installation.", kind.shown()),
                hint: "`adjutant doctor` lists what is.".to_owned(),
            };
        };
        let mut readiness = self.readiness.lock().await;
        let now = self.clock.monotonic();
        match readiness.get(&kind) {
            Some((ready @ Readiness::Ready { .. }, _)) => ready.clone(),
            Some((other, at)) if now.saturating_duration_since(*at) < RECHECK => other.clone(),
            _ => {
                let fresh = assistant.readiness().await;
                readiness.insert(kind, (fresh.clone(), now));
                fresh
            }
        }
    }
}

impl std::fmt::Debug for Assistants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assistants").field("known", &self.known.keys()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use adjutant_core::assistant::{OpenError, OpenRun, Opening, SessionSpec};
    use adjutant_core::id::RunId;
    use adjutant_core::session::{KeptSession, NotForgotten};
    use async_trait::async_trait;

    use super::*;

    struct Stub(AssistantKind, Readiness);

    #[async_trait]
    impl Assistant for Stub {
        fn kind(&self) -> AssistantKind {
            self.0
        }

        async fn readiness(&self) -> Readiness {
            self.1.clone()
        }

        async fn open(&self, _spec: &SessionSpec, _opening: Opening) -> Result<OpenRun, OpenError> {
            Err(OpenError::Gone)
        }

        async fn end(&self, _run: RunId) -> Result<(), OpenError> {
            Ok(())
        }

        async fn forget(&self, _session: &KeptSession) -> Result<(), NotForgotten> {
            Ok(())
        }
    }

    fn assistants(default: Option<AssistantKind>) -> Assistants {
        let off = Readiness::Off { reason: "Claude is not installed.".into(), hint: "Install it.".into() };
        let demo = Readiness::Ready { detail: "demo".into() };
        let all: Vec<Arc<dyn Assistant>> =
            vec![Arc::new(Stub(AssistantKind::Claude, off)), Arc::new(Stub(AssistantKind::Demo, demo))];
        Assistants::new(all, default, Some(AssistantKind::Demo), Clock::System)
    }

    #[tokio::test]
    async fn the_fallback_does_not_take_over_while_a_program_is_slow_to_answer() {
        let checking = Readiness::Checking { detail: "asked for its version".into() };
        let demo = Readiness::Ready { detail: "demo".into() };
        let all: Vec<Arc<dyn Assistant>> =
            vec![Arc::new(Stub(AssistantKind::Claude, checking)), Arc::new(Stub(AssistantKind::Demo, demo))];
        let assistants = Assistants::new(all, None, Some(AssistantKind::Demo), Clock::System);
        assert_eq!(assistants.choose(None, None).await, Ok(AssistantKind::Claude));
    }

    #[tokio::test]
    async fn what_the_operator_says_of_a_codebase_comes_before_what_it_brings() {
        let now = chrono::DateTime::UNIX_EPOCH;
        let codebase = Codebase {
            id: adjutant_core::id::CodebaseId(uuid::Uuid::nil()),
            name: "shop".to_owned(),
            repository_url: None,
            default_cwd: "/shop".to_owned(),
            assistant: Some(AssistantKind::Demo),
            commands: BTreeMap::new(),
            trusted: false,
            created_at: now,
            updated_at: now,
        };
        let of = BTreeMap::from([("shop".to_owned(), AssistantKind::Claude)]);
        let refused = assistants(None).with_codebases(of).choose(None, Some(&codebase)).await;
        assert_eq!(refused, Err(UserError::new("Claude is not installed.", "Install it.")));
        assert_eq!(assistants(None).choose(None, Some(&codebase)).await, Ok(AssistantKind::Demo));
    }

    #[tokio::test]
    async fn the_fallback_stands_stands_in_only_where_nobody_named_an_assistant() {
        assert_eq!(assistants(None).choose(None, None).await, Ok(AssistantKind::Demo));
        let refused = assistants(Some(AssistantKind::Claude)).choose(None, None).await;
        assert_eq!(refused, Err(UserError::new("Claude is not installed.", "Install it.")));
    }
}
