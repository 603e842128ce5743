//! Which batches are shown when there are many.

use std::time::{Duration, Instant};

use sidelight_component::Signal;

/// Counts the batches of each signal in seconds, which begin with the first batch after the last one ended.
#[derive(Debug)]
pub(super) struct Sampler {
    initial: u64,
    thereafter: u64,
    /// In the order of [`Signal`].
    seconds: [Option<Second>; Signal::ALL.len()],
}

#[derive(Clone, Copy, Debug)]
struct Second {
    began: Instant,
    batches: u64,
}

impl Sampler {
    /// Shows the first `initial` batches of a second, then every `thereafter`-th; 0 means none.
    pub(super) fn new(initial: u64, thereafter: u64) -> Self {
        Self {
            initial,
            thereafter,
            seconds: [None; Signal::ALL.len()],
        }
    }

    /// Counts a batch and says whether it is shown.
    pub(super) fn shows(&mut self, signal: Signal, now: Instant) -> bool {
        let second = &mut self.seconds[signal as usize];
        let running = second.filter(|s| now.saturating_duration_since(s.began) < Duration::from_secs(1));
        let mut counted = running.unwrap_or(Second {
            began: now,
            batches: 0,
        });
        counted.batches += 1;
        *second = Some(counted);
        match counted.batches.checked_sub(self.initial) {
            None | Some(0) => true,
            Some(further) => self.thereafter != 0 && further % self.thereafter == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(initial: u64, thereafter: u64, batches: usize) -> Vec<bool> {
        let mut sampler = Sampler::new(initial, thereafter);
        let now = Instant::now();
        (0..batches).map(|_| sampler.shows(Signal::Logs, now)).collect()
    }

    #[test]
    fn after_the_first_ones_every_nth_is_shown() {
        assert_eq!(shown(2, 1, 4), [true; 4]);
        assert_eq!(
            shown(2, 3, 8),
            [true, true, false, false, true, false, false, true]
        );
        assert_eq!(shown(1, 0, 3), [true, false, false]);
        assert_eq!(shown(0, 2, 4), [false, true, false, true]);
    }

    #[test]
    fn every_second_and_every_signal_begins_anew() {
        let mut sampler = Sampler::new(1, 0);
        let now = Instant::now();
        assert!(sampler.shows(Signal::Logs, now));
        assert!(!sampler.shows(Signal::Logs, now + Duration::from_millis(999)));
        assert!(sampler.shows(Signal::Traces, now + Duration::from_millis(999)));
        assert!(sampler.shows(Signal::Logs, now + Duration::from_secs(1)));
    }
}
