//! The adaptive interval of previews: slower when the platform complains, faster again after calm.

use std::time::Duration;

use adjutant_core::platform::Pace;

/// So many calls without complaint make the interval shorter.
const CALM: u32 = 20;

/// Additive patience, multiplicative retreat: doubled on every complaint, a tenth shorter after [`CALM`] clean calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pacer {
    interval: Duration,
    clean: u32,
}

impl Pacer {
    #[must_use]
    pub fn new(pace: &Pace) -> Self {
        Self { interval: pace.start.max(pace.floor), clean: 0 }
    }

    /// The time from one preview to the next.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    pub fn clean(&mut self, pace: &Pace) {
        self.clean += 1;
        if self.clean >= CALM {
            self.clean = 0;
            self.interval = self.interval.mul_f64(0.9).max(pace.floor);
        }
    }

    pub fn complained(&mut self, pace: &Pace) {
        self.clean = 0;
        self.interval = (self.interval * 2).min(pace.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        first: Duration::from_millis(300),
        floor: Duration::from_millis(900),
        start: Duration::from_secs(1),
        max: Duration::from_secs(10),
        chars: 40,
        oldest: Duration::from_secs(2),
    };

    #[test]
    fn a_complaint_doubles_the_interval_up_to_the_most() {
        let mut pacer = Pacer::new(&PACE);
        pacer.complained(&PACE);
        assert_eq!(pacer.interval(), Duration::from_secs(2));
        for _ in 0..5 {
            pacer.complained(&PACE);
        }
        assert_eq!(pacer.interval(), PACE.max);
    }

    #[test]
    fn twenty_clean_calls_shorten_it_down_to_the_floor() {
        let mut pacer = Pacer::new(&PACE);
        for _ in 0..19 {
            pacer.clean(&PACE);
        }
        assert_eq!(pacer.interval(), PACE.start);
        pacer.clean(&PACE);
        assert_eq!(pacer.interval(), Duration::from_millis(900));
        for _ in 0..100 {
            pacer.clean(&PACE);
        }
        assert_eq!(pacer.interval(), PACE.floor);
    }
}
