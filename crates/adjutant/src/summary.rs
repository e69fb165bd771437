//! What is on, what is off and how to switch it on: the few lines that the start prints.

use adjutant_server::engine::{Feature, Overview};

/// The lines of the start.
#[must_use]
pub fn text(overview: &Overview, data_dir: &str, link: &str) -> String {
    let mut lines = vec![format!("Adjutant {} · {} · data in {data_dir}", overview.version, overview.database)];
    lines.push(format!("✓ Console   {link}  (opens once; `adjutant token` gives another)"));
    lines.extend(overview.platforms.iter().filter(|feature| feature.name != "Console").map(line));
    for assistant in &overview.assistants {
        let is_demo = assistant.name == "Demo";
        if is_demo && !overview.demo {
            continue;
        }
        lines.push(line(assistant));
    }
    lines.join("\n")
}

fn line(feature: &Feature) -> String {
    // Off is no fault; `doctor` uses the same signs.
    let sign = if feature.on { '✓' } else { '–' };
    format!("{sign} {:<9} {}", feature.name, feature.detail.replace('\n', " "))
}
