//! What happens when the gateway is started as root: an assistant that runs as root could do anything to the machine.

use super::env::Reader;

/// Who assistants run as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Root {
    /// `ADJUTANT_RUN_AS`: the user for assistants and Git when the gateway was started as root.
    pub run_as: Option<String>,
    /// `ADJUTANT_ALLOW_ROOT`, false: assistants may run as root.
    pub allow_root: bool,
}

impl Root {
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let words = [("true", true), ("false", false), ("1", true), ("0", false), ("yes", true), ("no", false)];
        Self {
            run_as: reader.text("ADJUTANT_RUN_AS"),
            allow_root: reader.choice("ADJUTANT_ALLOW_ROOT", &words).unwrap_or(false),
        }
    }
}
