//! How long to wait after a failure.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use sidelight_component::sending::RetryOnFailure;

/// The shortest wait, whatever the settings or the destination say: a failure never makes a busy loop.
pub(crate) const MIN_WAIT: Duration = Duration::from_millis(10);

/// The longest wait that a destination can ask for. Someone who asks for more is asked again after this.
pub(crate) const MAX_ASKED_WAIT: Duration = Duration::from_secs(3600);

/// The interval that is varied while a queue is drained.
const MAX_HURRIED_WAIT: Duration = Duration::from_secs(1);

/// A wait that was asked for is never cut short; it is lengthened by up to this share of itself, so that not
/// everybody comes back in the same moment …
const ASKED_JITTER: f64 = 0.05;

/// … and by no more than this.
const MAX_ASKED_JITTER: Duration = Duration::from_secs(1);

/// Exponential backoff with jitter. The rule is the Collector's (`retry_on_failure`): the interval grows up
/// to `max_interval` and is then varied.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    initial: Duration,
    multiplier: f64,
    randomization: f64,
    max: Duration,
    random: SplitMix,
}

impl Backoff {
    pub(crate) fn new(settings: &RetryOnFailure) -> Self {
        let finite = |value: f64, otherwise: f64| if value.is_finite() { value } else { otherwise };
        Self {
            initial: settings.initial_interval,
            multiplier: finite(settings.multiplier, 1.5).max(1.0),
            randomization: finite(settings.randomization_factor, 0.5).clamp(0.0, 1.0),
            max: settings.max_interval.max(settings.initial_interval),
            random: SplitMix(RandomState::new().hash_one(0_u8)),
        }
    }

    /// From now on waits are around a second at most, but for those that are asked for.
    pub(crate) fn hurry(&mut self) {
        self.initial = self.initial.min(MAX_HURRIED_WAIT);
        self.max = self.max.min(MAX_HURRIED_WAIT);
    }

    /// The wait after this many failures in a row (1 = the first).
    pub(crate) fn after_failures(&mut self, failures: u32) -> Duration {
        let grown = self.initial.as_secs_f64() * self.multiplier.powf(f64::from(failures.saturating_sub(1)));
        let interval = grown.min(self.max.as_secs_f64());
        let varied = interval * (1.0 + self.randomization * (2.0 * self.random.unit() - 1.0));
        Duration::try_from_secs_f64(varied)
            .unwrap_or(self.max)
            .max(MIN_WAIT)
    }

    /// The wait that the destination asked for, within bounds.
    pub(crate) fn asked(&mut self, wait: Duration) -> Duration {
        let wait = wait.clamp(MIN_WAIT, MAX_ASKED_WAIT);
        let jitter = wait.mul_f64(ASKED_JITTER).min(MAX_ASKED_JITTER);
        wait + jitter.mul_f64(self.random.unit())
    }
}

/// The SplitMix64 generator (Steele, Lea, Flood: "Fast splittable pseudorandom number generators"). Jitter
/// needs no better one.
#[derive(Clone, Debug)]
struct SplitMix(u64);

impl SplitMix {
    /// From 0 up to, but not, 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> RetryOnFailure {
        RetryOnFailure::default()
    }

    #[test]
    fn the_wait_grows_by_the_multiplier_up_to_the_maximum() {
        let mut backoff = Backoff::new(&RetryOnFailure {
            randomization_factor: 0.0,
            ..settings()
        });
        let waits: Vec<f64> = (1..=7).map(|n| backoff.after_failures(n).as_secs_f64()).collect();
        assert_eq!(waits, [5.0, 7.5, 11.25, 16.875, 25.3125, 30.0, 30.0]);
        assert_eq!(backoff.after_failures(u32::MAX), Duration::from_secs(30));
    }

    #[test]
    fn jitter_stays_within_its_share_on_both_sides() {
        let mut backoff = Backoff::new(&settings());
        let waits: Vec<f64> = (0..1000)
            .map(|_| backoff.after_failures(1).as_secs_f64())
            .collect();
        assert!(waits.iter().all(|w| (2.5..=7.5).contains(w)));
        assert!(waits.iter().any(|w| *w < 4.0) && waits.iter().any(|w| *w > 6.0));
    }

    #[test]
    fn a_wait_that_was_asked_for_is_never_cut_short_and_is_bounded() {
        let mut backoff = Backoff::new(&settings());
        for _ in 0..1000 {
            let wait = backoff.asked(Duration::from_secs(10));
            assert!((10.0..=10.5).contains(&wait.as_secs_f64()), "{wait:?}");
        }
        assert!(backoff.asked(Duration::MAX) <= MAX_ASKED_WAIT + MAX_ASKED_JITTER);
        assert!(backoff.asked(Duration::ZERO) >= MIN_WAIT);
    }

    #[test]
    fn senseless_settings_make_no_busy_loop() {
        let mut backoff = Backoff::new(&RetryOnFailure {
            initial_interval: Duration::ZERO,
            multiplier: f64::NAN,
            randomization_factor: f64::INFINITY,
            max_interval: Duration::ZERO,
            ..settings()
        });
        assert_eq!(backoff.after_failures(3), MIN_WAIT);
    }
}
