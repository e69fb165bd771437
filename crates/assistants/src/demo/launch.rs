//! How the demo is started.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use adjutant_core::assistant::{FailureClass, OpenError, SessionSpec};
use adjutant_runner::{Limits, RunSpec};

use super::DemoConfig;

/// How long a run that nobody attaches to is kept at first.
const KEEP: chrono::Duration = chrono::Duration::minutes(10);

/// The run of a session.
pub fn run_spec(
    config: &DemoConfig,
    spec: &SessionSpec,
    (dir, now): (PathBuf, chrono::DateTime<chrono::Utc>),
) -> Result<RunSpec, OpenError> {
    let sessions = config.data_dir.join(super::FOLDER);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&sessions).map_err(|error| OpenError::Failed {
        class: FailureClass::Other,
        message: format!("The demo's directory could not be made: {error}."),
    })?;
    let mut args = config.args.clone();
    args.extend(["--sessions".to_owned(), sessions.display().to_string()]);
    match &spec.resume {
        Some(id) => args.extend(["--resume".to_owned(), id.clone()]),
        None => args.extend(["--session-id".to_owned(), spec.new_session.to_string()]),
    }
    Ok(RunSpec {
        dir,
        program: config.program.clone(),
        args,
        env: vec![("LANG".to_owned(), "C.UTF-8".to_owned())],
        cwd: spec.cwd.clone(),
        run_as: None,
        first_lines: Vec::new(),
        keep_until_ms: (now + KEEP).timestamp_millis(),
        limits: Limits::default(),
    })
}
