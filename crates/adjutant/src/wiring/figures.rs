//! Delivery's plain counters in the text format of Prometheus.

use std::fmt::Write as _;

use adjutant_core::kind::PlatformKind;
use adjutant_orchestrator::delivery::DeliveryCounts;
use adjutant_orchestrator::delivery::counts::{Call, Outcome};

/// The lines of delivery. Combinations that never happened are left out.
#[must_use]
pub fn delivery(counts: &DeliveryCounts) -> String {
    let mut text = String::new();
    text.push_str("# HELP adjutant_outbound Calls to platforms.\n# TYPE adjutant_outbound counter\n");
    for platform in PlatformKind::ALL {
        for call in Call::ALL {
            for outcome in Outcome::ALL {
                let n = counts.calls(*platform, call, outcome);
                if n > 0 {
                    // Writing to a string cannot fail.
                    let _ = writeln!(
                        text,
                        "adjutant_outbound_total{{platform=\"{platform}\",call=\"{}\",result=\"{}\"}} {n}",
                        call.as_str(),
                        outcome.as_str()
                    );
                }
            }
        }
    }
    let plain = [
        ("adjutant_rate_limit_waits", "Times a platform asked to wait.", counts.retry_waits()),
        (
            "adjutant_ambiguous_repeats",
            "Messages sent again because it was unclear whether they arrived.",
            counts.ambiguous_repeats(),
        ),
        ("adjutant_outbound_abandoned", "Messages that were given up.", counts.abandoned()),
    ];
    for (name, help, value) in plain {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name}_total {value}");
    }
    text
}
