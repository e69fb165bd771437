//! `/usage`

use async_trait::async_trait;
use chrono::{DateTime, Timelike, Utc};

use super::{Call, Command, CommandError, Group, Outcome};
use crate::words::usage as words;

/// Shows what turns consumed.
#[derive(Debug)]
pub struct Usage;

#[async_trait]
impl Command for Usage {
    fn name(&self) -> &'static str {
        "usage"
    }

    fn summary(&self) -> &'static str {
        "Show tokens and cost"
    }

    fn group(&self) -> Group {
        Group::Session
    }

    fn waits(&self) -> bool {
        false
    }

    async fn run(&self, call: &Call, _rest: &str) -> Result<Outcome, CommandError> {
        let store = &call.context.store;
        let ever = DateTime::<Utc>::UNIX_EPOCH;
        let here = store.usage_since(Some(call.conversation.id), ever).await?;
        let today = store.usage_since(None, midnight(call.now)).await?;
        let codebase = match &call.codebase {
            Some(codebase) => Some((codebase.name.clone(), store.usage_of_codebase(codebase.id, ever).await?)),
            None => None,
        };
        Ok(Outcome::say(words::usage(&today, &here, codebase.as_ref())))
    }
}

/// When the day began, in UTC.
pub fn midnight(now: DateTime<Utc>) -> DateTime<Utc> {
    now - chrono::Duration::seconds(i64::from(now.num_seconds_from_midnight()))
}
