//! Who may make the gateway do anything: the configured ids and whoever was paired, checked by stable id.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use adjutant_core::kind::PlatformKind;
use adjutant_core::message::Sender;
use chrono::{DateTime, Duration, Utc};

use crate::settings::{Access, PlatformSettings};

/// The allow-lists of all platforms. A platform that is not listed admits nobody.
#[derive(Debug)]
pub struct People {
    access: BTreeMap<PlatformKind, Access>,
    paired: RwLock<HashSet<(PlatformKind, String)>>,
    quota: Quota,
}

impl People {
    /// Starts from the settings; [`People::pair`] adds whoever the store knows.
    #[must_use]
    pub fn new(platforms: &BTreeMap<PlatformKind, PlatformSettings>, messages_per_hour: u32) -> Self {
        let access = platforms.iter().map(|(kind, settings)| (*kind, settings.access.clone())).collect();
        Self { access, paired: RwLock::default(), quota: Quota::new(messages_per_hour) }
    }

    /// Whether this person may do anything here.
    #[must_use]
    pub fn allows(&self, platform: PlatformKind, sender: &Sender) -> bool {
        match self.access.get(&platform) {
            Some(Access::Operator) => true,
            Some(Access::AllowList { ids }) => ids.contains(&sender.id) || self.is_paired(platform, &sender.id),
            None => false,
        }
    }

    /// Whether nobody is allowed on this platform yet, so that strangers are offered pairing.
    #[must_use]
    pub fn nobody_yet(&self, platform: PlatformKind) -> bool {
        match self.access.get(&platform) {
            Some(Access::AllowList { ids }) => {
                ids.is_empty() && !self.read().iter().any(|(paired, _)| *paired == platform)
            }
            Some(Access::Operator) | None => false,
        }
    }

    /// Admits somebody from now on.
    pub fn pair(&self, platform: PlatformKind, id: String) {
        self.paired.write().unwrap_or_else(PoisonError::into_inner).insert((platform, id));
    }

    /// The limit of messages per hour.
    #[must_use]
    pub const fn quota(&self) -> &Quota {
        &self.quota
    }

    fn is_paired(&self, platform: PlatformKind, id: &str) -> bool {
        self.read().contains(&(platform, id.to_owned()))
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashSet<(PlatformKind, String)>> {
        self.paired.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Messages per person and hour.
#[derive(Debug)]
pub struct Quota {
    per_hour: u32,
    hours: Mutex<HashMap<(PlatformKind, String), Hour>>,
}

#[derive(Debug)]
struct Hour {
    since: DateTime<Utc>,
    messages: u32,
}

/// What the quota says about one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Within,
    /// The first one above it: say so, once.
    Over {
        until: DateTime<Utc>,
    },
    /// Further ones above it: silence.
    Silent,
}

impl Quota {
    const fn limit_reached(&self, messages: u32) -> bool {
        messages > self.per_hour
    }

    fn new(per_hour: u32) -> Self {
        Self { per_hour, hours: Mutex::default() }
    }

    /// Counts one message.
    pub fn count(&self, platform: PlatformKind, sender: &Sender, now: DateTime<Utc>) -> Verdict {
        let mut hours = self.lock();
        hours.retain(|_, hour| now - hour.since < Duration::hours(1));
        let hour = hours.entry((platform, sender.id.clone())).or_insert(Hour { since: now, messages: 0 });
        hour.messages += 1;
        match hour.messages {
            n if !self.limit_reached(n) => Verdict::Within,
            n if n == self.per_hour + 1 => Verdict::Over { until: hour.since + Duration::hours(1) },
            _ => Verdict::Silent,
        }
    }

    /// Messages per hour.
    #[must_use]
    pub const fn per_hour(&self) -> u32 {
        self.per_hour
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(PlatformKind, String), Hour>> {
        self.hours.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adjutant_core::conversation::ReplyMode;

    fn person(id: &str) -> Sender {
        Sender { id: id.into(), name: "Same Name".into() }
    }

    fn people(ids: &[&str], per_hour: u32) -> People {
        let access = Access::AllowList { ids: ids.iter().map(|id| (*id).to_owned()).collect() };
        People::new(
            &BTreeMap::from([(PlatformKind::Telegram, PlatformSettings { mode: ReplyMode::Stream, access })]),
            per_hour,
        )
    }

    #[test]
    fn an_empty_list_means_nobody_and_ids_decide_never_names() {
        let people = people(&[], 10);
        assert!(!people.allows(PlatformKind::Telegram, &person("1")));
        assert!(people.nobody_yet(PlatformKind::Telegram));
        people.pair(PlatformKind::Telegram, "1".into());
        assert!(people.allows(PlatformKind::Telegram, &person("1")));
        assert!(!people.allows(PlatformKind::Telegram, &person("2")));
        assert!(!people.allows(PlatformKind::Slack, &person("1")));
        assert!(!people.nobody_yet(PlatformKind::Telegram));
    }

    #[test]
    fn the_first_message_above_the_quota_is_answered_and_further_ones_are_not() {
        let people = people(&["1"], 2);
        let now = DateTime::UNIX_EPOCH;
        let count = |at| people.quota().count(PlatformKind::Telegram, &person("1"), at);
        assert_eq!([count(now), count(now)], [Verdict::Within; 2]);
        assert_eq!(count(now), Verdict::Over { until: now + Duration::hours(1) });
        assert_eq!(count(now), Verdict::Silent);
        assert_eq!(count(now + Duration::hours(1)), Verdict::Within);
    }
}
