//! One-time login codes: whoever can read the gateway's output or its control socket may open the console.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use adjutant_core::clock::Clock;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// How long a code opens the console.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Codes that are open at once; the oldest goes when one more is made.
const MOST: usize = 8;

/// The open codes. They live in memory only.
pub(crate) struct LoginCodes {
    clock: Clock,
    open: Mutex<Vec<Code>>,
}

struct Code {
    text: String,
    expires: Instant,
}

impl LoginCodes {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, open: Mutex::new(Vec::new()) }
    }

    /// A new code that works once within 15 minutes.
    pub(crate) fn issue(&self) -> String {
        let text = Uuid::new_v4().simple().to_string();
        let now = self.clock.monotonic();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|code| code.expires > now);
        if open.len() == MOST {
            open.remove(0);
        }
        open.push(Code { text: text.clone(), expires: now + LIFETIME });
        text
    }

    /// Uses a code up. False when it is unknown, too old or was used before.
    pub(crate) fn redeem(&self, given: &str) -> bool {
        let now = self.clock.monotonic();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|code| code.expires > now);
        let before = open.len();
        open.retain(|code| !bool::from(code.text.as_bytes().ct_eq(given.as_bytes())));
        open.len() < before
    }
}

impl fmt::Debug for LoginCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginCodes").finish_non_exhaustive()
    }
}
