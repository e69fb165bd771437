//! What else stands in the environment: `PATH`, `HOME`, proxies. Children start with nothing and are given what they
//! need from here, by name.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use super::names;
use super::sources::Sources;

/// The environment without our own settings, so that no secret of ours can be passed on by mistake.
#[derive(Clone, Default)]
pub struct System(BTreeMap<String, String>);

impl System {
    #[must_use]
    pub fn read(sources: &Sources) -> Self {
        let others = sources.environment.iter().filter(|(name, _)| names::find(name).is_none());
        Self(others.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// One variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Those of these variables that are set.
    #[must_use]
    pub fn select(&self, names: &[&str]) -> Vec<(String, OsString)> {
        names.iter().filter_map(|name| Some(((*name).to_owned(), self.get(name)?.into()))).collect()
    }
}

impl fmt::Debug for System {
    // Values may be somebody else's secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "System({} variables)", self.0.len())
    }
}
