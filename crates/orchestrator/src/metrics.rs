//! Figures for `/metrics`, in the text format of Prometheus.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adjutant_core::assistant::Outcome;
use adjutant_core::kind::PlatformKind;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds of a turn's duration, in seconds.
const TURN_BUCKETS: [f64; 10] = [0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 7200.0];

/// The figures of the orchestrator. Cheap to count with.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    inbound: Family<ByPlatform, Counter>,
    refused: Family<ByPlatform, Counter>,
    turns: Family<ByOutcome, Counter>,
    duration: Histogram,
    running: Gauge,
    approvals: Counter,
    /// Chunks come by the thousand; a plain number is folded in when somebody looks.
    chunks: Counter<u64, AtomicU64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByPlatform {
    platform: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("adjutant");
        let metrics = (
            Family::<ByPlatform, Counter>::default(),
            Family::<ByPlatform, Counter>::default(),
            Family::<ByOutcome, Counter>::default(),
            Histogram::new(TURN_BUCKETS),
            Gauge::default(),
            Counter::default(),
            Counter::<u64, AtomicU64>::default(),
        );
        registry.register("inbound", "Messages accepted", metrics.0.clone());
        registry.register("inbound_refused", "Messages of strangers and above a person's quota", metrics.1.clone());
        registry.register("turns", "Turns that have ended", metrics.2.clone());
        registry.register("turn_duration_seconds", "How long turns took", metrics.3.clone());
        registry.register("turns_running", "Turns that run now", metrics.4.clone());
        registry.register("approvals_asked", "Permission requests shown to people", metrics.5.clone());
        registry.register("assistant_chunks", "Pieces of text streamed by assistants", metrics.6.clone());
        Self {
            registry,
            inbound: metrics.0,
            refused: metrics.1,
            turns: metrics.2,
            duration: metrics.3,
            running: metrics.4,
            approvals: metrics.5,
            chunks: metrics.6,
        }
    }

    pub fn accepted(&self, platform: PlatformKind) {
        self.inbound.get_or_create(&ByPlatform { platform: platform.as_str() }).inc();
    }

    pub fn refused(&self, platform: PlatformKind) {
        self.refused.get_or_create(&ByPlatform { platform: platform.as_str() }).inc();
    }

    pub fn turn_started(&self) {
        self.running.inc();
    }

    pub fn turn_ended(&self, outcome: &Outcome, took: Duration) {
        let outcome = match outcome {
            Outcome::Completed => "completed",
            Outcome::Interrupted => "interrupted",
            Outcome::Failed { .. } => "failed",
        };
        self.running.dec();
        self.turns.get_or_create(&ByOutcome { outcome }).inc();
        self.duration.observe(took.as_secs_f64());
    }

    pub fn approval_asked(&self) {
        self.approvals.inc();
    }

    pub fn chunk(&self) {
        self.chunks.inner().fetch_add(1, Ordering::Relaxed);
    }

    /// All figures as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        if let Err(error) = text::encode(&mut out, &self.registry) {
            tracing::warn!(%error, "the figures could not be written: {error}");
        }
        out
    }
}
