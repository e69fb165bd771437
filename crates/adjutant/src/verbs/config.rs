//! `adjutant config`: what is set, from where, and what is wrong with it.

use std::process::ExitCode;

use serde::Serialize;

use super::Form;
use crate::config::listing::{self, Setting};
use crate::config::sources::Layer;
use crate::config::{Config, Sources};

/// What a program reads.
#[derive(Debug, Serialize)]
struct Report {
    settings: Vec<Setting>,
    /// Odd, but no reason to stop.
    warnings: Vec<String>,
    /// The gateway would not start.
    problems: Vec<String>,
}

/// Prints every setting. Exit code 2 when the gateway would refuse to start with them, as at its start.
///
/// # Errors
/// When the outcome cannot be printed.
pub fn config(form: Form) -> anyhow::Result<ExitCode> {
    let sources = match Sources::collect() {
        Ok(sources) => sources,
        Err(problems) => {
            eprintln!("{problems}");
            return Ok(ExitCode::from(2));
        }
    };
    let settings = listing::list(&sources);
    let (warnings, problems) = match Config::from_sources(&sources) {
        Ok(config) => (config.warnings, Vec::new()),
        Err(problems) => (sources.warnings.clone(), problems.0.iter().map(ToString::to_string).collect()),
    };
    let refused = !problems.is_empty();
    if form == Form::Json {
        println!("{}", serde_json::to_string_pretty(&Report { settings, warnings, problems })?);
    } else {
        print!("{}", table(&settings));
        for line in warnings.iter().chain(&problems) {
            eprintln!("{line}");
        }
    }
    Ok(if refused { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

/// One line a setting, under its section: what is set carries a sign, so that it stands out among defaults.
fn table(settings: &[Setting]) -> String {
    let width = settings.iter().map(|setting| setting.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    let mut section = "";
    for setting in settings {
        if setting.section != section {
            if !section.is_empty() {
                text.push('\n');
            }
            section = setting.section;
            text += &format!("{section}\n");
        }
        let sign = if setting.layer == Layer::Default { ' ' } else { '●' };
        let value = setting.value.as_deref().unwrap_or("–");
        text += &format!("{sign} {:<width$}  {value}{}\n", setting.name, origin(setting));
    }
    text
}

fn origin(setting: &Setting) -> String {
    let layer = match setting.layer {
        Layer::Environment => "environment",
        Layer::Dotenv => ".env",
        Layer::File | Layer::Default => "",
    };
    let parts: Vec<_> = [layer, setting.file.as_deref().unwrap_or("")].into_iter().filter(|p| !p.is_empty()).collect();
    match (setting.layer, parts.is_empty()) {
        (Layer::Default, _) if setting.value.is_none() => "  [not set]".to_owned(),
        (Layer::Default, _) => "  [default]".to_owned(),
        (_, true) => String::new(),
        (_, false) => format!("  [{}]", parts.join(": ")),
    }
}
