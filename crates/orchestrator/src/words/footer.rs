//! The line below the reply of a turn that has done something.

use adjutant_codebases::changes::Changes;
use chrono::Duration;

use super::{count, duration};

/// What is known about a turn. `None` is unknown, never nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Work {
    pub changes: Option<Changes>,
    /// Whether the tests passed that were run last.
    pub tests: Option<bool>,
    pub cost_usd: Option<f64>,
}

/// `✓ 3 files, +42 −7 · tests passed · 2 min 10 s · $0.31`
#[must_use]
pub fn footer(work: &Work, after: Duration) -> String {
    let mut parts = vec![match work.changes {
        None => "✓ Done".to_owned(),
        Some(Changes { files: 0, .. }) => "Done, no files changed".to_owned(),
        Some(changes) => format!("✓ {}", changed(changes)),
    }];
    parts.extend(work.tests.map(|passed| if passed { "tests passed" } else { "tests failed" }.to_owned()));
    parts.push(duration(after));
    parts.extend(work.cost_usd.map(cost));
    parts.join(" · ")
}

/// `3 files, +42 −7`
#[must_use]
pub fn changed(changes: Changes) -> String {
    format!("{}, +{} −{}", count(changes.files, "file"), changes.added, changes.removed)
}

fn cost(usd: f64) -> String {
    if usd > 0.0 && usd < 0.01 { "under $0.01".to_owned() } else { format!("${usd:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_footer_says_what_is_known() {
        let changes = |files, added, removed| Some(Changes { files, added, removed });
        let said =
            |changes, tests, cost_usd, seconds| footer(&Work { changes, tests, cost_usd }, Duration::seconds(seconds));
        assert_eq!(
            said(changes(3, 42, 7), Some(true), Some(0.31), 130),
            "✓ 3 files, +42 −7 · tests passed · 2 min 10 s · $0.31"
        );
        assert_eq!(said(changes(1, 1, 0), Some(false), None, 5), "✓ 1 file, +1 −0 · tests failed · 5 s");
        assert_eq!(said(changes(0, 0, 0), None, Some(0.004), 12), "Done, no files changed · 12 s · under $0.01");
        assert_eq!(said(None, None, Some(0.0), 12), "✓ Done · 12 s · $0.00");
    }
}
